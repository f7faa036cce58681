use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::json;

use super::pass_env::passed_variables;
use crate::executor::Job;

/// Larger values are omitted, because Linux accepts 128 KiB for one variable. They are in the context file.
const VALUE_BYTES_MAX: usize = 64 * 1024;
/// The limit for all upstream outputs and inputs together: Linux accepts about 2 MiB for a whole environment.
const DERIVED_BYTES_MAX: usize = 512 * 1024;

pub(super) struct AttemptPlaces {
    /// Identifies the job's processes, even outside its process group.
    pub attempt_id: String,
    pub outputs_file: PathBuf,
    pub context_file: PathBuf,
}

/// The environment of a shell job. Later entries win: what this process passes on of its own, how each need ended as
/// `NEEDS_<JOB>_RESULT`, upstream outputs as `NEEDS_<JOB>_<KEY>`, inputs as `INPUT_<KEY>`, the definition's `env`, and the `WORKFLOW_GRAPH_*` names. In the derived
/// names ASCII letters are upper case and each character other than an ASCII letter or digit is `_`.
pub(super) fn job_environment(
    job: &Job,
    places: &AttemptPlaces,
    passed: &[String],
    secrets: &[String],
) -> HashMap<OsString, OsString> {
    let mut environment: HashMap<OsString, OsString> = passed_variables(passed, secrets).collect();
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

/// The content of the file at `WORKFLOW_GRAPH_CONTEXT`.
pub(super) fn context_json(job: &Job) -> String {
    let needs: serde_json::Map<_, _> = job
        .needs
        .iter()
        .map(|(id, need)| {
            let outputs = job.upstream_outputs.get(id);
            let content = json!({
                "result": need.result,
                "tolerated": need.tolerated,
                "error": need.error,
                "attempt": need.attempt,
                "duration_secs": need.duration_secs,
                "outputs": outputs.cloned().unwrap_or_default(),
            });
            (id.clone(), content)
        })
        .collect();
    let content = json!({
        "run_id": job.workflow_id,
        "workflow": job.workflow,
        "job_id": job.job_id,
        "attempt": job.attempt,
        "worker_id": job.worker_id,
        "inputs": job.inputs,
        "upstream_outputs": job.upstream_outputs,
        "needs": needs,
        "job": job.claimed,
    });
    format!("{content:#}\n")
}

/// In an order, so that it is always the same ones that do not fit, or that win where two have one name: the last, so an
/// output named `result` keeps its variable.
fn derived_variables(job: &Job) -> Vec<(String, &str)> {
    let mut results: Vec<_> = job
        .needs
        .iter()
        .map(|(id, need)| (format!("NEEDS_{}_RESULT", variable_name(id)), need.result.as_str()))
        .collect();
    results.sort_unstable();
    let needs = job.upstream_outputs.iter().flat_map(|(job_id, outputs)| {
        outputs.iter().map(move |(key, value)| {
            (format!("NEEDS_{}_{}", variable_name(job_id), variable_name(key)), value.as_str())
        })
    });
    let inputs = job.inputs.iter().map(|(key, value)| (format!("INPUT_{}", variable_name(key)), value.as_str()));
    let mut variables: Vec<_> = needs.chain(inputs).collect();
    variables.sort_unstable();
    results.extend(variables);
    results
}

fn variable_name(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}
