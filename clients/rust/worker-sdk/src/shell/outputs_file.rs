use std::collections::HashMap;

/// What a job wrote into its outputs file cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("outputs file, line {line}: {problem}")]
pub(super) struct OutputsFileError {
    line: usize,
    problem: String,
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
/// where END is any text. Empty lines are passed over; the last value of a key counts.
pub(super) fn parse_outputs_file(text: &str) -> Result<HashMap<String, String>, OutputsFileError> {
    let mut outputs = HashMap::new();
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    while let Some((index, line)) = lines.next() {
        let problem = |problem: String| OutputsFileError { line: index + 1, problem };
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
}
