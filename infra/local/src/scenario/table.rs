use std::fmt;

/// One thing that was done, and what came of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub flow: &'static str,
    pub what: &'static str,
    /// Of the webhook, where there was one.
    pub status: Option<u16>,
    pub result: String,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        write!(f, "  {:<46} {status:<3}   {}", self.what, self.result)
    }
}

/// What came of the scenario: a row a step, and everything that is not as it has to be.
#[derive(Debug)]
pub struct Outcome {
    pub rows: Vec<Row>,
    pub wrong: Vec<String>,
}

/// By flow.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.rows.chunk_by(|one, next| one.flow == next.flow) {
            if let Some(first) = part.first() {
                writeln!(f, "{}", first.flow)?;
            }
            for row in part {
                writeln!(f, "{row}")?;
            }
        }
        Ok(())
    }
}
