use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use crate::wire::LogStream;

/// Chunks in one call; the server takes a thousand.
const BATCH_CHUNKS_MAX: usize = 500;

/// The output of one attempt that waits to be sent: pieces of both streams in the order of their arrival. Written from
/// any thread, emptied by the attempt's log sender.
pub(crate) struct JobLog {
    batch_bytes: usize,
    unsent_bytes_max: usize,
    state: Mutex<State>,
    /// Something for the sender to look at.
    pub(super) grown: Notify,
    shrunk: Notify,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Of what waits and of what is on its way.
    unsent_bytes: usize,
    waiting_bytes: usize,
    is_finished: bool,
    is_closed: bool,
}

/// A run of output of one stream.
#[derive(Debug)]
pub(super) struct Piece {
    pub stream: LogStream,
    pub timestamp_ms: i64,
    pub data: String,
}

/// What the sender is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LogWork {
    Nothing,
    /// Less than a batch waits.
    Some,
    /// A whole batch waits, or there will be no more.
    Batch,
    /// All was sent and there will be no more.
    Done,
}

impl JobLog {
    pub fn new(batch_bytes: usize, unsent_bytes_max: usize) -> Self {
        Self { batch_bytes, unsent_bytes_max, state: Mutex::default(), grown: Notify::new(), shrunk: Notify::new() }
    }

    /// Writes, whether or not there is room.
    pub fn append(&self, stream: LogStream, text: &str) {
        let mut state = self.state();
        if text.is_empty() || state.is_closed {
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            rest = state.append_some(stream, rest, self.batch_bytes);
        }
        drop(state);
        self.grown.notify_one();
    }

    /// Whether writers should wait.
    pub fn is_full(&self) -> bool {
        let state = self.state();
        state.unsent_bytes > self.unsent_bytes_max && !state.is_closed
    }

    /// Returns when writers need not wait, which is when half of what may be unsent is sent.
    pub async fn room(&self) {
        if !self.is_full() {
            return;
        }
        loop {
            let shrunk = self.shrunk.notified();
            tokio::pin!(shrunk);
            shrunk.as_mut().enable();
            {
                let state = self.state();
                if state.unsent_bytes <= self.unsent_bytes_max / 2 || state.is_closed {
                    return;
                }
            }
            shrunk.await;
        }
    }

    /// Nothing more will be written: what waits is sent at once.
    pub fn finish(&self) {
        self.state().is_finished = true;
        self.grown.notify_one();
    }

    /// The lease is gone: drops unsent output, and accepts no more.
    pub fn close(&self) {
        let mut state = self.state();
        *state = State { is_closed: true, ..State::default() };
        drop(state);
        self.grown.notify_one();
        self.shrunk.notify_waiters();
    }

    pub fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    pub(super) fn work(&self) -> LogWork {
        let state = self.state();
        if state.is_closed || (state.is_finished && state.pieces.is_empty()) {
            return LogWork::Done;
        }
        let is_batch = state.waiting_bytes >= self.batch_bytes || state.pieces.len() >= BATCH_CHUNKS_MAX;
        match state.pieces.is_empty() {
            true => LogWork::Nothing,
            false if is_batch || state.is_finished => LogWork::Batch,
            false => LogWork::Some,
        }
    }

    /// What goes into one call.
    pub(super) fn take_batch(&self) -> Vec<Piece> {
        let mut state = self.state();
        let mut bytes = 0;
        let mut count = 0;
        for piece in state.pieces.iter().take(BATCH_CHUNKS_MAX) {
            if count > 0 && bytes + piece.data.len() > self.batch_bytes {
                break;
            }
            bytes += piece.data.len();
            count += 1;
        }
        state.waiting_bytes -= bytes;
        state.pieces.drain(..count).collect()
    }

    /// So many bytes of a batch are with the server, or were refused by it.
    pub(super) fn settled(&self, bytes: usize) {
        let mut state = self.state();
        state.unsent_bytes = state.unsent_bytes.saturating_sub(bytes);
        let has_room = state.unsent_bytes <= self.unsent_bytes_max / 2;
        drop(state);
        if has_room {
            self.shrunk.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds what fits into the last piece or a new one, and returns the rest.
    fn append_some<'a>(&mut self, stream: LogStream, text: &'a str, piece_bytes_max: usize) -> &'a str {
        let room = match self.pieces.back() {
            Some(last) if last.stream == stream => piece_bytes_max.saturating_sub(last.data.len()),
            _ => 0,
        };
        // A text that does not fit as a whole begins a new piece, so that lines stay whole where
        // possible.
        let fits_last = text.len() <= room;
        let end = if fits_last { text.len() } else { floor_char_boundary(text, piece_bytes_max) };
        let (now, rest) = text.split_at(end);
        match self.pieces.back_mut() {
            Some(last) if fits_last => last.data.push_str(now),
            _ => self.pieces.push_back(Piece { stream, timestamp_ms: now_ms(), data: now.to_owned() }),
        }
        self.unsent_bytes += now.len();
        self.waiting_bytes += now.len();
        rest
    }
}

/// The largest index up to `at` that is not inside a character.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0)
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Debug for JobLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobLog").field("unsent_bytes", &self.state().unsent_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: &[Piece]) -> Vec<&str> {
        pieces.iter().map(|piece| piece.data.as_str()).collect()
    }

    #[test]
    fn small_writes_to_one_stream_become_one_piece_and_the_order_of_both_streams_is_kept() {
        let log = JobLog::new(1024, 4096);
        log.append(LogStream::Stdout, "a");
        log.append(LogStream::Stdout, "b");
        log.append(LogStream::Stderr, "c");
        log.append(LogStream::Stdout, "d");
        assert_eq!(texts(&log.take_batch()), ["ab", "c", "d"]);
        assert_eq!(log.work(), LogWork::Nothing);
    }

    #[test]
    fn a_long_text_is_cut_into_batches_never_inside_a_character() {
        let log = JobLog::new(1024, 4096);
        let text = "äöü€".repeat(500);
        log.append(LogStream::Stdout, &text);
        let mut sent = String::new();
        while log.work() == LogWork::Batch || log.work() == LogWork::Some {
            let batch = log.take_batch();
            assert!(batch.iter().map(|piece| piece.data.len()).sum::<usize>() <= 1024);
            sent.extend(batch.iter().map(|piece| piece.data.as_str()));
        }
        assert_eq!(sent, text);
    }

    #[tokio::test]
    async fn a_writer_waits_while_too_much_is_unsent_and_goes_on_when_it_was_sent() {
        let log = JobLog::new(1024, 2048);
        log.append(LogStream::Stdout, &"x".repeat(3000));
        assert!(log.is_full());
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), log.room());
        assert!(waits.await.is_err());
        log.settled(2000);
        log.room().await;
    }

    #[tokio::test]
    async fn a_closed_log_lets_writers_go_and_takes_no_more() {
        let log = JobLog::new(1024, 2048);
        log.append(LogStream::Stdout, &"x".repeat(3000));
        log.close();
        log.room().await;
        log.append(LogStream::Stdout, "y");
        assert_eq!(log.work(), LogWork::Done);
    }
}
