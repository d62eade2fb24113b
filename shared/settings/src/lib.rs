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

/// Something wrong inside a structured setting: where (empty, or starting with a dot), and what.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: String,
    pub problem: String,
}

impl Problem {
    pub fn whole(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }
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
                self.problem(name, "missing");
                String::new()
            }
        }
    }

    /// Text that need not be there; an empty value counts as missing.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.value(name)
    }

    /// A value that must be there and is read by `parse`, which may find any number of problems with it.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Vec<Problem>>,
    ) -> Option<T> {
        let text = self.required(name);
        if text.is_empty() {
            return None;
        }
        match parse(&text) {
            Ok(value) => Some(value),
            Err(problems) => {
                for Problem { path, problem } in problems {
                    self.problem(&format!("{name}{path}"), &problem);
                }
                None
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
                let problem = format!("a whole number from {} to {}", bounds.start(), bounds.end());
                self.problem(name, &problem);
                default
            }
        }
    }

    pub fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name}: {problem}"));
    }

    /// The typed settings if nothing was wrong; `None` stands for a part that could not be read.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, SettingsError> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(SettingsError { problems: self.problems }),
        }
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
        assert_eq!(settings.finish(Some(7)), Ok(7));
    }

    #[test]
    fn lists_every_problem_at_once_and_no_value() {
        let mut settings = Settings::new(&lookup);
        settings.required("BLANK");
        settings.required("NOWHERE");
        settings.number("WORD", 1, 1..=10);
        settings.number("COUNT", 1, 1..=5);
        assert_eq!(settings.parsed::<()>("WORD", |_| Err(vec![Problem::whole("not JSON")])), None);
        let error = settings.finish(Some(7)).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "BLANK: missing",
                "NOWHERE: missing",
                "WORD: a whole number from 1 to 10",
                "COUNT: a whole number from 1 to 5",
                "WORD: not JSON"
            ]
        );
        assert!(!error.to_string().contains("canary"));
    }
}
