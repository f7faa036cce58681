//! The standalone worker: runs the commands of jobs with `sh -c`, configured by its environment.

mod secrets;

use std::env;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use secrets::Secrets;
use workflow_graph_worker_sdk::{Error, Transport, Worker, WorkerConfig};

const HELP: &str = "\
Runs jobs: claims them from a workflow-graph server and runs their commands on this machine with \"sh -c\".

Usage: workflow-graph-worker [--help | --version]

It is configured by its environment:
  SERVER_URL                the server (http://localhost:3000)
  WORKER_LABELS             what this worker can do, such as docker,linux,gpu (none)
  WORKER_ONLY_LABELLED      true: only jobs that require a label (false)
  WORKER_SLOTS              how many jobs run at once (1)
  WORKER_ID                 its name (host name and random characters)
  WORKER_TRANSPORT          stream, or http for plain HTTP (stream)
  WORKER_WORKDIR            the directory that jobs start in (the current one)
  WORKER_PASS_ENV           variables that jobs get beside PATH, HOME and the like, such as CI,AWS_* (none)
  WORKER_LEASE_TTL          lease time in seconds, without a heartbeat (30)
  WORKER_GRACE              seconds from asking a job to end to forcing it to (10)
  WORKER_DRAIN_TIMEOUT      seconds that jobs can continue after a signal (60)
  WORKFLOW_GRAPH_TOKEN_FILE a file with the token that the server wants
  WORKFLOW_GRAPH_TOKEN      the token itself
  WORKFLOW_GRAPH_CA_FILE    certificates (PEM) of the authority that vouches for an https server
  LOG_FORMAT                text, or json for one object a line (text)

SIGTERM, SIGINT, SIGHUP or SIGQUIT: no new jobs; running ones may finish within the drain timeout. A second one ends them
now.";

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
    let config = match config_of(&Secrets::hide()) {
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
    let worker = Worker::new(config);
    let server_url = worker.server_url();
    let result = worker.run_until_signal().await;
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::InvalidConfig(problem)) => fail(2, &problem),
        Err(error) => fail(1, &refusal_text(&error, &server_url)),
    }
}

fn config_of(secrets: &Secrets) -> Result<WorkerConfig, String> {
    let defaults = WorkerConfig::default();
    Ok(WorkerConfig {
        server_url: secrets.variable("SERVER_URL").unwrap_or(defaults.server_url),
        labels: list("WORKER_LABELS"),
        only_labelled: flag("WORKER_ONLY_LABELLED")?,
        pass_env: list("WORKER_PASS_ENV"),
        slots: parsed("WORKER_SLOTS")?.unwrap_or(defaults.slots),
        worker_id: variable("WORKER_ID").unwrap_or(defaults.worker_id),
        transport: transport()?,
        workdir: workdir()?,
        lease_ttl: seconds("WORKER_LEASE_TTL")?.unwrap_or(defaults.lease_ttl),
        grace: seconds("WORKER_GRACE")?.unwrap_or(defaults.grace),
        drain_timeout: seconds("WORKER_DRAIN_TIMEOUT")?.unwrap_or(defaults.drain_timeout),
        token: token(secrets)?,
        ca_file: variable("WORKFLOW_GRAPH_CA_FILE").map(Into::into),
        ..defaults
    })
}

/// An empty variable counts as absent.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn list(name: &str) -> Vec<String> {
    let text = variable(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn flag(name: &str) -> Result<bool, String> {
    match variable(name).as_deref().map(str::trim) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(format!("{name}: \"{other}\" is neither true nor false")),
    }
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

fn token(secrets: &Secrets) -> Result<Option<String>, String> {
    let Some(file) = variable("WORKFLOW_GRAPH_TOKEN_FILE") else { return Ok(secrets.variable("WORKFLOW_GRAPH_TOKEN")) };
    let text = std::fs::read_to_string(&file).map_err(|error| format!("WORKFLOW_GRAPH_TOKEN_FILE: {file}: {error}"))?;
    match text.trim() {
        "" => Err(format!("WORKFLOW_GRAPH_TOKEN_FILE: {file} is empty")),
        token => Ok(Some(token.to_owned())),
    }
}

fn log_to_stdout() {
    // After the terminal has closed, reporting a failed write to stdout on stderr would panic, and
    // end the jobs.
    let log = tracing_subscriber::fmt()
        .with_target(false)
        .log_internal_errors(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO);
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
    // A closed terminal accepts no output.
    drop(writeln!(std::io::stderr(), "error: {problem}"));
    ExitCode::from(code)
}
