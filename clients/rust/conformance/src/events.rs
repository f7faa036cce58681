use std::io::{Write, stdout};

use serde_json::{Value, json};
use workflow_graph_worker_sdk::executor::Job;

pub fn emit_hello() {
    emit(&json!({
        "event": "hello",
        "client": "rust",
        "transports": ["stream", "http"],
        "executors": ["function", "shell"],
    }));
}

pub fn emit_started(worker: &str) {
    emit(&json!({ "event": "started", "worker": worker }));
}

pub fn emit_stopped(worker: &str, error: Option<String>) {
    emit(&json!({ "event": "stopped", "worker": worker, "error": error }));
}

pub fn emit_job_started(worker: &str, job: &Job) {
    let (job_id, workflow_id, attempt) = (&job.job_id, &job.workflow_id, job.attempt);
    emit(&json!({
        "event": "job_started", "worker": worker, "job_id": job_id, "workflow_id": workflow_id, "attempt": attempt,
    }));
}

pub fn emit_job_ended(worker: &str, job: &Job, how: &str) {
    let (job_id, workflow_id, attempt) = (&job.job_id, &job.workflow_id, job.attempt);
    emit(&json!({
        "event": "job_ended", "worker": worker, "job_id": job_id, "workflow_id": workflow_id, "attempt": attempt,
        "how": how,
    }));
}

/// One line, whole, whichever thread it comes from. A driver that has gone away hears nothing.
fn emit(event: &Value) {
    let mut stdout = stdout().lock();
    drop(writeln!(stdout, "{event}").and_then(|()| stdout.flush()));
}
