use std::io::ErrorKind;
use std::path::Path;
use std::{env, fs};

/// Reports that the directory that jobs start in (this process's own when absent) was removed. Without this check the
/// error names the shell, or the job runs in a directory that has no name any more.
pub(super) fn check_workdir(directory: Option<&Path>) -> Result<(), String> {
    let Some(directory) = directory else { return check_own() };
    match fs::metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("the directory that jobs start in is gone: {}", directory.display()))
        }
        Ok(metadata) if !metadata.is_dir() => {
            Err(format!("jobs start in a directory, and {} is none", directory.display()))
        }
        _ => Ok(()),
    }
}

fn check_own() -> Result<(), String> {
    match env::current_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!(
            "the directory that jobs start in is gone: {} was removed or replaced after this worker was started there",
            removed_directory()
        )),
        _ => Ok(()),
    }
}

/// What this process's directory was called.
fn removed_directory() -> String {
    let linked = fs::read_link("/proc/self/cwd").map(|path| path.to_string_lossy().into_owned());
    let path = linked.unwrap_or_else(|_| env::var("PWD").unwrap_or_default());
    path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned()
}
