use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Money;

/// Something that happened to a payment, in no processor's words. Says nothing of a person but the processor's id of one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// The processor's id of the event, the same in every delivery: what is told about it is known again by it.
    pub id: String,
    /// Processor and account, unique among sources: `stripe/acct_1`.
    pub account: String,
    /// The processor's id of the payment. All events of it share a case.
    pub payment: String,
    /// The processor's id of the dispute, where it is about one.
    #[serde(default)]
    pub dispute: Option<String>,
    pub kind: PaymentEventKind,
    /// Of the payment; of a refund all that was given back so far; of a dispute what is disputed.
    pub amount: Money,
    /// The processor's id of the customer; absent for a guest.
    #[serde(default)]
    pub customer: Option<String>,
    /// The processor's word for why: `insufficient_funds`, `fraudulent`.
    #[serde(default)]
    pub reason: Option<String>,
    /// Until when an answer to a dispute counts.
    #[serde(default)]
    pub respond_by: Option<Timestamp>,
    /// When it happened, by the processor's clock: orders the events of a payment.
    pub occurred_at: Timestamp,
    /// Where a person sees the payment at the processor.
    pub link: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentEventKind {
    Succeeded,
    Failed,
    Refunded,
    DisputeOpened,
    /// Over, and the money stays.
    DisputeWon,
    DisputeLost,
}

/// What an event means for the case of its payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bearing {
    /// Somebody has to look at it: without a case one is made.
    Opens,
    /// What made the case is over.
    Settles,
    /// Something to know for whoever works on the case.
    Tells,
}

impl PaymentEventKind {
    pub const fn bearing(self) -> Bearing {
        match self {
            // A lost dispute is over for the processor alone: somebody has to decide what becomes of the customer.
            Self::Failed | Self::DisputeOpened | Self::DisputeLost => Bearing::Opens,
            Self::Succeeded | Self::DisputeWon => Bearing::Settles,
            Self::Refunded => Bearing::Tells,
        }
    }

    /// Of events of one aspect that the processor dates the same: which came last.
    const fn is_an_end(self) -> bool {
        matches!(self, Self::Succeeded | Self::DisputeWon | Self::DisputeLost)
    }
}

/// What an event is about. Within an aspect a newer event makes an older one stale; one aspect says nothing of another:
/// a payment that succeeded may be refunded and disputed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Aspect {
    /// Whether the payment was made.
    Outcome,
    Refund,
    /// This dispute.
    Dispute(String),
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome => f.write_str("outcome"),
            Self::Refund => f.write_str("refund"),
            Self::Dispute(dispute) => write!(f, "dispute/{dispute}"),
        }
    }
}

impl PaymentEvent {
    pub fn aspect(&self) -> Aspect {
        match self.kind {
            PaymentEventKind::Succeeded | PaymentEventKind::Failed => Aspect::Outcome,
            PaymentEventKind::Refunded => Aspect::Refund,
            PaymentEventKind::DisputeOpened
            | PaymentEventKind::DisputeWon
            | PaymentEventKind::DisputeLost => Aspect::Dispute(self.dispute.clone().unwrap_or_default()),
        }
    }

    /// Rises with every event of an aspect: the second in which it happened, and within that what it says. Processors date
    /// events by the second, so two of one second are told apart: refunds by their sum, an end comes after a beginning, and of
    /// two that are left it does not matter which is the later one, as long as that is always the same.
    pub fn version(&self) -> u64 {
        let second = u64::try_from(self.occurred_at.as_second()).unwrap_or(0).min(u64::from(u32::MAX));
        let within = match self.kind {
            PaymentEventKind::Refunded => u32::try_from(self.amount.minor.max(0)).unwrap_or(u32::MAX),
            kind => u32::from(kind.is_an_end()) << 31 | hash(&self.id) >> 1,
        };
        second << 32 | u64::from(within)
    }
}

/// FNV-1a.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Currency;

    fn event(kind: PaymentEventKind, id: &str, second: i64, minor: i64) -> PaymentEvent {
        PaymentEvent {
            id: id.to_owned(),
            account: "stripe/acct_1".to_owned(),
            payment: "pi_1".to_owned(),
            dispute: None,
            kind,
            amount: Money { minor, currency: Currency::parse("EUR").unwrap() },
            customer: None,
            reason: None,
            respond_by: None,
            occurred_at: Timestamp::from_second(second).unwrap(),
            link: "https://example.com".to_owned(),
        }
    }

    #[test]
    fn a_later_second_is_a_newer_version_whatever_happened() {
        use PaymentEventKind::{DisputeLost, DisputeOpened, Failed, Refunded, Succeeded};
        for (earlier, later) in
            [(Failed, Succeeded), (Succeeded, Failed), (DisputeLost, DisputeOpened), (Refunded, Refunded)]
        {
            let (earlier, later) = (event(earlier, "evt_1", 7, i64::MAX), event(later, "evt_2", 8, 0));
            assert!(earlier.version() < later.version(), "{earlier:?}");
        }
    }

    #[test]
    fn within_a_second_an_end_comes_after_a_beginning_and_refunds_rise_by_their_sum() {
        use PaymentEventKind::{DisputeLost, DisputeOpened, DisputeWon, Failed, Refunded, Succeeded};
        for (begins, ends) in [(Failed, Succeeded), (DisputeOpened, DisputeWon), (DisputeOpened, DisputeLost)]
        {
            for (one, other) in [("evt_1", "evt_2"), ("evt_2", "evt_1"), ("", "evt_\u{ff}")] {
                assert!(event(begins, one, 7, 1).version() < event(ends, other, 7, 1).version());
            }
        }
        assert!(event(Refunded, "evt_2", 7, 10).version() < event(Refunded, "evt_1", 7, 20).version());
    }

    #[test]
    fn two_events_of_a_second_are_two_versions_and_an_event_has_one() {
        use PaymentEventKind::Failed;
        let one = event(Failed, "evt_1", 7, 1).version();
        assert_ne!(one, event(Failed, "evt_2", 7, 1).version());
        assert_eq!(one, event(Failed, "evt_1", 7, 1).version());
    }

    #[test]
    fn times_and_amounts_beyond_the_ends_are_versions_too() {
        use PaymentEventKind::Refunded;
        assert_eq!(event(Refunded, "e", -5, -5).version(), 0);
        let most = event(Refunded, "e", Timestamp::MAX.as_second(), i64::MAX).version();
        assert_eq!(most, u64::MAX);
    }
}
