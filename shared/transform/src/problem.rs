use std::borrow::Cow;
use std::fmt;

use message::{Code, Rejection};

/// How many problems of one message are told; a further one is [`Code::LimitExceeded`] in their last place.
pub const MAX_PROBLEMS: usize = 20;

/// A summary goes into message attributes and log lines.
const MAX_SUMMARY_CHARS: usize = 200;

/// One thing that is wrong with a message. Holds no value of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub code: Code,
    /// JSON path, such as `$.line_items[0].sku`; built of the contract's names and of indices only.
    pub path: String,
    pub expected: Cow<'static, str>,
    pub came: Kind,
}

/// The kind of what came: what can be said of a value without telling it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Missing,
    Null,
    Boolean,
    Integer,
    /// A number with a fraction or an exponent, or beyond 64 bits.
    Fraction,
    /// Empty, or white space only.
    EmptyString,
    String,
    Array,
    Object,
    /// Not one JSON value that can be read.
    Unreadable,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "nothing",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Fraction => "a number that is no 64-bit integer",
            Self::EmptyString => "an empty string",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Unreadable => "something that cannot be read",
        })
    }
}

/// Why a mapping could not translate a message: everything that is wrong with it, up to [`MAX_PROBLEMS`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.summary())]
pub struct MappingError {
    /// The mapping that refused, such as `shopify-order/1`.
    pub mapping: &'static str,
    /// In the order in which the mapping reads; at least one.
    pub problems: Vec<Problem>,
}

impl MappingError {
    pub(crate) fn one(
        mapping: &'static str,
        code: Code,
        path: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
        came: Kind,
    ) -> Self {
        let problem = Problem { code, path: path.into(), expected: expected.into(), came };
        Self { mapping, problems: vec![problem] }
    }

    /// One sentence of bounded length: the first problem, then how many more there are and where.
    pub fn summary(&self) -> String {
        let Some((first, others)) = self.problems.split_first() else {
            return "the message cannot be mapped".to_owned();
        };
        let mut summary = format!("expected {}, came {}", first.expected, first.came);
        if !others.is_empty() {
            let paths: Vec<_> = others.iter().map(|problem| problem.path.as_str()).collect();
            summary.push_str(&format!("; {} problems, also at {}", self.problems.len(), paths.join(", ")));
        }
        bounded(summary)
    }
}

fn bounded(text: String) -> String {
    if text.chars().count() <= MAX_SUMMARY_CHARS {
        return text;
    }
    text.chars().take(MAX_SUMMARY_CHARS - 3).chain("...".chars()).collect()
}

impl From<MappingError> for Rejection {
    fn from(error: MappingError) -> Self {
        let (code, path) = match error.problems.first() {
            Some(first) => (first.code, first.path.clone()),
            None => (Code::ValueInvalid, "$".to_owned()),
        };
        Self::new(code, path, error.summary()).with_mapping(error.mapping)
    }
}

/// Collects the problems of one message.
#[derive(Default)]
pub(crate) struct Problems {
    told: Vec<Problem>,
    /// One more was found than is told: there is no use in reading on.
    overflowed: bool,
}

impl Problems {
    /// A place has one problem, the first that was seen, however often it is looked at.
    pub(crate) fn push(&mut self, code: Code, path: String, expected: Cow<'static, str>, came: Kind) {
        if self.told.iter().any(|problem| problem.path == path) {
            return;
        }
        if self.told.len() < MAX_PROBLEMS {
            self.told.push(Problem { code, path, expected, came });
        } else if let Some(last) = self.told.last_mut() {
            self.overflowed = true;
            *last = Problem {
                code: Code::LimitExceeded,
                path: "$".to_owned(),
                expected: "fewer problems in one message".into(),
                came: Kind::Object,
            };
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(crate) fn into_error(self, mapping: &'static str) -> MappingError {
        MappingError { mapping, problems: self.told }
    }

    pub(crate) const fn have_overflowed(&self) -> bool {
        self.overflowed
    }

    pub(crate) fn into_result<T>(self, mapping: &'static str, mapped: Option<T>) -> Result<T, MappingError> {
        match mapped {
            Some(mapped) if self.told.is_empty() => Ok(mapped),
            _ => Err(MappingError { mapping, problems: self.told }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(count: usize) -> MappingError {
        let mut problems = Problems::default();
        for index in 0..count {
            problems.push(
                Code::FieldMissing,
                format!("$.line_items[{index}].sku"),
                "a string".into(),
                Kind::Null,
            );
        }
        problems.into_result::<()>("shopify-order/1", None).unwrap_err()
    }

    #[test]
    fn a_rejection_names_the_first_problem_and_where_the_others_are() {
        let rejection = Rejection::from(collected(3));
        assert_eq!(rejection.code, Code::FieldMissing);
        assert_eq!(rejection.path, "$.line_items[0].sku");
        assert_eq!(rejection.mapping, "shopify-order/1");
        assert_eq!(
            rejection.summary,
            "expected a string, came null; 3 problems, also at $.line_items[1].sku, $.line_items[2].sku"
        );
    }

    #[test]
    fn a_summary_is_cut_at_its_bound() {
        let summary = collected(MAX_PROBLEMS).summary();
        assert_eq!(summary.chars().count(), MAX_SUMMARY_CHARS);
        assert!(summary.ends_with("..."), "{summary}");
    }

    #[test]
    fn a_place_has_one_problem_the_first() {
        let mut problems = Problems::default();
        for code in [Code::TypeMismatch, Code::FieldMissing] {
            problems.push(code, "$.id".to_owned(), "an integer".into(), Kind::String);
        }
        let error = problems.into_result::<()>("shopify-order/1", None).unwrap_err();
        assert_eq!(error.problems.len(), 1);
        assert_eq!(error.problems[0].code, Code::TypeMismatch);
    }

    #[test]
    fn one_problem_too_many_says_that_there_are_more() {
        assert!(collected(MAX_PROBLEMS).problems.iter().all(|problem| problem.code == Code::FieldMissing));
        let error = collected(MAX_PROBLEMS + 5);
        assert_eq!(error.problems.len(), MAX_PROBLEMS);
        assert_eq!(error.problems[0].path, "$.line_items[0].sku");
        assert_eq!(error.problems[MAX_PROBLEMS - 1].code, Code::LimitExceeded);
    }
}
