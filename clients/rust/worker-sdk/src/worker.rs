//! The worker. Its own work (claims, heartbeats, logs, reports) lives on a thread with a runtime of its own, so that
//! executors, which run on the caller's runtime, can block their threads without starving it.

mod attempt;
mod backoff;
mod claim_loop;
mod deadlines;
mod grpc_stream;
mod heartbeats;
mod io_thread;
mod job_log;
mod job_source;
mod leases;
mod log_sender;
mod log_stream;
mod newer_server;
mod presence;
mod report;
mod server_drain;
mod server_link;
mod session;
mod signals;
mod stop_signal;
mod supervise;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::config::WorkerConfig;
use crate::error::Error;
use crate::executor::{Executor, FEATURE_WORKSPACE, IntoExecutor};
use crate::http::without_user;
use crate::shell::{ShellExecutor, sweep_workspaces};
pub(crate) use job_log::JobLog;
pub(crate) use stop_signal::{StopOrder, StopSignal, positive_duration};

/// Claims jobs from a server and runs them.
///
/// Several workers can live in one process. Clones are the same worker; it runs once.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<WorkerInner>,
}

pub(crate) struct WorkerInner {
    pub config: WorkerConfig,
    /// The configuration with the labels for what the executor can do.
    pub offering: WorkerConfig,
    pub executor: Arc<dyn Executor>,
    pub draining: CancellationToken,
    pub terminating: CancellationToken,
    /// The server knows the worker.
    pub registered: CancellationToken,
    pub running: AtomicUsize,
    was_started: AtomicBool,
}

impl Worker {
    /// A worker that runs each job's command with the shell.
    pub fn new(config: WorkerConfig) -> Self {
        let shell = ShellExecutor::of(&config);
        Self::with_executor(config, shell)
    }

    /// A worker that runs jobs with your own code: a function of the job or of its command, or an
    /// [`Executor`].
    ///
    /// ```no_run
    /// # use workflow_graph_worker_sdk::{Worker, WorkerConfig, executor::{Failure, Job, JobOutput}};
    /// let worker = Worker::with_executor(WorkerConfig::default(), |job: Job| async move {
    ///     job.log.stdout(format!("running {}\n", job.job_id)).await;
    ///     Ok::<_, Failure>(JobOutput::from([("finished", "yes")]))
    /// });
    /// ```
    pub fn with_executor<Form>(config: WorkerConfig, executor: impl IntoExecutor<Form>) -> Self {
        let executor = executor.into_executor();
        let mut offering = config.clone();
        offering.labels.extend(executor.features().iter().map(|&feature| feature.to_owned()));
        let inner = WorkerInner {
            config,
            offering,
            executor,
            draining: CancellationToken::new(),
            terminating: CancellationToken::new(),
            registered: CancellationToken::new(),
            running: AtomicUsize::new(0),
            was_started: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The worker's name.
    pub fn worker_id(&self) -> &str {
        &self.inner.config.worker_id
    }

    /// Where the server is, without a user or a password.
    pub fn server_url(&self) -> String {
        without_user(&self.inner.config.server_url)
    }

    /// How many jobs run now.
    pub fn running(&self) -> usize {
        self.inner.running.load(Ordering::Relaxed)
    }

    /// Waits until the server has first made the worker known: from then on it is handed jobs. A worker that is refused
    /// never comes so far; [`run`](Self::run) tells.
    pub async fn registered(&self) {
        self.inner.registered.cancelled().await;
    }

    /// Works until [`drain`](Self::drain) or [`terminate`](Self::terminate), and returns when the last job has ended and
    /// its result is with the server. Executors run on the tokio runtime that this is called on.
    ///
    /// It also returns when the server drains the worker with `stop`, after the last running job. During a drain without
    /// `stop` it stays, without jobs.
    ///
    /// A server that is away is waited for. Dropping the future ends the worker on the spot: its jobs are ended by
    /// force and report nothing, so that the server hands them out again when their leases have expired.
    ///
    /// # Errors
    ///
    /// When the server refuses the worker, such as for its token, the configuration cannot be used, or the worker was
    /// started before.
    pub async fn run(&self) -> Result<(), Error> {
        self.inner.config.check()?;
        if self.inner.was_started.swap(true, Ordering::SeqCst) {
            return Err(Error::StartedAlready(self.worker_id().into()));
        }
        if self.inner.executor.features().contains(&FEATURE_WORKSPACE) {
            drop(Handle::current().spawn_blocking(sweep_workspaces));
        }
        io_thread::run(Arc::clone(&self.inner), Handle::current()).await
    }

    /// Like [`run`](Self::run), and drains when `shutdown` is done.
    ///
    /// ```no_run
    /// # use workflow_graph_worker_sdk::{Worker, WorkerConfig};
    /// # async fn run() -> Result<(), workflow_graph_worker_sdk::Error> {
    /// let worker = Worker::new(WorkerConfig::default());
    /// worker.run_until(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await
    /// # }
    /// ```
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let run = self.run();
        tokio::pin!(run, shutdown);
        tokio::select! {
            result = &mut run => return result,
            () = &mut shutdown => self.drain(),
        }
        run.await
    }

    /// Like [`run`](Self::run), until SIGTERM, SIGINT, SIGHUP or SIGQUIT: the first drains, the second ends the running
    /// jobs, the third kills the processes of shell jobs and ends this process with status 130. A terminal that closes may
    /// send SIGHUP several times, so it only ever drains. On Linux SIGHUP and SIGQUIT stay ignored where they were ignored
    /// before, as `nohup` does. Several workers may wait for the same signals. From then on, and when it has returned too,
    /// these signals no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// Those of `run`, and when signals cannot be listened to.
    pub async fn run_until_signal(&self) -> Result<(), Error> {
        let mut signals = signals::Signals::listen()?;
        let run = self.run();
        tokio::pin!(run);
        tokio::select! {
            result = &mut run => result,
            never = signals.stop(self) => match never {},
        }
    }

    /// Takes no new jobs and lets the running ones finish, for the drain timeout at most; those left are then ended and
    /// reported as failures that may be retried. Returns at once; `run` returns when all is done.
    pub fn drain(&self) {
        self.inner.draining.cancel();
    }

    /// Like [`drain`](Self::drain), but ends the running jobs now: they are asked to end, and after the grace forced to.
    pub fn terminate(&self) {
        self.inner.draining.cancel();
        self.inner.terminating.cancel();
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("config", &self.inner.config).field("running", &self.running()).finish()
    }
}
