use std::time::Duration;

use jiff::Timestamp;

use crate::carried::{Failures, Told, folded, own};
use crate::dead_letter::attribute_names;
use crate::{Attribute, Attributes};

/// `id=<message id> sent=<RFC 3339> attempts=<receives> first=<RFC 3339>`: of the message before it was held.
pub(crate) const HELD: &str = "Held";
/// Attributes that SQS takes with one message.
const MOST_ATTRIBUTES: usize = 10;

/// A message that is sent again to come later, as it was.
#[derive(Clone, Copy)]
pub struct HeldMessage<'a> {
    pub body: &'a str,
    pub attributes: &'a Attributes,
    pub origin: &'a Origin,
    /// Receives of this very message.
    pub attempts: u32,
    pub first_received_at: Timestamp,
    pub trace_header: Option<&'a str>,
    pub delay: Duration,
}

impl HeldMessage<'_> {
    /// The message's own attributes, and where it came from. Where that would be more than SQS takes, the message's own are
    /// folded into one, as on a dead letter.
    pub fn attributes(&self) -> Attributes {
        let mut ours = Attributes::from([(HELD.to_owned(), Attribute::string(self.told()))]);
        if Failures::of(self.attributes).is_some() {
            let failures = self.attributes.get(attribute_names::FAILURES).cloned();
            ours.extend(failures.map(|failures| (attribute_names::FAILURES.to_owned(), failures)));
        }
        let before = self.attributes.get_key_value(attribute_names::ORIGINAL_ATTRIBUTES);
        let own: Attributes =
            own(self.attributes).chain(before).map(|(n, a)| (n.clone(), a.clone())).collect();
        if ours.len() + own.len() <= MOST_ATTRIBUTES {
            ours.extend(own);
        } else {
            let folded = Attribute::string(folded(self.attributes));
            ours.insert(attribute_names::ORIGINAL_ATTRIBUTES.to_owned(), folded);
        }
        ours
    }

    fn told(&self) -> String {
        format!(
            "id={} sent={} attempts={} first={}",
            self.origin.message_id,
            self.origin.first_sent_at,
            self.origin.attempts.saturating_add(self.attempts),
            self.origin.first_received_at.unwrap_or(self.first_received_at).min(self.first_received_at)
        )
    }
}

/// Which message it was before it was held, redriven or copied for the first time, and how old it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    pub message_id: String,
    pub first_sent_at: Timestamp,
    /// Receives before it was held; 0 where it was not.
    pub attempts: u32,
    pub first_received_at: Option<Timestamp>,
}

impl Origin {
    /// Out of the attributes of a message that was held before; otherwise the message is its own origin. An attribute
    /// that cannot be read, or that would make it younger than it is, is no origin. A redriven letter is as old as its
    /// redrive, or it would be given up again at once.
    pub fn of(attributes: &Attributes, message_id: &str, sent_at: Timestamp) -> Self {
        let text = |name| attributes.get(name).and_then(Attribute::text);
        let held = Told(text(HELD).unwrap_or_default());
        let letter = Failures::of(attributes).and_then(|_| text(attribute_names::ORIGINAL_MESSAGE_ID));
        let id: Option<String> = held.get("id").filter(|id: &String| !id.is_empty());
        Self {
            message_id: id.unwrap_or_else(|| letter.unwrap_or(message_id).to_owned()),
            first_sent_at: held.get("sent").filter(|first| *first <= sent_at).unwrap_or(sent_at),
            attempts: held.get("attempts").unwrap_or(0),
            first_received_at: held.get("first"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn held<'a>(attributes: &'a Attributes, origin: &'a Origin, at: Timestamp) -> HeldMessage<'a> {
        HeldMessage {
            body: "{}",
            attributes,
            origin,
            attempts: 1,
            first_received_at: at,
            trace_header: None,
            delay: Duration::from_secs(60),
        }
    }

    #[test]
    fn a_held_message_keeps_its_origin_however_often_it_is_held() {
        let first = time("2026-11-24T10:00:00Z");
        let mut origin = Origin::of(&Attributes::new(), "m-1", first);
        let mut attributes = Attributes::from([("Tenant".to_owned(), Attribute::string("acme"))]);
        for minute in 1..4 {
            let at = first + jiff::SignedDuration::from_mins(minute);
            let sent = held(&attributes, &origin, at).attributes();
            assert_eq!(sent.len(), 2);
            assert_eq!(sent["Tenant"].text(), Some("acme"));
            origin = Origin::of(&sent, &format!("m-{minute}"), at);
            attributes = sent;
        }
        let received = Some(time("2026-11-24T10:01:00Z"));
        let expected = Origin {
            message_id: "m-1".to_owned(),
            first_sent_at: first,
            attempts: 3,
            first_received_at: received,
        };
        assert_eq!(origin, expected);
    }

    #[test]
    fn a_redriven_letter_is_known_as_one_however_often_it_is_held() {
        let at = time("2026-11-24T10:00:00Z");
        let failures = "attempts=5 first=2026-11-24T10:00:00Z last=2026-11-24T10:09:00Z";
        let mut attributes = Attributes::from([("Failures".to_owned(), Attribute::string(failures))]);
        for n in 0..12 {
            attributes.insert(format!("Own{n}"), Attribute::string("x"));
            let origin = Origin::of(&attributes, "m", at);
            attributes = held(&attributes, &origin, at).attributes();
            assert!(crate::DeadLetter::is_redriven(&attributes));
        }
    }

    #[test]
    fn what_is_no_time_or_a_later_one_does_not_count() {
        let sent_at = time("2026-11-24T10:00:00Z");
        for text in ["sent=yesterday", "id= sent=2026-11-25T10:00:00Z", "", "attempts=-1"] {
            let attributes = Attributes::from([(HELD.to_owned(), Attribute::string(text))]);
            let origin = Origin::of(&attributes, "m", sent_at);
            assert_eq!(
                (origin.message_id.as_str(), origin.first_sent_at, origin.attempts),
                ("m", sent_at, 0)
            );
        }
    }

    #[test]
    fn more_of_its_own_than_sqs_takes_beside_ours_is_folded_into_one() {
        let at = time("2026-11-24T10:00:00Z");
        let origin = Origin::of(&Attributes::new(), "m", at);
        let own: Attributes = (0..10).map(|n| (format!("Own{n}"), Attribute::string("x"))).collect();
        let sent = held(&own, &origin, at).attributes();
        assert_eq!(sent.keys().collect::<Vec<_>>(), ["Held", "OriginalAttributes"]);
        assert!(sent["OriginalAttributes"].text().unwrap().contains("\"Own9\":\"x\""));
        let again = held(&sent, &origin, at).attributes();
        assert_eq!(again, sent, "and stays so");
    }
}
