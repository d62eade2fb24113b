use jiff::Timestamp;
use message::Rejection;

use crate::Attributes;
use crate::carried::{Failures, allowed, folded};

/// Names of the message attributes that a dead letter explains itself with, as the AWS console shows them. SQS
/// takes ten attributes a message.
pub mod attribute_names {
    pub const CODE: &str = "Code";
    pub const PATH: &str = "Path";
    pub const FLOW: &str = "Flow";
    /// Of each mapping that it went through: `shopify-order/2 canonical.order@1, tryton-sale/2 tryton.sale@8.2`. Where a mapping
    /// has refused, it is the last of them.
    pub const MAPPING_VERSION: &str = "MappingVersion";
    pub const SUMMARY: &str = "Summary";
    pub const SOURCE_QUEUE: &str = "SourceQueue";
    pub const ORIGINAL_MESSAGE_ID: &str = "OriginalMessageId";
    pub const CORRELATION_ID: &str = "CorrelationId";
    /// `attempts=5 first=<RFC 3339> last=<RFC 3339>`.
    pub const FAILURES: &str = "Failures";
    /// JSON object of what else the message carried, where it carried anything: ten are not enough for both.
    pub const ORIGINAL_ATTRIBUTES: &str = "OriginalAttributes";

    pub(crate) const ALL: [&str; 10] = [
        CODE,
        PATH,
        FLOW,
        MAPPING_VERSION,
        SUMMARY,
        SOURCE_QUEUE,
        ORIGINAL_MESSAGE_ID,
        CORRELATION_ID,
        FAILURES,
        ORIGINAL_ATTRIBUTES,
    ];
}

/// SQS refuses a message without a body; a record without one still has to be seen by somebody.
const NO_BODY: &str = "(the record had no body)";

/// A value longer than this is cut: attributes count towards the size of the message.
const LONGEST_VALUE: usize = 512;

/// A copy of a message for the dead letter queue, with the reason. The same message that is copied twice, because the
/// acknowledgement of the original was lost, is recognised by its original message id.
#[derive(Clone, Copy)]
pub struct DeadLetter<'a> {
    /// The message as it came, byte for byte; empty where there was none.
    pub body: &'a str,
    pub attributes: &'a Attributes,
    pub rejection: &'a Rejection,
    pub flow: &'static str,
    /// Name of the queue that it came from: where a redrive has to send it.
    pub source_queue: &'a str,
    /// Of the message as it was delivered: the same for every redelivery, another after a redrive.
    pub message_id: &'a str,
    /// Of the message before it was ever held or redriven.
    pub original_message_id: &'a str,
    /// Empty where the envelope could not be read.
    pub correlation_id: &'a str,
    /// Receives, those before it was held included.
    pub attempts: u32,
    pub first_failed_at: Timestamp,
    pub last_failed_at: Timestamp,
    pub trace_header: Option<&'a str>,
    /// `MessageGroupId`, of a FIFO queue's message.
    pub group_id: Option<&'a str>,
}

impl DeadLetter<'_> {
    pub fn body(&self) -> &str {
        if self.body.is_empty() { NO_BODY } else { self.body }
    }

    /// Name and value of each attribute, without the empty ones, which SQS refuses.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        use attribute_names as name;
        let rejection = self.rejection;
        let failures =
            Failures { attempts: self.attempts, first: self.first_failed_at, last: self.last_failed_at };
        let short = [
            (name::CODE, rejection.code.as_str().to_owned()),
            (name::PATH, rejection.path.clone()),
            (name::FLOW, self.flow.to_owned()),
            (name::MAPPING_VERSION, rejection.mapping.to_owned()),
            (name::SUMMARY, rejection.summary.clone()),
            (name::SOURCE_QUEUE, self.source_queue.to_owned()),
            (name::ORIGINAL_MESSAGE_ID, self.original_message_id.to_owned()),
            (name::CORRELATION_ID, self.correlation_id.to_owned()),
            (name::FAILURES, failures.told()),
        ];
        let original = (name::ORIGINAL_ATTRIBUTES, folded(self.attributes));
        short
            .into_iter()
            .map(|(name, value)| (name, acceptable(&value)))
            .chain([original])
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

impl DeadLetter<'_> {
    /// Whether a message with these attributes is a dead letter of ours that somebody has redriven: SQS's own redrive and the
    /// console's leave attributes as they are, and so does holding the message.
    pub fn is_redriven(attributes: &Attributes) -> bool {
        Failures::of(attributes).is_some()
    }

    /// The time of the first failure as the message's attributes say it, else `otherwise`.
    pub fn first_failed_at(attributes: &Attributes, otherwise: Timestamp) -> Timestamp {
        Failures::of(attributes).map_or(otherwise, |failures| failures.first.min(otherwise))
    }
}

fn acceptable(value: &str) -> String {
    allowed(value.chars().take(LONGEST_VALUE))
}

#[cfg(test)]
mod tests {
    use message::Code;

    use super::*;
    use crate::Attribute;

    static NONE: Attributes = Attributes::new();

    fn letter(rejection: &Rejection) -> DeadLetter<'_> {
        DeadLetter {
            body: r#"{"a":1}"#,
            attributes: &NONE,
            rejection,
            flow: "orders-to-inventory",
            source_queue: "orders",
            message_id: "m-1",
            original_message_id: "m-1",
            correlation_id: "",
            attempts: 5,
            first_failed_at: "2026-11-24T10:00:00Z".parse().unwrap(),
            last_failed_at: "2026-11-24T10:09:00Z".parse().unwrap(),
            trace_header: None,
            group_id: None,
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
            ("Failures", "attempts=5 first=2026-11-24T10:00:00Z last=2026-11-24T10:09:00Z"),
        ];
        assert_eq!(attributes, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn never_has_more_attributes_than_sqs_takes() {
        let rejection = Rejection::new(Code::FieldMissing, "$", "x").with_mapping("m/1");
        let mut full = letter(&rejection);
        full.correlation_id = "c";
        let own: Attributes = (0..10).map(|n| (format!("Own{n}"), Attribute::string("x"))).collect();
        full.attributes = &own;
        assert_eq!(full.attributes().len(), 10);
    }

    #[test]
    fn what_the_message_carried_is_kept_over_a_redrive_and_an_earlier_reason_is_not() {
        let rejection = Rejection::new(Code::FieldMissing, "$", "x");
        let own = Attributes::from([("Tenant".to_owned(), Attribute::string("acme"))]);
        let first = DeadLetter { attributes: &own, ..letter(&rejection) }.attributes();
        let redriven: Attributes =
            first.into_iter().map(|(name, value)| (name.to_owned(), Attribute::string(value))).collect();
        assert!(DeadLetter::is_redriven(&redriven) && !DeadLetter::is_redriven(&own));
        assert_eq!(Failures::of(&redriven).unwrap().first, "2026-11-24T10:00:00Z".parse().unwrap());
        let second = DeadLetter { attributes: &redriven, ..letter(&rejection) }.attributes();
        let kept =
            second.iter().find(|(name, _)| *name == "OriginalAttributes").map(|(_, value)| value.as_str());
        assert_eq!(kept, Some(r#"{"Tenant":"acme"}"#));
        assert!(second.len() <= 10);
    }

    #[test]
    fn attributes_of_any_form_do_not_stop_the_letter() {
        let rejection = Rejection::new(Code::FieldMissing, "$", "x");
        let odd = Attributes::from([
            ("Code".to_owned(), Attribute::string("SPW9999")),
            ("Failures".to_owned(), Attribute::string("first=never last=")),
            ("OriginalAttributes".to_owned(), Attribute::string("[1]")),
            ("Raw".to_owned(), Attribute::Binary { data_type: "Binary".to_owned(), value: vec![0xff] }),
            ("Large".to_owned(), Attribute::string("x".repeat(100_000))),
        ]);
        assert_eq!(Failures::of(&odd), None);
        let letter = DeadLetter { attributes: &odd, ..letter(&rejection) };
        let attributes = letter.attributes();
        let kept = attributes.iter().find(|(name, _)| *name == "OriginalAttributes").unwrap().1.as_str();
        let expected = r#"{"Code":"SPW9999","Failures":"first=never last=","Raw":{"BinaryValue":"/w==","DataType":"Binary"}}"#;
        assert_eq!(kept, expected, "of another's letter all that fits is kept");
        assert_eq!(attributes[0].1, "SPW2001");
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
