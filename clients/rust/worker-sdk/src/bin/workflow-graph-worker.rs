//! The standalone worker: runs the commands of jobs with `sh -c`, configured by its environment.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use workflow_graph_worker_sdk::{Error, Transport, Worker, WorkerConfig};

const HELP: &str = "\
Runs jobs: claims them from a workflow-graph server and runs their commands on this machine with \"sh -c\".

Usage: workflow-graph-worker [--help | --version]

It is configured by its environment:
  SERVER_URL                the server (http://localhost:3000)
  WORKER_LABELS             what this worker can do, such as docker,linux,gpu (none)
  WORKER_SLOTS              how many jobs run at once (1)
  WORKER_ID                 its name (host name and random characters)
  WORKER_TRANSPORT          stream, or http for plain HTTP (stream)
  WORKER_WORKDIR            the directory that jobs start in (the current one)
  WORKER_LEASE_TTL          seconds that a job stays with a worker that is not heard of (30)
  WORKER_GRACE              seconds from asking a job to end to forcing it to (10)
  WORKER_DRAIN_TIMEOUT      seconds that jobs may go on after a signal (60)
  WORKFLOW_GRAPH_TOKEN_FILE a file with the token that the server wants
  WORKFLOW_GRAPH_TOKEN      the token itself
  WORKFLOW_GRAPH_CA_FILE    certificates (PEM) of the authority that vouches for an https server
  LOG_FORMAT                text, or json for one object a line (text)

SIGTERM or SIGINT: no new jobs; running ones may finish within the drain timeout. A second one ends them now.";

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some("--version" | "-V") => {
            println!("workflow-graph-worker {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Some(other) => return fail(2, &format!("{other} is not known; see --help")),
    }
    let config = match config_of_environment() {
        Ok(config) => config,
        Err(problem) => return fail(2, &problem),
    };
    log_to_stdout();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(config)),
        Err(error) => fail(1, &error.to_string()),
    }
}

async fn work(config: WorkerConfig) -> ExitCode {
    let server_url = config.server_url.clone();
    let worker = Worker::new(config);
    let result = worker.run_until_signal().await;
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::InvalidConfig(problem)) => fail(2, &problem),
        Err(error) => fail(1, &refusal_text(&error, &server_url)),
    }
}

fn config_of_environment() -> Result<WorkerConfig, String> {
    let defaults = WorkerConfig::default();
    Ok(WorkerConfig {
        server_url: variable("SERVER_URL").unwrap_or(defaults.server_url),
        labels: variable("WORKER_LABELS").map(|text| split_labels(&text)).unwrap_or_default(),
        slots: parsed("WORKER_SLOTS")?.unwrap_or(defaults.slots),
        worker_id: variable("WORKER_ID").unwrap_or(defaults.worker_id),
        transport: transport()?,
        workdir: workdir()?,
        lease_ttl: seconds("WORKER_LEASE_TTL")?.unwrap_or(defaults.lease_ttl),
        grace: seconds("WORKER_GRACE")?.unwrap_or(defaults.grace),
        drain_timeout: seconds("WORKER_DRAIN_TIMEOUT")?.unwrap_or(defaults.drain_timeout),
        token: token()?,
        ca_file: variable("WORKFLOW_GRAPH_CA_FILE").map(Into::into),
        ..defaults
    })
}

/// An empty variable is as good as none.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn split_labels(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect()
}

fn parsed<T: std::str::FromStr>(name: &str) -> Result<Option<T>, String> {
    let Some(text) = variable(name) else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| format!("{name}: \"{text}\" is not a number that it can be"))
}

fn seconds(name: &str) -> Result<Option<Duration>, String> {
    let secs: Option<f64> = parsed(name)?;
    let too_odd = |secs| format!("{name}: {secs} is not a number of seconds from 0");
    secs.map(|secs| Duration::try_from_secs_f64(secs).map_err(|_| too_odd(secs))).transpose()
}

fn transport() -> Result<Transport, String> {
    match variable("WORKER_TRANSPORT").as_deref() {
        None | Some("stream") => Ok(Transport::Stream),
        Some("http") => Ok(Transport::Http),
        Some(other) => Err(format!("WORKER_TRANSPORT: \"{other}\" is neither stream nor http")),
    }
}

fn workdir() -> Result<Option<std::path::PathBuf>, String> {
    let Some(text) = variable("WORKER_WORKDIR") else { return Ok(None) };
    let path = std::path::PathBuf::from(&text);
    if path.is_dir() { Ok(Some(path)) } else { Err(format!("WORKER_WORKDIR: {text} is not a directory")) }
}

fn token() -> Result<Option<String>, String> {
    let Some(file) = variable("WORKFLOW_GRAPH_TOKEN_FILE") else { return Ok(variable("WORKFLOW_GRAPH_TOKEN")) };
    let text = std::fs::read_to_string(&file).map_err(|error| format!("WORKFLOW_GRAPH_TOKEN_FILE: {file}: {error}"))?;
    match text.trim() {
        "" => Err(format!("WORKFLOW_GRAPH_TOKEN_FILE: {file} is empty")),
        token => Ok(Some(token.to_owned())),
    }
}

fn log_to_stdout() {
    let log =
        tracing_subscriber::fmt().with_target(false).with_max_level(tracing_subscriber::filter::LevelFilter::INFO);
    if variable("LOG_FORMAT").as_deref() == Some("json") {
        log.json().flatten_event(true).init();
    } else {
        log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stdout())).init();
    }
}

fn refusal_text(error: &Error, server_url: &str) -> String {
    match error.server_error().map(|refusal| refusal.status) {
        Some(401) => format!("{server_url} wants a valid token: {error} (give one with WORKFLOW_GRAPH_TOKEN_FILE)"),
        Some(403) => format!("{server_url} does not allow this token to work: {error} (it needs the worker scope)"),
        Some(404) => format!("{server_url} does not look like a workflow-graph server: {error}"),
        Some(_) => format!("{server_url} refused this worker: {error}"),
        None => error.to_string(),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::from(code)
}
