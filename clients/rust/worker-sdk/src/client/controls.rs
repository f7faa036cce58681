//! Calls that hold back work: drains of workers, pauses, and backfills of schedules.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::Client;
use super::options::{BackfillOptions, DrainOptions};
use crate::error::Error;
use crate::http::{HttpRequest, json_of, path_segment};
use crate::wire::{Backfill, Pause, PauseKind, WorkerDrain};

impl Client {
    /// Drains a worker: it gets no more jobs, and those that it runs continue. With `stop`, workers of the client
    /// libraries end when they run no job. Needs a token with the scope admin.
    pub async fn drain_worker(&self, worker_id: &str, options: DrainOptions) -> Result<WorkerDrain, Error> {
        self.post(drain_path(worker_id), &json!({ "stop": options.stop, "reason": options.reason })).await
    }

    /// Undoes the drain of a worker; does nothing when it is not draining.
    pub async fn undrain_worker(&self, worker_id: &str) -> Result<(), Error> {
        self.delete::<IgnoredAny>(drain_path(worker_id)).await?;
        Ok(())
    }

    /// Pauses a workflow, a run or a label until it is resumed; a label needs a token with the scope admin. What is
    /// paused already keeps its pause.
    pub async fn pause(&self, kind: PauseKind, subject: &str, reason: &str) -> Result<Pause, Error> {
        self.post("/api/pauses".into(), &json!({ (kind.as_str()): subject, "reason": reason })).await
    }

    /// Ends a pause; does nothing when there is none.
    pub async fn resume(&self, kind: PauseKind, subject: &str) -> Result<(), Error> {
        self.delete::<IgnoredAny>(format!("/api/pauses?{}={}", kind.as_str(), path_segment(subject))).await?;
        Ok(())
    }

    /// All pauses of workflows, runs and labels.
    pub async fn pauses(&self) -> Result<Vec<Pause>, Error> {
        #[derive(Deserialize)]
        struct Pauses {
            pauses: Vec<Pause>,
        }
        let answer: Pauses = self.get("/api/pauses".into()).await?;
        Ok(answer.pauses)
    }

    /// Starts runs for past times of a schedule; with `dry_run`, only counts them.
    pub async fn create_backfill(
        &self,
        workflow: &str,
        schedule: &str,
        options: BackfillOptions,
    ) -> Result<Backfill, Error> {
        let body = json!({
            "schedule": schedule,
            "from_ms": options.from_ms,
            "to_ms": options.to_ms,
            "max_live": options.max_live.unwrap_or(1),
            "order": if options.newest_first { "newest" } else { "oldest" },
            "again": options.again,
            "dry_run": options.dry_run,
        });
        self.post(backfills_path(workflow), &body).await
    }

    /// The newest 100 backfills of a workflow, the newest first.
    pub async fn backfills(&self, workflow: &str) -> Result<Vec<Backfill>, Error> {
        self.get(backfills_path(workflow)).await
    }

    /// Cancels a backfill: it starts no more runs; those that it started continue.
    pub async fn cancel_backfill(&self, workflow: &str, id: &str) -> Result<Backfill, Error> {
        self.delete(format!("{}/{}", backfills_path(workflow), path_segment(id))).await
    }

    async fn delete<T: serde::de::DeserializeOwned>(&self, path: String) -> Result<T, Error> {
        json_of(&self.connection, HttpRequest::delete(path, self.config.timeout)).await
    }
}

fn drain_path(worker_id: &str) -> String {
    format!("/api/workers/{}/drain", path_segment(worker_id))
}

fn backfills_path(workflow: &str) -> String {
    format!("/api/workflows/{}/backfills", path_segment(workflow))
}
