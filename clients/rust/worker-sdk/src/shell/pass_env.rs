use std::env;
use std::ffi::OsString;

use crate::error::Error;

/// The variables of the worker's environment that every shell job gets. A `*` at the end matches any characters.
const ALWAYS_PASSED: [&str; 11] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TERM"];
/// The settings of the worker and the server, such as addresses and tokens.
const NEVER_PASSED: [&str; 5] = ["SERVER_URL", "DATABASE_URL", "DATABASE_LISTEN_URL", "WORKER_*", "WORKFLOW_GRAPH_*"];

/// The variables of this process that a job gets: always the same few, and those that are named too. None has a secret in
/// its value.
pub(super) fn passed_variables(named: &[String], secrets: &[String]) -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, value)| {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let is_named = matches_any(ALWAYS_PASSED, &name) || matches_any(named.iter().map(String::as_str), &name);
        let has_secret = secrets.iter().any(|secret| !secret.is_empty() && value.contains(secret.as_str()));
        is_named && !has_secret && !matches_any(NEVER_PASSED, &name)
    })
}

/// Refuses invalid names, and variables that are never passed.
pub(crate) fn check_pass_env(names: &[String]) -> Result<(), Error> {
    let problem = |name: &String| {
        let prefix = name.strip_suffix('*').unwrap_or(name);
        if name.is_empty() || prefix.contains(['*', '=', '\0', ' ']) {
            let text = format!("\"{name}\": write the name of a variable, or the beginning of names and \"*\"");
            return Some(text);
        }
        let is_own = NEVER_PASSED.contains(&name.as_str()) || prefix == name && matches_any(NEVER_PASSED, name);
        is_own.then(|| {
            format!(
                "{name} is a setting of workflow-graph and is never passed to jobs; set it in the workflow's env instead"
            )
        })
    };
    match names.iter().find_map(problem) {
        Some(problem) => Err(Error::InvalidConfig(format!("pass_env: {problem}"))),
        None => Ok(()),
    }
}

fn matches_any<'a>(patterns: impl IntoIterator<Item = &'a str>, name: &str) -> bool {
    patterns.into_iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_jobs_may_have_are_taken() {
        for name in ["", "A B", "A=B", "A*B", "DATABASE_URL", "WORKER_ID", "WORKER_*", "WORKFLOW_GRAPH_TOKEN"] {
            assert!(check_pass_env(&[name.to_owned()]).is_err(), "{name:?}");
        }
        let taken = ["*", "AWS_*", "W*", "CI", "DATABASE_URL_OF_THE_APP"].map(String::from);
        assert!(check_pass_env(&taken).is_ok());
    }
}
