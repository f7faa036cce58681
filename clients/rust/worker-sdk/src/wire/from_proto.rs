//! The messages of the streams as the types that executors see, and back.

use super::{Claim, LogChunk, LogStream};
use crate::proto;

impl Claim {
    /// Reads a pushed claim as one that was claimed. None without a job or a lease, which no server sends.
    pub(crate) fn from_proto(claim: proto::Claim) -> Option<Self> {
        serde_json::from_value(serde_json::to_value(claim).ok()?).ok()
    }
}

impl From<LogChunk> for proto::LogChunk {
    fn from(chunk: LogChunk) -> Self {
        let stream = match chunk.stream {
            LogStream::Stdout => proto::LogStream::Stdout,
            LogStream::Stderr => proto::LogStream::Stderr,
        };
        Self {
            // The server reads the run and the job from the lease.
            sequence: chunk.sequence,
            data: chunk.data,
            timestamp_ms: chunk.timestamp_ms,
            stream: stream.into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use prost_types::value::Kind as JsonKind;
    use serde_json::{Value, json};

    use super::Claim;
    use crate::proto::backoff::{Exponential, Fixed, Kind, None as NoWait};
    use crate::proto::{self, Backoff, JobStatus, Outputs, RetryPolicy, Step};

    fn texts(key: &str, value: &str) -> HashMap<String, String> {
        HashMap::from([(key.to_string(), value.to_string())])
    }

    /// With a value other than the default in every field, and the same as the paths write it.
    fn whole_claim() -> (proto::Claim, Value) {
        let exponential = Exponential { base_secs: 2, max_secs: 60, jitter: Some(true) };
        let number = prost_types::Value { kind: Some(JsonKind::NumberValue(4.0)) };
        let need = proto::NeedResult {
            result: JobStatus::Failure.into(),
            tolerated: true,
            error: Some("no".into()),
            attempt: 4,
            duration_secs: Some(7),
        };
        let job = proto::ClaimedJob {
            job_id: "test.3".into(),
            workflow_id: "r".into(),
            command: "true".into(),
            required_labels: vec!["gpu".into()],
            retry_policy: Some(RetryPolicy {
                max_retries: 2,
                backoff: Some(Backoff { kind: Some(Kind::Exponential(exponential)) }),
            }),
            attempt: 1,
            upstream_outputs: HashMap::from([("build".into(), Outputs { values: texts("url", "x") })]),
            enqueued_at_ms: 1_700_000_000_000,
            delayed_until_ms: 1_700_000_000_001,
            workflow: "ci".into(),
            name: "Test".into(),
            timeout_secs: Some(60),
            env: texts("A", "1"),
            steps: vec![Step { id: "s".into(), name: "Step".into(), run: "true".into(), env: texts("B", "2") }],
            inputs: texts("tag", "v1"),
            priority: -3,
            metadata: Some(prost_types::Struct { fields: [("size".to_string(), number)].into() }),
            needs: HashMap::from([("build".into(), need)]),
            group: Some("test".into()),
            index: Some(3),
            matrix_json: Some("{}".into()),
        };
        let lease = proto::Lease {
            lease_id: "l".into(),
            job_id: "test.3".into(),
            workflow_id: "r".into(),
            worker_id: "w".into(),
            ttl_secs: 30,
            granted_at_ms: 9,
            stop_grace_secs: 1.5,
        };
        let documented = json!({
            "job": {
                "job_id": "test.3", "workflow_id": "r", "command": "true", "required_labels": ["gpu"],
                "retry_policy": {
                    "max_retries": 2,
                    "backoff": {"Exponential": {"base_secs": 2, "max_secs": 60, "jitter": true}},
                },
                "attempt": 1, "upstream_outputs": {"build": {"url": "x"}}, "enqueued_at_ms": 1_700_000_000_000_i64,
                "delayed_until_ms": 1_700_000_000_001_i64, "workflow": "ci", "name": "Test", "timeout_secs": 60,
                "env": {"A": "1"}, "steps": [{"id": "s", "name": "Step", "run": "true", "env": {"B": "2"}}],
                "inputs": {"tag": "v1"}, "priority": -3, "metadata": {"size": 4},
                "needs": {
                    "build": {"result": "failure", "tolerated": true, "error": "no", "attempt": 4, "duration_secs": 7},
                },
                "group": "test", "index": 3, "matrix_json": "{}",
            },
            "lease": {
                "lease_id": "l", "job_id": "test.3", "workflow_id": "r", "worker_id": "w", "ttl_secs": 30,
                "granted_at_ms": 9, "stop_grace_secs": 1.5,
            },
        });
        (proto::Claim { job: Some(job), lease: Some(lease) }, documented)
    }

    #[test]
    fn a_job_is_the_same_whether_it_was_pushed_or_claimed() {
        let (message, documented) = whole_claim();
        assert_eq!(serde_json::to_value(&message).unwrap(), documented);
        let claimed: Claim = serde_json::from_value(documented.clone()).unwrap();
        let pushed = Claim::from_proto(message).unwrap();
        assert_eq!(pushed.job, claimed.job);
        assert_eq!(pushed.lease, claimed.lease);
        assert_eq!(serde_json::to_value(&pushed.job).unwrap(), documented["job"]);
    }

    #[test]
    fn backoffs_are_those_of_the_documented_json() {
        let exponential = Exponential { base_secs: 2, max_secs: 60, jitter: None };
        for (kind, backoff) in [
            (Some(Kind::None(NoWait {})), super::super::Backoff::None),
            (None, super::super::Backoff::None),
            (Some(Kind::Fixed(Fixed { delay_secs: 5 })), super::super::Backoff::Fixed { delay_secs: 5 }),
            (
                Some(Kind::Exponential(exponential)),
                super::super::Backoff::Exponential { base_secs: 2, max_secs: 60, jitter: false },
            ),
        ] {
            let (mut message, _) = whole_claim();
            let policy = RetryPolicy { max_retries: 1, backoff: Some(Backoff { kind }) };
            message.job.as_mut().unwrap().retry_policy = Some(policy);
            let read = Claim::from_proto(message).unwrap().job.retry_policy;
            assert_eq!((read.max_retries, read.backoff), (1, backoff));
        }
        let policy = RetryPolicy { max_retries: 1, backoff: Some(Backoff { kind: Some(Kind::None(NoWait {})) }) };
        assert_eq!(serde_json::to_value(policy).unwrap()["backoff"], "None");
    }

    #[test]
    fn what_is_absent_in_a_pushed_job_has_the_value_for_none() {
        let message = proto::Claim { job: Some(proto::ClaimedJob::default()), lease: Some(proto::Lease::default()) };
        assert_eq!(Claim::from_proto(message).unwrap().job, super::super::ClaimedJob::default());
        assert!(Claim::from_proto(proto::Claim { job: None, lease: Some(proto::Lease::default()) }).is_none());
    }
}
