use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tonic::{Code, Status};

use super::grpc_stream::{Incoming, Received, cause_of, outgoing};
use super::report::reason_text;
use crate::error::{Error, ServerError};
use crate::grpc::Channel;
use crate::proto::{self, StreamLogsRequest, StreamLogsResponse};
use crate::wire::LogChunk;

/// How long an acknowledgement may take before the plain call is used instead.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// One stream for the logs of all of a worker's jobs, opened when there is something to send and again when it broke.
pub(super) struct LogStreams {
    channel: Channel,
    state: Mutex<State>,
}

enum State {
    /// None is open.
    Idle,
    Open(UnboundedSender<Push>),
    /// The server has no such stream, or the worker does without.
    Unavailable,
}

/// A batch of one lease. At most one of a lease is under way.
struct Push {
    lease_id: String,
    chunks: Vec<proto::LogChunk>,
    done: oneshot::Sender<Result<(), Error>>,
}

impl LogStreams {
    pub fn new(channel: Channel, is_wanted: bool) -> Self {
        let state = if is_wanted { State::Idle } else { State::Unavailable };
        Self { channel, state: Mutex::new(state) }
    }

    /// Returns when the chunks are durable, or the lease takes no more; none when the stream cannot say so.
    pub async fn push(&self, lease_id: &str, chunks: &[LogChunk]) -> Option<Result<(), Error>> {
        let (done, result) = oneshot::channel();
        let chunks = chunks.iter().cloned().map(proto::LogChunk::from).collect();
        self.sender()?.send(Push { lease_id: lease_id.to_owned(), chunks, done }).ok()?;
        tokio::time::timeout(ACKNOWLEDGED_WITHIN, result).await.ok()?.ok()
    }

    fn sender(&self) -> Option<UnboundedSender<Push>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Unavailable => return None,
            State::Open(sender) if !sender.is_closed() => return Some(sender.clone()),
            State::Open(_) | State::Idle => {}
        }
        let (sender, pushes) = unbounded_channel();
        *state = State::Open(sender.clone());
        tokio::spawn(carry(self.channel.clone(), pushes));
        Some(sender)
    }

    /// Does without streams from here on.
    pub fn give_up(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Unavailable;
    }
}

/// Sends batches until the stream ends. Batches without a response are dropped, which notifies their waiters.
async fn carry(channel: Channel, mut pushes: UnboundedReceiver<Push>) {
    let (sender, messages) = outgoing();
    let mut client = channel.logs();
    let mut incoming = Incoming::new(async move { client.stream_logs(messages).await });
    let mut waiting = HashMap::new();
    loop {
        tokio::select! {
            push = pushes.recv() => {
                let Some(Push { lease_id, chunks, done }) = push else { return };
                let last = chunks.last().map_or(0, |chunk| chunk.sequence);
                waiting.insert(lease_id.clone(), (last, done));
                if sender.send(StreamLogsRequest { lease_id, chunks }).is_err() {
                    return;
                }
            }
            received = incoming.next() => match received {
                Ok(Received::Opened) => {}
                Ok(Received::Message(answer)) => settle(&mut waiting, answer),
                Err(status) => return tell_end(&status),
            },
        }
    }
}

type Waiting = HashMap<String, (u64, oneshot::Sender<Result<(), Error>>)>;

fn settle(waiting: &mut Waiting, answer: StreamLogsResponse) {
    let Some((last, done)) = waiting.remove(&answer.lease_id) else { return };
    if let Some(reason) = answer.refused {
        let mut error = ServerError::new(409, "conflict", "the lease takes no more output");
        error.reason = reason_text(reason);
        drop(done.send(Err(error.into())));
    } else if answer.durable_sequence >= last {
        drop(done.send(Ok(())));
    } else {
        waiting.insert(answer.lease_id, (last, done));
    }
}

fn tell_end(status: &Status) {
    if status.code() != Code::Unimplemented {
        tracing::debug!(cause = cause_of(status), "the log stream ended");
    }
}
