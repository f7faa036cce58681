//! The management client against a real server.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use support::{Running, Server};
use workflow_graph_worker_sdk::executor::{Failure, Job};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState, WorkerStatus};
use workflow_graph_worker_sdk::{
    Client, ClientConfig, Error, ListRuns, ListWorkflows, LogOptions, RunOptions, Transport, Worker, grpc, proto,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_made_run_followed_and_listed() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let yaml = "name: Release\non: push\njobs:\n  build:\n    run: make\n  publish:\n    needs: build\n    run: send\n";
    let workflow = client.create_workflow(yaml).await.unwrap();
    assert_eq!((workflow.name.as_str(), workflow.jobs.len(), workflow.state), ("Release", 2, None));

    let executor = |job: Job| async move {
        job.log.stdout(format!("version {}\n", job.inputs["version"])).await;
        Ok::<_, Failure>(
            [("done", job.name.clone())].into_iter().collect::<workflow_graph_worker_sdk::executor::JobOutput>(),
        )
    };
    let running = Running::start(Worker::with_executor(server.config(Transport::Stream), executor));
    let options = RunOptions {
        inputs: [("version".to_owned(), "1.2".to_owned())].into(),
        request_id: Some("a request of this test".into()),
    };
    let run_id = client.run_workflow(&workflow.id, options.clone()).await.unwrap();
    assert_eq!(client.run_workflow(&workflow.id, options).await.unwrap(), run_id, "the same request is the same run");
    let mut log = client.follow_logs(&run_id, "publish", None);
    let mut text = String::new();
    while let Some(chunk) = log.next().await.unwrap() {
        text.push_str(&chunk.data);
    }
    assert_eq!(text, "version 1.2\n");
    let ended = client.wait(&run_id).await.unwrap();
    assert_eq!(ended.state, Some(RunState::Success));
    assert_eq!(ended.job("publish").unwrap().depends_on, ["build"]);

    let chunks = client.logs(&run_id, "publish", Default::default()).await.unwrap();
    let after = LogOptions { after: Some(chunks[0].position()), ..Default::default() };
    assert_eq!(client.logs(&run_id, "publish", after).await.unwrap(), chunks[1..]);
    let why = client.explain(&run_id, "publish").await.unwrap();
    assert_eq!((why.reasons[0].code.as_str(), why.attempts[0].outcome.as_deref()), ("succeeded", Some("success")));
    assert_eq!(why.reasons[0].detail()["attempt"], 0);

    let page =
        client.runs(ListRuns { workflow: Some(workflow.id.clone()), limit: Some(1), ..Default::default() }).await;
    let page = page.unwrap();
    assert_eq!(page.runs[0].run_id, run_id);
    let listed =
        client.workflows(ListWorkflows { status: Some(JobStatus::Success), ..Default::default() }).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.workflow.as_str()).collect::<Vec<_>>(), [workflow.id.as_str()]);
    let workers = client.workers(Default::default()).await.unwrap();
    assert_eq!(workers[0].worker_id, running.worker.worker_id());
    assert_ne!(workers[0].status, WorkerStatus::Offline);
    running.drained().await.unwrap();
}

#[tokio::test]
async fn pages_of_runs_follow_one_another() {
    let Some(server) = Server::start() else { return };
    let mut started = Vec::new();
    for _ in 0..3 {
        started.push(server.run(&[("a", "true", json!({}))]).await);
    }
    let (mut found, mut page_token) = (Vec::new(), None);
    loop {
        let list = ListRuns { limit: Some(2), page_token, ..Default::default() };
        let page = server.client().runs(list).await.unwrap();
        found.extend(page.runs.into_iter().map(|run| run.run_id));
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = Some(page.next_page_token);
    }
    started.reverse();
    assert_eq!(found, started);
}

#[tokio::test]
async fn errors_say_what_the_server_said() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let Err(Error::Refused(missing)) = client.status("nothing").await else { panic!("it does not exist") };
    assert_eq!((missing.status, missing.code.as_str()), (404, "not_found"));
    let Err(Error::Refused(invalid)) = client.create_workflow("name: x\njobs:\n  a:\n    needs: b\n").await else {
        panic!("it cannot run")
    };
    assert_eq!(invalid.status, 422);
    assert!(invalid.problems.iter().any(|problem| problem.job == "a" && problem.line > 0), "{invalid:?}");
    let nobody = Client::new(ClientConfig { server_url: "http://127.0.0.1:9".into(), ..Default::default() }).unwrap();
    let error = nobody.workers(Default::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }) && error.is_temporary(), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn the_services_can_be_called_over_grpc() {
    let Some(server) = Server::start() else { return };
    let run_id = server.run(&[("a", "true", json!({}))]).await;
    let mut workflows = grpc::channel(&server.url, None).unwrap().workflows();
    let runs = workflows.list_runs(proto::ListRunsRequest::default()).await.unwrap().into_inner().runs;
    assert_eq!(runs[0].run_id, run_id);
    let mut changes =
        workflows.watch_runs(proto::WatchRunsRequest { id: run_id, after_event: None }).await.unwrap().into_inner();
    let first = changes.message().await.unwrap().unwrap();
    assert_eq!(first.snapshot[0].state, Some(proto::RunState::Queued.into()));
}
