use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::json;

use crate::executor::Job;

/// A larger value is left out: Linux takes 128 KiB for one variable. It is in the context file.
const VALUE_BYTES_MAX: usize = 64 * 1024;
/// So much for all upstream outputs and inputs together: Linux takes about 2 MiB for a whole environment.
const DERIVED_BYTES_MAX: usize = 512 * 1024;

/// What the worker keeps from its jobs.
const WORKER_SECRETS: [&str; 2] = ["WORKFLOW_GRAPH_TOKEN", "WORKFLOW_GRAPH_TOKEN_FILE"];

pub(super) struct AttemptPlaces {
    /// Tells the job's processes from all others, wherever they go.
    pub attempt_id: String,
    pub outputs_file: PathBuf,
    pub context_file: PathBuf,
}

/// The environment of a shell job. Later entries win: the worker's own environment without its secrets, upstream outputs
/// as `NEEDS_<JOB>_<KEY>`, inputs as `INPUT_<KEY>`, the definition's `env`, and the `WORKFLOW_GRAPH_*` names. In the
/// derived names letters are upper case and all but letters and digits are `_`.
pub(super) fn job_environment(job: &Job, places: &AttemptPlaces, secrets: &[String]) -> HashMap<OsString, OsString> {
    let is_secret = |name: &OsString, value: &OsString| {
        WORKER_SECRETS.iter().any(|secret| name == secret) || secrets.iter().any(|secret| value == secret.as_str())
    };
    let mut environment: HashMap<OsString, OsString> =
        env::vars_os().filter(|(name, value)| !is_secret(name, value)).collect();
    let mut bytes_left = DERIVED_BYTES_MAX;
    for (name, value) in derived_variables(job) {
        let bytes = name.len() + value.len();
        if bytes > VALUE_BYTES_MAX || bytes > bytes_left || value.contains('\0') {
            continue;
        }
        bytes_left -= bytes;
        environment.insert(name.into(), value.into());
    }
    for (name, value) in &job.env {
        // `command` sets these too, so one that no environment can hold is not lost.
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        if is_name && !value.contains('\0') && value.len() <= VALUE_BYTES_MAX {
            environment.insert(name.into(), value.into());
        }
    }
    let own: [(&str, OsString); 9] = [
        ("WORKFLOW_GRAPH", "true".into()),
        ("WORKFLOW_GRAPH_RUN_ID", job.workflow_id.as_str().into()),
        ("WORKFLOW_GRAPH_WORKFLOW", job.workflow.as_str().into()),
        ("WORKFLOW_GRAPH_JOB_ID", job.job_id.as_str().into()),
        ("WORKFLOW_GRAPH_ATTEMPT", job.attempt.to_string().into()),
        ("WORKFLOW_GRAPH_WORKER_ID", job.worker_id.as_str().into()),
        ("WORKFLOW_GRAPH_ATTEMPT_ID", places.attempt_id.as_str().into()),
        ("WORKFLOW_GRAPH_OUTPUT", places.outputs_file.as_os_str().into()),
        ("WORKFLOW_GRAPH_CONTEXT", places.context_file.as_os_str().into()),
    ];
    environment.extend(own.map(|(name, value)| (name.into(), value)));
    environment
}

/// The content of the file that `WORKFLOW_GRAPH_CONTEXT` names.
pub(super) fn context_json(job: &Job) -> String {
    let content = json!({
        "run_id": job.workflow_id,
        "workflow": job.workflow,
        "job_id": job.job_id,
        "attempt": job.attempt,
        "worker_id": job.worker_id,
        "inputs": job.inputs,
        "upstream_outputs": job.upstream_outputs,
        "job": job.claimed,
    });
    format!("{content:#}\n")
}

fn derived_variables(job: &Job) -> impl Iterator<Item = (String, &str)> {
    let needs = job.upstream_outputs.iter().flat_map(|(job_id, outputs)| {
        outputs.iter().map(move |(key, value)| {
            (format!("NEEDS_{}_{}", variable_name(job_id), variable_name(key)), value.as_str())
        })
    });
    let inputs = job.inputs.iter().map(|(key, value)| (format!("INPUT_{}", variable_name(key)), value.as_str()));
    needs.chain(inputs)
}

fn variable_name(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}
