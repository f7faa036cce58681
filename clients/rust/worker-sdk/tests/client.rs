//! The management client against a real server.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::json;
use support::{Running, Server};
use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput};
use workflow_graph_worker_sdk::wire::{JobStatus, PauseKind, RunState, WorkerStatus};
use workflow_graph_worker_sdk::{
    BackfillOptions, Client, ClientConfig, Error, FollowOptions, ListGates, ListRuns, ListWorkflows, LogOptions,
    RerunOptions, RunOptions, Transport, Worker, grpc, proto,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_is_made_run_followed_and_listed() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let yaml = "name: Release\non: push\njobs:\n  build:\n    run: make\n  publish:\n    needs: build\n    run: send\n";
    let workflow = client.create_workflow(yaml, Default::default()).await.unwrap();
    assert_eq!((workflow.name.as_str(), workflow.jobs.len(), workflow.state), ("Release", 2, None));

    let executor = |job: Job| async move {
        job.log.stdout(format!("version {}\n", job.inputs["version"])).await;
        Ok::<_, Failure>([("done", job.name.clone())].into_iter().collect::<JobOutput>())
    };
    let running = Running::start(Worker::with_executor(server.config(Transport::Stream), executor));
    let options = RunOptions {
        inputs: [("version".to_owned(), "1.2".to_owned())].into(),
        request_id: Some("a request of this test".into()),
    };
    let run_id = client.run_workflow(&workflow.id, options.clone()).await.unwrap();
    assert_eq!(client.run_workflow(&workflow.id, options).await.unwrap(), run_id, "the same request is the same run");
    let mut log = client.follow_logs(&run_id, "publish", Default::default());
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_read_on_after_each_of_its_chunks_and_from_its_last_lines() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let executor = |job: Job| async move {
        job.log.stdout("begun\nto wait\n").await;
        job.cancellation.cancelled().await;
        job.log.stderr("ended\n").await;
        Err::<JobOutput, _>(Failure::retryable("stopped"))
    };
    let running = Running::start(Worker::with_executor(server.config(Transport::Stream), executor));
    let run_id = server.run(&[("a", "x", json!({ "timeout_secs": 1 }))]).await;
    client.wait(&run_id).await.unwrap();
    let chunks = client.logs(&run_id, "a", Default::default()).await.unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.system_line).collect::<Vec<_>>(), [None, Some(2), None]);
    for (at, chunk) in chunks.iter().enumerate() {
        let after = Some(chunk.position());
        let rest = client.logs(&run_id, "a", LogOptions { after: after.clone(), ..Default::default() }).await.unwrap();
        assert_eq!(rest, chunks[at + 1..]);
        let mut log = client.follow_logs(&run_id, "a", FollowOptions { after, ..Default::default() });
        let mut followed = Vec::new();
        while let Some(chunk) = log.next().await.unwrap() {
            followed.push(chunk);
        }
        assert_eq!(followed, chunks[at + 1..]);
    }
    let last = client.logs(&run_id, "a", LogOptions { tail: Some(1), ..Default::default() }).await.unwrap();
    assert_eq!(last.iter().map(|chunk| chunk.data.as_str()).collect::<Vec<_>>(), ["ended\n"]);
    let mut log = client.follow_logs(&run_id, "a", FollowOptions { tail: Some(1), ..Default::default() });
    assert_eq!(log.next().await.unwrap(), last.first().cloned());
    running.drained().await.unwrap();
}

#[tokio::test]
async fn a_removed_workflow_is_not_listed_and_its_runs_stay() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let run_id = server.run(&[("a", "true", json!({}))]).await;
    let workflow = client.status(&run_id).await.unwrap().workflow;
    for _ in 0..2 {
        client.remove_workflow(&workflow).await.unwrap();
    }
    assert_eq!(client.workflows(Default::default()).await.unwrap(), []);
    assert_eq!(client.status(&run_id).await.unwrap().run_id, Some(run_id));
    let Err(Error::Refused(missing)) = client.remove_workflow("nothing").await else { panic!("it does not exist") };
    assert_eq!(missing.status, 404);
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
    let Err(Error::Refused(invalid)) =
        client.create_workflow("name: x\njobs:\n  a:\n    needs: b\n", Default::default()).await
    else {
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
        workflows.watch_runs(proto::WatchRunsRequest { id: run_id, ..Default::default() }).await.unwrap().into_inner();
    let first = changes.message().await.unwrap().unwrap();
    assert_eq!(first.snapshot[0].state, Some(proto::RunState::Queued.into()));
}

#[tokio::test]
async fn failed_jobs_run_again_in_their_run() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let executor = |job: Job| async move {
        match job.job_id == "a" && job.attempt == 0 {
            true => Err(Failure::permanent("broken").with_exit_code(75)),
            false => Ok(JobOutput::default()),
        }
    };
    let running = Running::start(Worker::with_executor(server.config(Transport::Stream), executor));
    let run = server.run(&[("a", "true", json!({})), ("b", "true", json!({"depends_on": ["a"]}))]).await;
    let ended = client.wait(&run).await.unwrap();
    assert_eq!(ended.jobs[0].exit_code, Some(75));
    let dry = client.rerun(&run, RerunOptions { failed: true, dry_run: true, ..Default::default() }).await.unwrap();
    assert_eq!(dry.jobs.iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let again = client.rerun(&run, RerunOptions { failed: true, ..Default::default() }).await.unwrap();
    assert_eq!((again.run_id.as_str(), again.generation, again.job_count), (run.as_str(), 2, 2));
    assert_eq!(client.wait(&run).await.unwrap().state, Some(RunState::Success));
    running.drained().await.unwrap();
}

#[tokio::test]
async fn what_waits_and_what_a_workflow_declares_is_listed() {
    let Some(server) = Server::start() else { return };
    let client = server.client();
    let definition = "on: {schedule: [{id: night, cron: '0 3 * * *'}]}\nconcurrency: deploy\n\
        inputs: {target: {type: choice, options: [a, b], default: a}}\njobs: {a: {run: x, labels: [nobody]}}\n";
    let workflow = client.create_workflow(definition, Default::default()).await.unwrap().id;
    let first = client.run_workflow(&workflow, Default::default()).await.unwrap();
    let second = client.run_workflow(&workflow, Default::default()).await.unwrap();
    let gates = client.gates(ListGates { prefix: Some("dep".into()), ..Default::default() }).await.unwrap().gates;
    assert_eq!((&gates[0].holders[0].run_id, &gates[0].waiting[0].run_id), (&first, &second));
    let queue = client.queue().await.unwrap();
    assert_eq!((queue.waiting, queue.label_sets[0].no_matching_worker), (1, true));
    let inputs = client.workflow_inputs(&workflow).await.unwrap();
    assert_eq!((inputs.declared, inputs.inputs[0].options.len()), (true, 2));
    let schedules = client.schedules(Default::default()).await.unwrap().schedules;
    assert!(schedules[0].id == "night" && schedules[0].next_at_ms.is_some(), "{schedules:?}");
    assert_eq!(client.pause_schedule(&workflow, "night", "holidays").await.unwrap().pause_reason, "holidays");
    assert_eq!(client.resume_schedule(&workflow, "night").await.unwrap().paused_at_ms, None);
    let three_days = BackfillOptions { to_ms: 3 * 86_400_000, ..BackfillOptions::default() };
    let only_count = BackfillOptions { dry_run: true, ..three_days.clone() };
    let counted = client.create_backfill(&workflow, "night", only_count).await.unwrap();
    assert_eq!((counted.id.as_str(), counted.total, counted.order.as_str()), ("", 3, "oldest"));
    let created = client.create_backfill(&workflow, "night", three_days).await.unwrap();
    assert!(client.cancel_backfill(&workflow, &created.id).await.unwrap().cancelled);
    assert_eq!(client.backfills(&workflow).await.unwrap()[0].id, created.id);
    let pause = client.pause(PauseKind::Workflow, &workflow, "holidays").await.unwrap();
    assert_eq!((pause.kind, &pause.subject, pause.reason.as_str()), (PauseKind::Workflow, &workflow, "holidays"));
    assert_eq!(client.pauses().await.unwrap(), [pause]);
    client.resume(PauseKind::Workflow, &workflow).await.unwrap();
    assert_eq!(client.pauses().await.unwrap(), []);
}
