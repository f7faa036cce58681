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

pub fn emit_answered(id: &str, answer: &Result<String, String>) {
    let (text, error) = (answer.as_deref().unwrap_or_default(), answer.as_ref().err());
    emit(&json!({ "event": "answered", "id": id, "answer": text, "error": error }));
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

/// Writes one whole line, from any thread. Nothing happens if the driver is gone.
fn emit(event: &Value) {
    let mut stdout = stdout().lock();
    drop(writeln!(stdout, "{event}").and_then(|()| stdout.flush()));
}
