use std::time::Duration;

use workflow_graph_worker_sdk::{CancelOptions, Client, CreateOptions, Error, LogOptions};

use crate::commands::{CallKind, ClientCall};
use crate::events::emit_answered;

/// Bounds the reading of a log that has no end.
const LOG_READS_MAX: usize = 1000;

/// Makes the call, and again when its connection broke.
pub async fn answer(client: Client, call: ClientCall) {
    let answer = loop {
        match make(&client, &call.kind).await {
            Err(Error::Unreachable { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
            result => break result.map_err(|error| error.to_string()),
        }
    };
    emit_answered(&call.id, &answer);
}

async fn make(client: &Client, call: &CallKind) -> Result<String, Error> {
    match call {
        CallKind::Create { definition, request_id } => {
            let options = CreateOptions { request_id: Some(request_id.clone()) };
            Ok(client.create_workflow_json(definition, options).await?.id)
        }
        CallKind::Remove { target } => client.remove_workflow(target).await.map(|()| String::new()),
        CallKind::Cancel { target, request_id } => {
            let options = CancelOptions { request_id: Some(request_id.clone()), ..Default::default() };
            client.cancel(target, options).await
        }
        CallKind::ReadLog { target, job_id } => read_log(client, target, job_id).await,
    }
}

async fn read_log(client: &Client, run_id: &str, job_id: &str) -> Result<String, Error> {
    let (mut text, mut after) = (String::new(), None);
    for _ in 0..LOG_READS_MAX {
        let options = LogOptions { limit: Some(1), after: after.take(), ..Default::default() };
        let Some(chunk) = client.logs(run_id, job_id, options).await?.pop() else { return Ok(text) };
        text.push_str(&chunk.data);
        after = Some(chunk.position());
    }
    Err(Error::InvalidConfig("the log has no end".into()))
}
