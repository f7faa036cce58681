use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::WorkerInner;
use super::supervise::supervise;
use crate::error::Error;

/// Runs the worker's own work on a separate thread until it is done. Dropping this future ends the
/// thread and everything that it runs.
pub(super) async fn run(worker: Arc<WorkerInner>, executors: Handle) -> Result<(), Error> {
    let (done, result) = oneshot::channel();
    let abandoned = CancellationToken::new();
    let _abandon_on_drop = abandoned.clone().drop_guard();
    let body = move || {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(done.send(Err(Error::Thread(error.to_string())))),
        };
        let outcome = runtime.block_on(abandoned.run_until_cancelled(supervise(worker, executors)));
        // Its remaining tasks end before the caller continues.
        drop(runtime);
        if let Some(outcome) = outcome {
            drop(done.send(outcome));
        }
    };
    let name = "workflow-graph".to_owned();
    thread::Builder::new().name(name).spawn(body).map_err(|error| Error::Thread(error.to_string()))?;
    result.await.unwrap_or_else(|_| Err(Error::Thread("it ended".into())))
}
