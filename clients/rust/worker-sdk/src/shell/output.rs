use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout};

use super::set_output::SetOutputScanner;
use super::steps::StepTracker;
use crate::executor::LogWriter;
use crate::wire::LogStream;

const READ_BYTES: usize = 64 * 1024;
/// The server stores 4096 characters of error text; the rest is for the status line.
const STDERR_TAIL_BYTES: usize = 3_900;

/// Reads both streams of a job's process as they come, as text, into the job's log.
pub(super) struct OutputReader {
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
    log: LogWriter,
    scanner: SetOutputScanner,
    steps: StepTracker,
    stderr_tail: String,
    may_wait: bool,
}

impl OutputReader {
    pub fn of(child: &mut Child, log: &LogWriter, steps: StepTracker) -> Self {
        Self {
            stdout: Pipe::new(child.stdout.take()),
            stderr: Pipe::new(child.stderr.take()),
            log: log.clone(),
            scanner: SetOutputScanner::default(),
            steps,
            stderr_tail: String::new(),
            may_wait: true,
        }
    }

    /// Whether both streams were read to their end.
    pub fn has_ended(&self) -> bool {
        self.stdout.source.is_none() && self.stderr.source.is_none()
    }

    pub fn steps(&self) -> &StepTracker {
        &self.steps
    }

    pub fn stderr_tail(&self) -> &str {
        &self.stderr_tail
    }

    pub fn into_outputs(mut self) -> HashMap<String, String> {
        self.scanner.end();
        self.scanner.outputs
    }

    /// What is still in the pipes is read whether or not the log is full.
    pub fn never_wait(&mut self) {
        self.may_wait = false;
    }

    /// Reads until the other thing is done.
    pub async fn read_until<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        loop {
            tokio::select! {
                result = &mut done => return result,
                () = self.read_some(), if !self.has_ended() => {}
            }
        }
    }

    /// Reads to the end, or until the time is up.
    pub async fn read_for(&mut self, time: Duration) {
        self.never_wait();
        let read = async {
            while !self.has_ended() {
                self.read_some().await;
            }
        };
        // What comes later is not the job's.
        drop(tokio::time::timeout(time, read).await);
    }

    /// Both streams wait together while the log is full, so that their order is kept. May be dropped and called again.
    async fn read_some(&mut self) {
        if self.may_wait {
            self.log.room().await;
        }
        tokio::select! {
            text = self.stdout.read(), if self.stdout.source.is_some() => {
                self.scanner.write(&text);
                self.steps.write(&text);
                self.log.write_now(LogStream::Stdout, &text);
            }
            text = self.stderr.read(), if self.stderr.source.is_some() => {
                self.keep_tail(&text);
                self.log.write_now(LogStream::Stderr, &text);
            }
        }
    }

    fn keep_tail(&mut self, text: &str) {
        self.stderr_tail.push_str(text);
        let surplus = self.stderr_tail.len().saturating_sub(STDERR_TAIL_BYTES);
        let cut = (surplus..=self.stderr_tail.len()).find(|&index| self.stderr_tail.is_char_boundary(index));
        self.stderr_tail.drain(..cut.unwrap_or(0));
    }
}

/// One stream as text. Bytes that are no UTF-8 become U+FFFD; a character may be cut between two reads.
struct Pipe<R> {
    source: Option<R>,
    buffer: Vec<u8>,
    /// The begin of a character, from the last read.
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(source: Option<R>) -> Self {
        Self { source, buffer: vec![0; READ_BYTES], begun: Vec::new() }
    }

    /// The next text; at the end the rest, without a source.
    async fn read(&mut self) -> String {
        let Some(source) = &mut self.source else { return String::new() };
        // A pipe that cannot be read counts as ended.
        let count = source.read(&mut self.buffer).await.unwrap_or(0);
        if count == 0 {
            self.source = None;
            return String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned();
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(&self.buffer[..count]);
        self.begun = bytes.split_off(bytes.len() - begun_bytes(&bytes));
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

/// How many bytes at the end begin a character that is not whole.
fn begun_bytes(bytes: &[u8]) -> usize {
    for (from_end, &byte) in bytes.iter().rev().take(3).enumerate() {
        let length = from_end + 1;
        let whole = match byte {
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            0b1000_0000..=0b1011_1111 => continue,
            _ => return 0,
        };
        return if length < whole { length } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_in_pieces(pieces: &[&[u8]]) -> String {
        let (mut writer, reader) = tokio::io::duplex(1024);
        let mut pipe = Pipe::new(Some(reader));
        let mut text = String::new();
        for piece in pieces {
            tokio::io::AsyncWriteExt::write_all(&mut writer, piece).await.expect("the pipe is open");
            text.push_str(&pipe.read().await);
        }
        drop(writer);
        text.push_str(&pipe.read().await);
        text
    }

    #[tokio::test]
    async fn characters_that_are_cut_between_reads_are_whole() {
        let bytes = "aä€😀b".as_bytes();
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read_in_pieces(&pieces).await, "aä€😀b");
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(read_in_pieces(&[b"a\xff", b"\xe2\x82", b"b", b"\xf0\x9f"]).await, "a\u{fffd}\u{fffd}b\u{fffd}");
    }
}
