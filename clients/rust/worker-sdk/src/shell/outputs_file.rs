use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A job's outputs file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputsFileError {
    #[error(
        "outputs file: not a regular file; append lines to the file that $WORKFLOW_GRAPH_OUTPUT names, do not replace it"
    )]
    NotRegular,
    #[error("the outputs file has {0} bytes; at most {FILE_BYTES_MAX} are taken")]
    TooLarge(u64),
    #[error("outputs file: {0}")]
    Unreadable(#[from] io::Error),
    #[error("outputs file, line {line}: {problem}")]
    Line { line: usize, problem: String },
}

/// Reads a job's outputs file, as [`parse_outputs_file`] says. A file that the job removed has no outputs. The job
/// controls the path, so a FIFO, a link or a device there must not block the reader or fill its memory.
pub(super) fn read_outputs_file(path: &Path) -> Result<HashMap<String, String>, OutputsFileError> {
    let file = match open(path) {
        Ok(file) => file,
        Err(OutputsFileError::Unreadable(error)) if is_absence(&error) => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(OutputsFileError::NotRegular);
    }
    let mut content = Vec::new();
    // A process that the job left behind may still append.
    let bytes = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)? as u64;
    if bytes > FILE_BYTES_MAX {
        return Err(OutputsFileError::TooLarge(bytes.max(metadata.len())));
    }
    let text = String::from_utf8_lossy(&content);
    // A byte order mark is not part of the first key.
    parse_outputs_file(text.strip_prefix('\u{feff}').unwrap_or(&text))
}

/// Neither waits for the writer of a FIFO nor follows a link.
fn open(path: &Path) -> Result<File, OutputsFileError> {
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path).map_err(|error| {
        let is_other = fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
        if is_other { OutputsFileError::NotRegular } else { OutputsFileError::Unreadable(error) }
    })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Reads a job's outputs file: lines `key=value`, and for values of several lines
///
/// ```text
/// key<<END
/// first line
/// second line
/// END
/// ```
///
/// where END is any text. Empty lines are skipped; the last value of a key wins.
pub(super) fn parse_outputs_file(text: &str) -> Result<HashMap<String, String>, OutputsFileError> {
    let mut outputs = HashMap::new();
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    while let Some((index, line)) = lines.next() {
        let problem = |problem: String| OutputsFileError::Line { line: index + 1, problem };
        if line.is_empty() {
            continue;
        }
        match (line.find("<<"), line.find('=')) {
            (Some(mark), equals) if mark > 0 && equals.is_none_or(|equals| mark < equals) => {
                let delimiter = &line[mark + 2..];
                if delimiter.is_empty() {
                    return Err(problem("\"<<\" needs an end mark after it".into()));
                }
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some((_, end)) if end == delimiter => break,
                        Some((_, line)) => value.push(line),
                        None => return Err(problem(format!("the end mark \"{delimiter}\" does not follow"))),
                    }
                }
                outputs.insert(line[..mark].to_owned(), value.join("\n"));
            }
            (_, Some(equals)) if equals > 0 => {
                outputs.insert(line[..equals].to_owned(), line[equals + 1..].to_owned());
            }
            _ => return Err(problem("expected key=value or key<<END".into())),
        }
    }
    Ok(outputs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
        let mut outputs: Vec<_> = parse_outputs_file(text).map_err(|error| error.to_string())?.into_iter().collect();
        outputs.sort();
        Ok(outputs)
    }

    #[test]
    fn single_lines_and_blocks_are_read() {
        let text = "a=1\r\n\nb=x<<y=z\nnotes<<END\none\n\ntwo=2\nEND\na=2\nempty=\n";
        let expected = [("a", "2"), ("b", "x<<y=z"), ("empty", ""), ("notes", "one\n\ntwo=2")];
        assert_eq!(parse(text), Ok(expected.map(|(key, value)| (key.into(), value.into())).into()));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let table = [
            ("a=1\nnonsense\n", "outputs file, line 2: expected key=value or key<<END"),
            ("=1", "outputs file, line 1: expected key=value or key<<END"),
            ("a<<\n", "outputs file, line 1: \"<<\" needs an end mark after it"),
            ("\na<<END\nb\n", "outputs file, line 2: the end mark \"END\" does not follow"),
        ];
        for (text, problem) in table {
            assert_eq!(parse(text), Err(problem.into()), "{text:?}");
        }
    }

    #[test]
    fn keys_are_taken_as_they_are() {
        let expected = [("\u{1} ключ\t", "3"), ("__proto__", "1"), ("constructor", "2")];
        let text = "__proto__=1\nconstructor<<E\n2\nE\n\u{1} ключ\t=3\n";
        assert_eq!(parse(text), Ok(expected.map(|(key, value)| (key.into(), value.into())).into()));
    }

    #[test]
    fn a_removed_file_has_no_outputs_and_a_byte_order_mark_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outputs");
        assert!(read_outputs_file(&path).unwrap().is_empty());
        assert!(read_outputs_file(&directory.path().join("gone/outputs")).unwrap().is_empty());
        std::fs::write(&path, b"\xEF\xBB\xBFk=a\xffb\n\xEF\xBB\xBFsecond=kept\n").unwrap();
        let outputs = read_outputs_file(&path).unwrap();
        assert_eq!((outputs["k"].as_str(), outputs["\u{feff}second"].as_str()), ("a\u{fffd}b", "kept"));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, place(name)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(place("fifo")).status().unwrap().success());
        std::fs::write(place("file"), "k=v\n").unwrap();
        std::fs::create_dir(place("directory")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(place("socket")).unwrap());
        link("/dev/zero", "zero");
        link(place("fifo").to_str().unwrap(), "fifo-link");
        link(place("file").to_str().unwrap(), "file-link");
        link("/nowhere", "nowhere");
        for name in ["fifo", "directory", "socket", "zero", "fifo-link", "file-link", "nowhere"] {
            let (done, read) = std::sync::mpsc::channel();
            let path = place(name);
            std::thread::spawn(move || done.send(read_outputs_file(&path)));
            let read = read.recv_timeout(std::time::Duration::from_secs(30));
            assert!(matches!(read, Ok(Err(OutputsFileError::NotRegular))), "{name}: {read:?}");
        }
        std::fs::write(place("large"), "x".repeat(1024 * 1024 + 7)).unwrap();
        let read = read_outputs_file(&place("large")).map_err(|error| error.to_string());
        assert_eq!(read, Err("the outputs file has 1048583 bytes; at most 1048576 are taken".into()));
    }
}
