//! Settings out of the environment, read once when a function starts.
//!
//! A typed struct a crate reads itself through [`Settings`], which is a lookup function and a list of what is wrong.
//! A function with three wrong settings says so three times, not once a deployment.

use std::str::FromStr;

use thiserror::Error;

/// Reads settings by name and remembers every problem. Names may stand in a problem, values never.
pub struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

/// What is wrong with the settings, all of it.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("settings: {}", .problems.join("; "))]
pub struct SettingsError {
    pub problems: Vec<String>,
}

/// The process's environment, as a lookup function for [`Settings::new`].
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    std::env::var(name).ok()
}

impl<'a> Settings<'a> {
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// Text that must be there; an empty value counts as missing.
    pub fn required(&mut self, name: &str) -> String {
        match self.value(name) {
            Some(value) => value,
            None => {
                self.problem(name, "is missing");
                String::new()
            }
        }
    }

    /// A value that must be there and is read by `parse`; where it is not, the caller gets `placeholder` and
    /// [`Settings::finish`] the problem.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        placeholder: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let text = self.required(name);
        if text.is_empty() {
            return placeholder;
        }
        match parse(&text) {
            Ok(value) => value,
            Err(problem) => {
                self.problem(name, &problem);
                placeholder
            }
        }
    }

    /// A number within bounds, `default` where it is not set.
    pub fn number<T>(&mut self, name: &str, default: T, bounds: std::ops::RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.value(name) else { return default };
        match text.parse::<T>() {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                let problem = format!("is not a number from {} to {}", bounds.start(), bounds.end());
                self.problem(name, &problem);
                default
            }
        }
    }

    pub fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name} {problem}"));
    }

    /// `settings` if nothing was wrong.
    pub fn finish<T>(self, settings: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems: self.problems }) }
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "URL" => "http://127.0.0.1",
            "COUNT" => "7",
            "WORD" => "canary-seven",
            "BLANK" => "  ",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reads_what_is_there_and_defaults_what_is_not() {
        let mut settings = Settings::new(&lookup);
        assert_eq!(settings.required("URL"), "http://127.0.0.1");
        assert_eq!(settings.number("COUNT", 1, 1..=10), 7);
        assert_eq!(settings.number("OTHER", 3, 1..=10), 3);
        assert_eq!(settings.finish(()), Ok(()));
    }

    #[test]
    fn lists_every_problem_at_once_and_no_value() {
        let mut settings = Settings::new(&lookup);
        settings.required("BLANK");
        settings.required("NOWHERE");
        settings.number("WORD", 1, 1..=10);
        settings.number("COUNT", 1, 1..=5);
        settings.parsed("WORD", 0, |_| Err("is not JSON".to_owned()));
        let error = settings.finish(()).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "BLANK is missing",
                "NOWHERE is missing",
                "WORD is not a number from 1 to 10",
                "COUNT is not a number from 1 to 5",
                "WORD is not JSON"
            ]
        );
        assert!(!error.to_string().contains("canary"));
    }
}
