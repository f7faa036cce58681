//! Servers without streams, that refuse, that are away; configurations that cannot be.

use crate::support::{Running, Server, job, short_lease};
use serde_json::json;
use std::time::Duration;
use workflow_graph_worker_sdk::executor::{Failure, Job};
use workflow_graph_worker_sdk::wire::JobStatus;
use workflow_graph_worker_sdk::{Error, Transport, Worker, WorkerConfig};

#[tokio::test]
async fn what_cannot_be_configured_is_told_and_a_worker_runs_once() {
    let table = [
        (WorkerConfig { server_url: "localhost:3000".into(), ..Default::default() }, "is not a server's URL"),
        (WorkerConfig { slots: 0, ..Default::default() }, "slots must be from 1"),
        (WorkerConfig { lease_ttl: Duration::ZERO, ..Default::default() }, "lease_ttl must be from 1s"),
        (WorkerConfig { labels: vec![String::new()], ..Default::default() }, "labels"),
    ];
    for (config, problem) in table {
        let error = Worker::new(config).run().await.unwrap_err();
        assert!(matches!(&error, Error::InvalidConfig(text) if text.contains(problem)), "{error}");
    }
    // Nobody listens there; the worker drains while it waits for a server.
    let worker = Worker::new(WorkerConfig { server_url: "http://127.0.0.1:9".into(), ..Default::default() });
    worker.run_until(tokio::time::sleep(Duration::from_millis(50))).await.unwrap();
    assert!(matches!(worker.run().await, Err(Error::StartedAlready(_))));
}

/// Lets HTTP/1.1 through to the server, and nothing else.
async fn proxy_without_streams(server_url: &str) -> String {
    let target = server_url.trim_start_matches("http://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let target = target.clone();
            tokio::spawn(async move {
                let mut begin = [0; 3];
                if near.peek(&mut begin).await.is_ok_and(|count| count == 3) && &begin != b"PRI" {
                    let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_streams_a_worker_works_over_plain_http() {
    let Some(server) = Server::start() else { return };
    let config = WorkerConfig {
        server_url: proxy_without_streams(&server.url).await,
        lease_ttl: short_lease(),
        ..server.config(Transport::Stream)
    };
    let executor = |job: Job| async move {
        tokio::time::sleep(short_lease() * 5 / 2).await;
        job.log.stdout("late\n").await;
        Ok::<_, Failure>(())
    };
    let running = Running::start(Worker::with_executor(config, executor));
    let run = server.run(&[("long", "x", json!({}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "long").status, job(&ended, "long").attempt), (JobStatus::Success, 0));
    assert_eq!(server.log(&run, "long").await, "late\n");
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_the_server_refuses_ends_with_what_it_said() {
    let Some(server) = Server::start_with_tokens() else { return };
    for transport in [Transport::Stream, Transport::Http] {
        let config = WorkerConfig { token: Some("wfg_not-a-token".into()), ..server.config(transport) };
        let error = Worker::new(config).run().await.unwrap_err();
        assert!(error.is_unauthorised(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_waits_for_a_server_that_is_away() {
    let Some(server) = Server::start() else { return };
    let config = server.config(Transport::Stream);
    let url = server.url.clone();
    let data = server.stop();
    let running = Running::start(Worker::with_executor(config, |_: Job| async { Ok::<_, Failure>(()) }));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(std::net::TcpStream::connect(url.trim_start_matches("http://")).is_err());
    drop(data);
    running.drained().await.unwrap();
}
