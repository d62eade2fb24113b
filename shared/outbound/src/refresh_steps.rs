use std::collections::BTreeSet;
use std::fmt;

/// Steps of a refresh that are done, each by a name of the connector's: an attempt that is broken off leaves them to the next one, which
/// does the others. It says nothing of another refresh.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RefreshSteps(BTreeSet<String>);

impl RefreshSteps {
    /// As [`fmt::Display`] has written them.
    pub fn read(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    pub fn is_done(&self, step: &str) -> bool {
        self.0.contains(step)
    }

    /// A name has no blank in it: what has one would be read as two, and so is not remembered.
    pub fn done(&mut self, step: String) {
        if !step.is_empty() && !step.contains(char::is_whitespace) {
            self.0.insert(step);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for RefreshSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = self.0.iter();
        if let Some(first) = steps.next() {
            f.write_str(first)?;
        }
        steps.try_for_each(|step| write!(f, " {step}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut steps = RefreshSteps::default();
        assert!(steps.is_empty() && RefreshSteps::read("").is_empty());
        for step in ["7", "7/12", "7", "not one", ""] {
            steps.done(step.to_owned());
        }
        assert_eq!(steps.to_string(), "7 7/12");
        assert_eq!(RefreshSteps::read(&steps.to_string()), steps);
        assert!(steps.is_done("7/12") && !steps.is_done("7/13") && !steps.is_done("not one"));
    }
}
