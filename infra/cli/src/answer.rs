use serde_json::Value;

/// What a command has found out.
pub(crate) struct Answer {
    /// For a person.
    pub(crate) text: String,
    /// For a program.
    pub(crate) json: Value,
    /// Whether nothing is wrong.
    pub(crate) good: bool,
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
