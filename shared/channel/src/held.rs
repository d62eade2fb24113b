use std::time::Duration;

use jiff::Timestamp;

use crate::{Attribute, Attributes};

const FIRST_SENT_AT: &str = "FirstSentAt";
const ORIGINAL_MESSAGE_ID: &str = "OriginalMessageId";

/// A message that is sent again to come later, as it was.
#[derive(Clone, Copy)]
pub struct HeldMessage<'a> {
    pub body: &'a str,
    pub attributes: &'a Attributes,
    pub origin: &'a Origin,
    pub trace_header: Option<&'a str>,
    pub delay: Duration,
}

impl HeldMessage<'_> {
    /// The message's own attributes, and where it came from.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = self.attributes.clone();
        let first_sent_at = Attribute::string(self.origin.first_sent_at.to_string());
        attributes.insert(FIRST_SENT_AT.to_owned(), first_sent_at);
        let id = Attribute::string(self.origin.message_id.clone());
        attributes.insert(ORIGINAL_MESSAGE_ID.to_owned(), id);
        attributes
    }
}

/// Which message it was before it was held, redriven or copied for the first time, and how old it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    pub message_id: String,
    pub first_sent_at: Timestamp,
}

impl Origin {
    /// Out of the attributes of a message that was held before; otherwise the message is its own origin. An attribute
    /// that cannot be read, or that would make it younger than it is, is no origin.
    pub fn of(attributes: &Attributes, message_id: &str, sent_at: Timestamp) -> Self {
        let text = |name| attributes.get(name).and_then(Attribute::text);
        let first_sent_at = text(FIRST_SENT_AT).and_then(|text| text.parse().ok());
        Self {
            message_id: text(ORIGINAL_MESSAGE_ID).unwrap_or(message_id).to_owned(),
            first_sent_at: first_sent_at.filter(|first| *first <= sent_at).unwrap_or(sent_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_held_message_keeps_its_origin_however_often_it_is_held() {
        let first = time("2026-11-24T10:00:00Z");
        let mut origin = Origin::of(&Attributes::new(), "m-1", first);
        let mut attributes = Attributes::from([("Tenant".to_owned(), Attribute::string("acme"))]);
        for minute in 1..4 {
            let held = HeldMessage {
                body: "{}",
                attributes: &attributes,
                origin: &origin,
                trace_header: None,
                delay: Duration::from_secs(60),
            };
            let sent = held.attributes();
            assert_eq!(sent.len(), 3);
            assert_eq!(sent["Tenant"].text(), Some("acme"));
            let sent_at = first + jiff::SignedDuration::from_mins(minute);
            origin = Origin::of(&sent, &format!("m-{minute}"), sent_at);
            attributes = sent;
        }
        assert_eq!(origin, Origin { message_id: "m-1".to_owned(), first_sent_at: first });
    }

    #[test]
    fn what_is_no_time_or_a_later_one_does_not_count() {
        let sent_at = time("2026-11-24T10:00:00Z");
        for text in ["yesterday", "2026-11-25T10:00:00Z", ""] {
            let attributes = Attributes::from([(FIRST_SENT_AT.to_owned(), Attribute::string(text))]);
            assert_eq!(Origin::of(&attributes, "m", sent_at).first_sent_at, sent_at);
        }
    }
}
