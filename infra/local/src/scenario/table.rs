use std::fmt;

/// One webhook and what came of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub what: &'static str,
    pub status: u16,
    pub result: String,
}

impl Row {
    pub(crate) fn new(what: &'static str, status: u16, result: impl Into<String>) -> Self {
        Self { what, status, result: result.into() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<36} {}   {}", self.what, self.status, self.result)
    }
}
