use jiff::Timestamp;

use crate::carried::Failures;
use crate::dead_letter::attribute_names as name;
use crate::{Attribute, Attributes};

/// What a dead letter says of itself: the other way round of [`crate::DeadLetter::attributes`]. Where a text is missing it is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    pub code: String,
    pub path: String,
    pub flow: String,
    pub mapping: String,
    pub summary: String,
    pub source_queue: String,
    pub original_message_id: String,
    pub correlation_id: String,
    pub attempts: u32,
    pub first_failed_at: Timestamp,
    pub last_failed_at: Timestamp,
}

impl Reason {
    /// `None` of a message that SQS moved by itself, or that somebody else has put there: it says nothing.
    pub fn of(attributes: &Attributes) -> Option<Self> {
        let failures = Failures::of(attributes)?;
        let text =
            |name| attributes.get(name).and_then(Attribute::text).map(str::to_owned).unwrap_or_default();
        Some(Self {
            code: text(name::CODE),
            path: text(name::PATH),
            flow: text(name::FLOW),
            mapping: text(name::MAPPING_VERSION),
            summary: text(name::SUMMARY),
            source_queue: text(name::SOURCE_QUEUE),
            original_message_id: text(name::ORIGINAL_MESSAGE_ID),
            correlation_id: text(name::CORRELATION_ID),
            attempts: failures.attempts,
            first_failed_at: failures.first,
            last_failed_at: failures.last,
        })
    }
}

#[cfg(test)]
mod tests {
    use message::{Code, Rejection};

    use super::*;
    use crate::DeadLetter;

    #[test]
    fn a_letter_is_read_as_it_was_written() {
        let rejection = Rejection::new(Code::FieldMissing, "$.sku", "expected a string")
            .with_mapping("shopify-order/2 canonical.order@1");
        let (first, last) =
            ("2026-11-24T10:00:00Z".parse().unwrap(), "2026-11-24T10:09:00Z".parse().unwrap());
        let letter = DeadLetter {
            body: "{}",
            attributes: &Attributes::new(),
            rejection: &rejection,
            flow: "orders-to-inventory",
            source_queue: "spillway-orders-to-inventory",
            message_id: "m-2",
            original_message_id: "m-1",
            correlation_id: "",
            attempts: 5,
            first_failed_at: first,
            last_failed_at: last,
            trace_header: None,
            group_id: None,
        };
        let attributes = letter.attributes().into_iter();
        let attributes =
            attributes.map(|(name, value)| (name.to_owned(), Attribute::string(value))).collect();
        let expected = Reason {
            code: "SPW2001".to_owned(),
            path: "$.sku".to_owned(),
            flow: "orders-to-inventory".to_owned(),
            mapping: "shopify-order/2 canonical.order@1".to_owned(),
            summary: "expected a string".to_owned(),
            source_queue: "spillway-orders-to-inventory".to_owned(),
            original_message_id: "m-1".to_owned(),
            correlation_id: String::new(),
            attempts: 5,
            first_failed_at: first,
            last_failed_at: last,
        };
        assert_eq!(Reason::of(&attributes), Some(expected));
    }

    #[test]
    fn another_ones_attributes_are_no_reason() {
        let attributes = Attributes::from([("Code".to_owned(), Attribute::string("SPW2001"))]);
        assert_eq!(Reason::of(&attributes), None);
    }
}
