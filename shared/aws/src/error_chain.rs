use std::error::Error;

/// An error and its causes in one line. The SDK's own context printer adds the raw response, which may hold data.
pub fn error_chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Wrappers often repeat what they wrap.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        #[source]
        next: Option<Box<Link>>,
    }

    #[test]
    fn names_every_cause_once() {
        let root = Link { text: "connection refused", next: None };
        let middle = Link { text: "connection refused", next: Some(Box::new(root)) };
        let top = Link { text: "dispatch failure", next: Some(Box::new(middle)) };
        assert_eq!(error_chain(&top), "dispatch failure: connection refused");
    }
}
