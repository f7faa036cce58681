//! The conformance adapter of this library: commands on stdin, events on stdout, one JSON object
//! per line. `test/conformance/ADAPTER.md` describes each.

mod calls;
mod commands;
mod events;
mod steps;

use std::collections::HashMap;
use std::process::exit;

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput};
use workflow_graph_worker_sdk::shell::kill_running_jobs;
use workflow_graph_worker_sdk::{Client, ClientConfig, Transport, Worker, WorkerConfig};

use commands::{Command, ExecutorKind, Options, TransportKind};
use events::{emit_hello, emit_started, emit_stopped};

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let mut workers = HashMap::new();
    let client = Client::new(client_config()).expect("the driver gives the address of a server");
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Command::Call(call)) => calls::answer(client.clone(), call).await,
            Ok(command) => obey(command, &mut workers),
            Err(error) => eprintln!("cannot read {line}: {error}"),
        }
    }
    kill_running_jobs();
    exit(0);
}

fn obey(command: Command, workers: &mut HashMap<String, Worker>) {
    match command {
        Command::Hello => emit_hello(),
        // Made where it can be waited for.
        Command::Call(_) => {}
        Command::Start { worker: name, options } => {
            let worker = start(&name, *options);
            workers.insert(name, worker);
        }
        Command::Drain { worker } => workers.get(&worker).map_or_else(|| unknown(&worker), Worker::drain),
        Command::Terminate { worker } => workers.get(&worker).map_or_else(|| unknown(&worker), Worker::terminate),
    }
}

fn client_config() -> ClientConfig {
    let defaults = ClientConfig::default();
    ClientConfig { server_url: std::env::var("SERVER_URL").unwrap_or(defaults.server_url), ..ClientConfig::default() }
}

fn unknown(worker: &str) {
    eprintln!("there is no worker {worker}");
}

fn start(name: &str, options: Options) -> Worker {
    let executor = options.executor;
    let config = config_of(name, options);
    let worker = match executor {
        ExecutorKind::Shell => Worker::new(config),
        ExecutorKind::Noop => Worker::with_executor(config, async |_: Job| Ok::<_, Failure>(JobOutput::default())),
        ExecutorKind::Function => Worker::with_executor(config, steps::executor(name.to_owned())),
    };
    let (running, name) = (worker.clone(), name.to_owned());
    tokio::spawn(async move {
        let run = running.run();
        tokio::pin!(run);
        let result = tokio::select! {
            result = &mut run => result,
            () = running.registered() => {
                emit_started(&name);
                run.await
            }
        };
        emit_stopped(&name, result.err().map(|error| error.to_string()));
    });
    worker
}

fn config_of(name: &str, options: Options) -> WorkerConfig {
    let defaults = WorkerConfig::default();
    let server_url = options.server_url.or_else(|| std::env::var("SERVER_URL").ok());
    WorkerConfig {
        server_url: server_url.unwrap_or(defaults.server_url),
        worker_id: name.to_owned(),
        labels: options.labels,
        only_labelled: options.only_labelled,
        pass_env: options.pass_env,
        slots: options.slots.unwrap_or(defaults.slots),
        transport: match options.transport {
            TransportKind::Stream => Transport::Stream,
            TransportKind::Http => Transport::Http,
        },
        lease_ttl: options.lease_ttl_secs.map_or(defaults.lease_ttl, std::time::Duration::from_secs_f64),
        token: options.token,
        ca_file: options.ca_file,
        drain_timeout: commands::duration(options.drain_timeout_ms, defaults.drain_timeout),
        grace: commands::duration(options.grace_ms, defaults.grace),
        heartbeat_interval: commands::duration(options.heartbeat_interval_ms, defaults.heartbeat_interval),
        log_batch_interval: commands::duration(options.log_batch_interval_ms, defaults.log_batch_interval),
        ..defaults
    }
}
