use crate::wire::Step;

/// Follows which step of a job runs, by the lines `::step 2/3 Name` that the job's script prints before each.
#[derive(Debug)]
pub(super) struct StepTracker {
    names: Vec<String>,
    begun: usize,
    line: String,
}

impl StepTracker {
    pub fn of(steps: &[Step]) -> Self {
        Self { names: steps.iter().map(|step| step.name.clone()).collect(), begun: 0, line: String::new() }
    }

    /// Takes stdout as it comes. Only the line of the next step counts, so that a step cannot announce another by chance.
    pub fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(next) = self.announcement() {
            let Some((line, after)) = rest.split_once('\n') else {
                // A longer line is not an announcement; a little more is enough to detect that.
                let room = (next.len() + 1).saturating_sub(self.line.len());
                self.line.extend(rest.chars().take(room));
                return;
            };
            if next.strip_prefix(self.line.as_str()) == Some(line) {
                self.begun += 1;
            }
            self.line.clear();
            rest = after;
        }
    }

    /// A failure with the step that it happened in: `step 2/3 "Unit tests": exit status 1`.
    pub fn named(&self, failure: String) -> String {
        let Some(name) = self.begun.checked_sub(1).and_then(|index| self.names.get(index)) else { return failure };
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("step {}/{} \"{name}\": {failure}", self.begun, self.names.len())
    }

    fn announcement(&self) -> Option<String> {
        let name = self.names.get(self.begun)?;
        Some(format!("::step {}/{} {name}", self.begun + 1, self.names.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pieces: &[&str]) -> String {
        let names = ["Build", "Unit \"tests\""].map(String::from).to_vec();
        let mut tracker = StepTracker { names, begun: 0, line: String::new() };
        pieces.iter().for_each(|piece| tracker.write(piece));
        tracker.named("exit status 1".into())
    }

    #[test]
    fn a_failure_names_the_last_step_that_was_announced() {
        assert_eq!(named(&["hello\n"]), "exit status 1");
        assert_eq!(named(&["::step 1/2 Bu", "ild\nx\n"]), "step 1/2 \"Build\": exit status 1");
        let both = "::step 1/2 Build\n::step 2/2 Unit \"tests\"\n::step 1/2 Build\n";
        assert_eq!(named(&[both]), "step 2/2 \"Unit \\\"tests\\\"\": exit status 1");
    }

    #[test]
    fn a_step_is_known_by_its_own_line_in_its_turn() {
        let pieces =
            ["::step 2/2 Unit \"tests\"\n::step 1/2 Build\n", "x ::step 2/2 Unit \"tests\"\n::step 2/2 Other\n"];
        assert_eq!(named(&pieces), "step 1/2 \"Build\": exit status 1");
    }
}
