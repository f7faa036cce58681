use std::collections::HashMap;
use std::env;
use std::io::{PipeReader, Read, Write, pipe, stdin};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Variables that can contain secrets that a job must not read. The worker does not need the server's database.
const SECRET_VARIABLES: [&str; 4] = ["WORKFLOW_GRAPH_TOKEN", "SERVER_URL", "DATABASE_URL", "DATABASE_LISTEN_URL"];
/// Set when the secrets come on standard input, as JSON.
const HANDED_OVER: &str = "WORKFLOW_GRAPH_SECRETS_ON_STDIN";
/// A pipe holds that much without a reader everywhere.
const HANDED_OVER_BYTES_MAX: usize = 16 * 1024;

/// Secrets that are no longer in this process's environment.
#[derive(Default)]
pub struct Secrets(HashMap<String, String>);

impl Secrets {
    /// Removes secrets from the environment that the system shows of this process (`/proc/PID/environ`, `ps`). The
    /// initial variables of a process stay readable there for its user, and so for its jobs. The process therefore
    /// re-executes itself without them, and passes them through its standard input, which it does not use otherwise. If
    /// that fails, the worker continues unchanged.
    pub fn hide() -> Self {
        forbid_inspection();
        if env::var_os(HANDED_OVER).is_some() {
            return Self::from_stdin();
        }
        let secrets = SECRET_VARIABLES.iter().filter_map(|&name| Some((name.to_owned(), env::var(name).ok()?)));
        let secrets = Self(secrets.filter(|(name, value)| name != "SERVER_URL" || value.contains('@')).collect());
        if !secrets.0.is_empty() {
            // It returns only when it failed.
            drop(secrets.replace_process());
        }
        Self::default()
    }

    /// A secret, or the variable's value. An empty variable counts as absent.
    pub fn variable(&self, name: &str) -> Option<String> {
        let handed_over = self.0.get(name).cloned().or_else(|| env::var(name).ok());
        handed_over.filter(|value| !value.trim().is_empty())
    }

    fn from_stdin() -> Self {
        let mut text = String::new();
        match stdin().read_to_string(&mut text) {
            Ok(_) => Self(serde_json::from_str(&text).unwrap_or_default()),
            Err(_) => Self::default(),
        }
    }

    fn replace_process(&self) -> std::io::Result<()> {
        let program = env::current_exe()?;
        let handed_over = self.pipe()?;
        let mut command = Command::new(program);
        command.args(env::args_os().skip(1)).stdin(handed_over).env(HANDED_OVER, "1");
        for name in self.0.keys() {
            command.env_remove(name);
        }
        Err(command.exec())
    }

    fn pipe(&self) -> std::io::Result<PipeReader> {
        let text = serde_json::to_vec(&self.0)?;
        if text.len() > HANDED_OVER_BYTES_MAX {
            return Err(std::io::Error::other("too much for a pipe that nobody reads yet"));
        }
        let (reader, mut writer) = pipe()?;
        writer.write_all(&text)?;
        Ok(reader)
    }
}

/// Prevents other processes of the same user from reading this one's memory, environment and files in `/proc`, and from
/// attaching a debugger; root still can. It disables core dumps. It does not affect the processes of jobs.
fn forbid_inspection() {
    #[cfg(target_os = "linux")]
    {
        // A kernel that refuses leaves things as they were.
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}
