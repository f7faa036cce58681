/// One event of a `text/event-stream`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ServerSentEvent {
    /// `message` when the stream names none; here empty.
    pub name: String,
    pub data: String,
    /// For `Last-Event-ID`.
    pub id: Option<String>,
}

/// Parses events from a byte stream. An event truncated by the end of the stream is dropped, as the format requires.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    bytes: Vec<u8>,
    /// How much of `bytes` was searched for the end of a line.
    searched: usize,
    event: ServerSentEvent,
    has_data: bool,
}

impl EventReader {
    pub fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole event, if it is there.
    pub fn next(&mut self) -> Option<ServerSentEvent> {
        while let Some(line) = self.next_line() {
            if !line.is_empty() {
                self.take_field(&line);
                continue;
            }
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                return Some(event);
            }
        }
        None
    }

    fn next_line(&mut self) -> Option<String> {
        let Some(end) = self.bytes[self.searched..].iter().position(|&byte| byte == b'\n') else {
            self.searched = self.bytes.len();
            return None;
        };
        let line: Vec<u8> = self.bytes.drain(..=self.searched + end).collect();
        self.searched = 0;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        Some(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned())
    }

    fn take_field(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.to_owned(),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments, and fields that this client has no use for.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_the_bytes_are_cut_and_a_cut_one_is_dropped() {
        let text =
            ": hello\n\nevent: log\nid: 0.1.1\ndata: {\"a\":\ndata: \"ü\"}\n\ndata:x\r\n\r\nevent: log\ndata: cut";
        for size in [1, 3, 1000] {
            let mut reader = EventReader::default();
            let mut events = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                reader.write(piece);
                events.extend(std::iter::from_fn(|| reader.next()));
            }
            let log = ServerSentEvent { name: "log".into(), data: "{\"a\":\n\"ü\"}".into(), id: Some("0.1.1".into()) };
            let plain = ServerSentEvent { data: "x".into(), ..ServerSentEvent::default() };
            assert_eq!(events, [log, plain], "in pieces of {size}");
        }
    }
}
