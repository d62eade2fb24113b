use jiff::Timestamp;
use message::Rejection;

/// Names of the message attributes that a dead letter explains itself with, as the AWS console shows them. SQS
/// takes ten attributes a message.
pub mod attribute_names {
    pub const CODE: &str = "Code";
    pub const PATH: &str = "Path";
    pub const FLOW: &str = "Flow";
    pub const MAPPING_VERSION: &str = "MappingVersion";
    pub const SUMMARY: &str = "Summary";
    pub const SOURCE_QUEUE: &str = "SourceQueue";
    pub const ORIGINAL_MESSAGE_ID: &str = "OriginalMessageId";
    pub const CORRELATION_ID: &str = "CorrelationId";
    pub const ATTEMPTS: &str = "Attempts";
    pub const FAILED_AT: &str = "FailedAt";
}

/// SQS refuses a message without a body; a record without one still has to be seen by somebody.
const NO_BODY: &str = "(the record had no body)";

/// A value longer than this is cut: attributes count towards the size of the message.
const LONGEST_VALUE: usize = 512;

/// A copy of a message for the dead letter queue, with the reason.
#[derive(Clone, Copy)]
pub struct DeadLetter<'a> {
    /// The message as it came, byte for byte; empty where there was none.
    pub body: &'a str,
    pub rejection: &'a Rejection,
    pub flow: &'static str,
    /// Name of the queue that it came from: where a redrive has to send it.
    pub source_queue: &'a str,
    pub original_message_id: &'a str,
    /// Empty where the envelope could not be read.
    pub correlation_id: &'a str,
    pub attempts: u32,
    pub failed_at: Timestamp,
}

impl DeadLetter<'_> {
    pub fn body(&self) -> &str {
        if self.body.is_empty() { NO_BODY } else { self.body }
    }

    /// Name and value of each attribute, without the empty ones, which SQS refuses.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        use attribute_names as name;
        let rejection = self.rejection;
        [
            (name::CODE, rejection.code.as_str().to_owned()),
            (name::PATH, rejection.path.clone()),
            (name::FLOW, self.flow.to_owned()),
            (name::MAPPING_VERSION, rejection.mapping.to_owned()),
            (name::SUMMARY, rejection.summary.clone()),
            (name::SOURCE_QUEUE, self.source_queue.to_owned()),
            (name::ORIGINAL_MESSAGE_ID, self.original_message_id.to_owned()),
            (name::CORRELATION_ID, self.correlation_id.to_owned()),
            (name::ATTEMPTS, self.attempts.to_string()),
            (name::FAILED_AT, self.failed_at.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (name, acceptable(&value)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
    }
}

/// SQS takes the characters of XML 1.0 only; one that it does not take would keep the letter from being sent.
fn acceptable(value: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    value.chars().take(LONGEST_VALUE).map(|c| if allowed(c) { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use message::Code;

    use super::*;

    fn letter(rejection: &Rejection) -> DeadLetter<'_> {
        DeadLetter {
            body: r#"{"a":1}"#,
            rejection,
            flow: "orders-to-inventory",
            source_queue: "orders",
            original_message_id: "m-1",
            correlation_id: "",
            attempts: 1,
            failed_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn says_why_where_and_from_which_queue() {
        let rejection = Rejection::new(Code::FieldMissing, "$.line_items[0].sku", "expected a string")
            .with_mapping("shopify-order/1");
        let attributes = letter(&rejection).attributes();
        let expected = [
            ("Code", "SPW2001"),
            ("Path", "$.line_items[0].sku"),
            ("Flow", "orders-to-inventory"),
            ("MappingVersion", "shopify-order/1"),
            ("Summary", "expected a string"),
            ("SourceQueue", "orders"),
            ("OriginalMessageId", "m-1"),
            ("Attempts", "1"),
            ("FailedAt", "2026-11-24T10:00:00Z"),
        ];
        assert_eq!(attributes, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn never_has_more_attributes_than_sqs_takes() {
        let rejection = Rejection::new(Code::FieldMissing, "$", "x").with_mapping("m/1");
        let mut full = letter(&rejection);
        full.correlation_id = "c";
        assert_eq!(full.attributes().len(), 10);
    }

    #[test]
    fn characters_that_sqs_refuses_and_endless_values_do_not_stop_the_letter() {
        let rejection = Rejection::new(Code::FieldMissing, "$.a\u{0}\u{FFFF}b", "ü".repeat(9_000));
        let attributes = letter(&rejection).attributes();
        assert_eq!(attributes[1].1, "$.a??b");
        assert_eq!(attributes[3].1.chars().count(), LONGEST_VALUE);
    }

    #[test]
    fn a_record_without_a_body_is_still_sent() {
        let rejection = Rejection::new(Code::BodyMissing, "$", "x");
        let mut empty = letter(&rejection);
        empty.body = "";
        assert!(!empty.body().is_empty());
    }
}
