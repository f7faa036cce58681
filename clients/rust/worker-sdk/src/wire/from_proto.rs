//! The messages of the streams as the types that executors see.

use prost_types::value::Kind;
use serde_json::{Map, Number, Value};

use super::{Backoff, Claim, ClaimedJob, Lease, LogChunk, LogStream, NeedResult, RetryPolicy, Step};
use crate::proto;

impl Claim {
    /// None for a claim without a job or a lease, which no server sends.
    pub(crate) fn from_proto(claim: proto::Claim) -> Option<Self> {
        Some(Self { job: claim.job?.into(), lease: claim.lease?.into() })
    }
}

impl From<proto::ClaimedJob> for ClaimedJob {
    fn from(job: proto::ClaimedJob) -> Self {
        Self {
            job_id: job.job_id,
            workflow_id: job.workflow_id,
            command: job.command,
            required_labels: job.required_labels,
            retry_policy: job.retry_policy.map(RetryPolicy::from).unwrap_or_default(),
            attempt: job.attempt,
            upstream_outputs: job.upstream_outputs.into_iter().map(|(id, outputs)| (id, outputs.values)).collect(),
            enqueued_at_ms: job.enqueued_at_ms,
            delayed_until_ms: Some(job.delayed_until_ms).filter(|&ms| ms != 0),
            workflow: job.workflow,
            name: job.name,
            timeout_secs: job.timeout_secs,
            env: job.env,
            steps: job.steps.into_iter().map(Step::from).collect(),
            inputs: job.inputs,
            priority: job.priority,
            metadata: job.metadata.map(json_object).unwrap_or_default(),
            needs: job.needs.into_iter().map(|(id, need)| (id, NeedResult::from(need))).collect(),
            group: job.group,
            index: job.index,
            matrix_json: job.matrix_json,
        }
    }
}

impl From<proto::Lease> for Lease {
    fn from(lease: proto::Lease) -> Self {
        Self {
            lease_id: lease.lease_id,
            job_id: lease.job_id,
            workflow_id: lease.workflow_id,
            worker_id: lease.worker_id,
            ttl_secs: lease.ttl_secs,
            stop_grace_secs: lease.stop_grace_secs,
            granted_at_ms: lease.granted_at_ms,
        }
    }
}

impl From<proto::NeedResult> for NeedResult {
    fn from(need: proto::NeedResult) -> Self {
        let result = need.result().as_str_name().trim_start_matches("JOB_STATUS_").to_ascii_lowercase();
        Self {
            result,
            tolerated: need.tolerated,
            error: need.error,
            attempt: need.attempt,
            duration_secs: need.duration_secs,
        }
    }
}

impl From<proto::Step> for Step {
    fn from(step: proto::Step) -> Self {
        Self { id: step.id, name: step.name, run: step.run, env: step.env }
    }
}

impl From<proto::RetryPolicy> for RetryPolicy {
    fn from(policy: proto::RetryPolicy) -> Self {
        use proto::backoff::Kind;
        let backoff = match policy.backoff.and_then(|backoff| backoff.kind) {
            None | Some(Kind::None(_)) => Backoff::None,
            Some(Kind::Fixed(fixed)) => Backoff::Fixed { delay_secs: fixed.delay_secs },
            Some(Kind::Exponential(exponential)) => Backoff::Exponential {
                base_secs: exponential.base_secs,
                max_secs: exponential.max_secs,
                jitter: exponential.jitter.unwrap_or(false),
            },
        };
        Self { max_retries: policy.max_retries, backoff }
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

fn json_object(object: prost_types::Struct) -> Map<String, Value> {
    object.fields.into_iter().map(|(key, value)| (key, json_value(value))).collect()
}

fn json_value(value: prost_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => Value::Bool(flag),
        Some(Kind::NumberValue(number)) => json_number(number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json_value).collect(),
        Some(Kind::StructValue(object)) => Value::Object(json_object(object)),
    }
}

/// Whole numbers as such, as the documented JSON paths write them.
fn json_number(number: f64) -> Value {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
