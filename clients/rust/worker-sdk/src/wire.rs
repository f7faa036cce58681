//! What the server and its clients say to each other, under the names of the wire.
//!
//! Times are Unix milliseconds of the server's clock. `workflow_id` is the id of a run wherever a worker meets it. Fields
//! that a newer server adds are passed over; those that an older one does not send have the value that means "none".

mod claim;
mod controls;
pub(crate) mod documented_json;
mod explanation;
mod from_proto;
mod lenient;
mod log;
mod waiting;
mod workflow;

use std::collections::HashMap;

pub use claim::{Backoff, Claim, ClaimedJob, Lease, NeedResult, RetryPolicy, Step};
pub use controls::{Backfill, Pause, PauseKind, WorkerDrain};
pub use explanation::{JobAttempt, JobExplanation, JobReason};
pub use log::{LogChunk, LogStream};
pub use waiting::{
    Gate, GatePage, InputDeclaration, Queue, QueuedLabelSet, Rerun, RerunJob, RunAtGate, Schedule, SchedulePage,
    WorkflowInputs,
};
pub use workflow::{JobState, JobStatus, Run, RunPage, RunState, WorkerInfo, WorkerStatus, Workflow};

/// Named texts that a job hands to the jobs that need it.
pub type Outputs = HashMap<String, String>;
