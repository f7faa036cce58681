use std::collections::HashMap;

const PREFIX: &str = "::set-output ";
/// The maximum length of a line that sets an output; the rest of a longer one is ignored.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Finds `::set-output key=value` lines in a job's stdout as it comes. The last value of a key counts.
#[derive(Debug, Default)]
pub(super) struct SetOutputScanner {
    pub outputs: HashMap<String, String>,
    line: String,
    /// The line under way cannot set an output.
    is_skipping: bool,
}

impl SetOutputScanner {
    pub fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some((line, after)) = rest.split_once('\n') {
            self.extend(line);
            self.end_line();
            rest = after;
        }
        self.extend(rest);
    }

    /// The last line may lack its newline.
    pub fn end(&mut self) {
        self.end_line();
    }

    fn extend(&mut self, text: &str) {
        if self.is_skipping {
            return;
        }
        self.line.push_str(text);
        let may_set = self.line.starts_with(PREFIX) || PREFIX.starts_with(&self.line);
        if !may_set || self.line.len() > LINE_BYTES_MAX {
            self.is_skipping = true;
            self.line.clear();
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.is_skipping = false;
        let line = line.strip_suffix('\r').unwrap_or(&line);
        if let Some((key, value)) = line.strip_prefix(PREFIX).and_then(|setting| setting.split_once('='))
            && !key.is_empty()
        {
            self.outputs.insert(key.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(pieces: &[&str]) -> Vec<(String, String)> {
        let mut scanner = SetOutputScanner::default();
        pieces.iter().for_each(|piece| scanner.write(piece));
        scanner.end();
        let mut outputs: Vec<_> = scanner.outputs.into_iter().collect();
        outputs.sort();
        outputs
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.into(), value.into())
    }

    #[test]
    fn lines_set_outputs_however_they_are_cut() {
        let whole = "hello\n::set-output version=1.2.3\r\n::set-output url=s3://a=b\nend";
        let expected = vec![pair("url", "s3://a=b"), pair("version", "1.2.3")];
        assert_eq!(scan(&[whole]), expected);
        let pieces: Vec<String> = whole.chars().map(String::from).collect();
        assert_eq!(scan(&pieces.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn the_last_value_counts_and_the_last_line_may_lack_its_newline() {
        assert_eq!(scan(&["::set-output a=1\n::set-output a=2"]), [pair("a", "2")]);
    }

    #[test]
    fn other_lines_set_nothing() {
        assert_eq!(scan(&[" ::set-output a=1\n::set-output =1\n::set-output a\n::set-outputs a=1\n"]), []);
    }

    #[test]
    fn a_line_without_an_end_costs_bounded_memory() {
        let mut scanner = SetOutputScanner::default();
        scanner.write("::set-output a=");
        for _ in 0..2048 {
            scanner.write(&"x".repeat(1024));
        }
        assert!(scanner.line.len() <= LINE_BYTES_MAX);
        scanner.write("\n::set-output b=1\n");
        assert_eq!(scanner.outputs.into_iter().collect::<Vec<_>>(), [pair("b", "1")]);
    }
}
