use std::fmt;

use jiff::Timestamp;
use message::OperationKey;
use serde::{Deserialize, Serialize};

use super::Money;

/// Something that happened to a payment, in no processor's words. Says nothing of a person but the processor's id of one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// The processor's id of the event, the same in every delivery: what is told about it is known again by it. Several events may say the
    /// same of a refund: see [`Self::named`].
    pub id: String,
    /// Processor and account, unique among sources: `stripe/acct_1`.
    pub account: String,
    /// The processor's id of the payment. All events of it share a case.
    pub payment: String,
    /// The processor's id of the dispute, where it is about one.
    #[serde(default)]
    pub dispute: Option<String>,
    /// The processor's id of the refund, where it is about one alone. Left out otherwise: events that were told before there was one keep
    /// their form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    pub kind: PaymentEventKind,
    /// Of the payment; of what was refunded all that was given back so far; of one refund what that is; of a dispute what is disputed.
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
    /// A refund was made.
    Refunded,
    RefundPending,
    /// By the customer.
    RefundRequiresAction,
    RefundSucceeded,
    /// It has not come to the customer, nor has one that has failed.
    RefundCanceled,
    RefundFailed,
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
            // A lost dispute is over for the processor alone, and so is a refund that did not reach the customer: somebody has to decide
            // what becomes of them.
            Self::Failed
            | Self::RefundCanceled
            | Self::RefundFailed
            | Self::DisputeOpened
            | Self::DisputeLost => Bearing::Opens,
            Self::Succeeded | Self::DisputeWon => Bearing::Settles,
            Self::Refunded | Self::RefundPending | Self::RefundRequiresAction | Self::RefundSucceeded => {
                Bearing::Tells
            }
        }
    }

    /// Of a refund.
    const fn state(self) -> &'static str {
        match self {
            Self::RefundPending => "pending",
            Self::RefundRequiresAction => "requires-action",
            Self::RefundSucceeded => "succeeded",
            Self::RefundCanceled => "canceled",
            Self::RefundFailed => "failed",
            _ => "",
        }
    }

    /// Of states of a refund that the processor dates the same: which came last. One that has succeeded may fail yet.
    const fn rank(self) -> u32 {
        match self {
            Self::RefundRequiresAction => 1,
            Self::RefundSucceeded => 2,
            Self::RefundCanceled => 3,
            Self::RefundFailed => 4,
            _ => 0,
        }
    }

    /// Of events of another aspect: which came last.
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
    /// How much was refunded.
    Refunds,
    /// What becomes of this refund.
    Refund(String),
    /// This dispute.
    Dispute(String),
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome => f.write_str("outcome"),
            Self::Refunds => f.write_str("refund"),
            Self::Refund(refund) => write!(f, "refund/{refund}"),
            Self::Dispute(dispute) => write!(f, "dispute/{dispute}"),
        }
    }
}

impl PaymentEvent {
    pub fn aspect(&self) -> Aspect {
        match self.kind {
            PaymentEventKind::Succeeded | PaymentEventKind::Failed => Aspect::Outcome,
            PaymentEventKind::Refunded => Aspect::Refunds,
            PaymentEventKind::RefundPending
            | PaymentEventKind::RefundRequiresAction
            | PaymentEventKind::RefundSucceeded
            | PaymentEventKind::RefundCanceled
            | PaymentEventKind::RefundFailed => Aspect::Refund(self.refund.clone().unwrap_or_default()),
            PaymentEventKind::DisputeOpened
            | PaymentEventKind::DisputeWon
            | PaymentEventKind::DisputeLost => Aspect::Dispute(self.dispute.clone().unwrap_or_default()),
        }
    }

    /// An aspect of a payment is one operation with versions: an older failure after a success is stale, and a refund or a dispute
    /// says nothing of either. What was refunded in all is one, and what becomes of each refund one more.
    pub fn operation_key(&self, flow: &str) -> OperationKey {
        OperationKey::new(flow, &[&self.account, &self.payment, &self.aspect().to_string()])
    }

    /// Named by what it says, where the processor tells one thing by several events, each with an id of its own: what was refunded by
    /// its version, what has become of a refund by that refund and its state. Otherwise the second would be other content under a key and a
    /// version that are known, and would be told once more.
    #[must_use]
    pub fn named(mut self) -> Self {
        match self.aspect() {
            Aspect::Outcome | Aspect::Dispute(_) => {}
            // Of a sum that the version does not hold as it is, the sum as well.
            Aspect::Refunds if self.sum() >= LARGE => {
                self.id = format!("refund-{}-{}", self.version(), self.sum());
            }
            Aspect::Refunds => self.id = format!("refund-{}", self.version()),
            Aspect::Refund(refund) => self.id = format!("{refund}-{}", self.kind.state()),
        }
        self
    }

    /// Rises with every event of an aspect: the second in which it happened, and within that what it says. Processors date
    /// events by the second, so two of one second are told apart: refunds by their sum, an end comes after a beginning, and of
    /// two that are left it does not matter which is the later one, as long as that is always the same. Two that say the same of a refund are
    /// one version.
    pub fn version(&self) -> u64 {
        let second = u64::try_from(self.occurred_at.as_second()).unwrap_or(0).min(u64::from(u32::MAX));
        let within = match self.kind {
            PaymentEventKind::Refunded => in_half_a_version(self.sum()),
            kind if matches!(self.aspect(), Aspect::Refund(_)) => u64::from(kind.rank()),
            kind => u64::from(kind.is_an_end()) << 31 | u64::from(hash(&self.id) >> 1),
        };
        second << 32 | within
    }

    fn sum(&self) -> u64 {
        u64::try_from(self.amount.minor).unwrap_or(0)
    }
}

/// The first sum that is not held as it is by half a version.
const LARGE: u64 = 1 << 31;

/// 32 bits that rise with the sum. Of a large one there are its length and the 16 bits after its first, by which the larger comes after the
/// smaller, and of those that agree so far (they differ by less than 1/65,536) ten bits of a hash, by which they are told apart.
fn in_half_a_version(sum: u64) -> u64 {
    let Some(length) = sum.checked_ilog2().filter(|_| sum >= LARGE) else { return sum };
    let leading = sum >> (length - 16) & 0xffff;
    LARGE | u64::from(length - 31) << 26 | leading << 10 | u64::from(hash(&sum.to_string())) & 0x3ff
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
            refund: None,
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
    fn within_a_second_a_refund_fails_after_it_has_succeeded_and_that_after_it_was_begun() {
        use PaymentEventKind::{
            RefundCanceled, RefundFailed, RefundPending, RefundRequiresAction, RefundSucceeded,
        };
        let kinds = [RefundPending, RefundRequiresAction, RefundSucceeded, RefundCanceled, RefundFailed];
        let versions = kinds.map(|kind| event(kind, "evt_1", 7, 1).version());
        assert!(versions.is_sorted_by(|one, other| one < other), "{versions:?}");
    }

    /// Beyond what the lower half of a version holds as it is, too.
    #[test]
    fn sums_of_a_second_are_versions_and_names_of_their_own() {
        use PaymentEventKind::Refunded;
        let half = 1_i64 << 31;
        let small = [0, 1, 4_200, half - 2, half - 1].map(|minor| event(Refunded, "e", 7, minor));
        let versions = small.each_ref().map(PaymentEvent::version);
        assert!(versions.is_sorted_by(|one, other| one < other), "{versions:?}");
        let large = [half, 5_000_000_000, 6_000_000_000, 1 << 40, (1 << 40) + 1, 1 << 41, i64::MAX];
        let large = large.map(|minor| event(Refunded, "e", 7, minor));
        let all: Vec<_> = small.into_iter().chain(large).collect();
        let versions: std::collections::BTreeSet<_> = all.iter().map(PaymentEvent::version).collect();
        let names: std::collections::BTreeSet<_> = all.iter().map(|it| it.clone().named().id).collect();
        assert_eq!((versions.len(), names.len()), (all.len(), all.len()));
        let (least, most) = (event(Refunded, "e", 7, 0).version(), event(Refunded, "e", 8, 0).version());
        assert!(all.iter().all(|it| (least..most).contains(&it.version())), "a second is a second");
        let largest_small = event(Refunded, "e", 7, half - 1).version();
        assert!(
            all.iter().skip(5).all(|it| it.version() > largest_small),
            "a large sum comes after a small one"
        );
    }

    #[test]
    fn events_that_say_the_same_of_a_refund_have_one_name_and_others_have_their_own() {
        use PaymentEventKind::{DisputeWon, RefundFailed, RefundPending, Refunded, Succeeded};
        let name = |kind, id, second, minor| {
            PaymentEvent { refund: Some("re_1".to_owned()), ..event(kind, id, second, minor) }.named().id
        };
        assert_eq!(name(Refunded, "evt_1", 7, 10), name(Refunded, "evt_2", 7, 10));
        assert_ne!(name(Refunded, "evt_1", 7, 10), name(Refunded, "evt_1", 8, 10), "of another refund");
        assert_ne!(name(Refunded, "evt_1", 7, 10), name(Refunded, "evt_1", 7, 20));
        assert_eq!(name(RefundFailed, "evt_1", 7, 10), "re_1-failed");
        assert_eq!(name(RefundFailed, "evt_2", 8, 10), "re_1-failed");
        assert_eq!(name(RefundPending, "evt_1", 7, 10), "re_1-pending");
        for kind in [Succeeded, DisputeWon] {
            assert_eq!(name(kind, "evt_1", 7, 10), "evt_1");
        }
    }

    #[test]
    fn events_of_before_there_were_states_of_refunds_keep_their_form() {
        let written = serde_json::to_string(&event(PaymentEventKind::Failed, "evt_1", 7, 1)).unwrap();
        assert!(!written.contains("refund"), "{written}");
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
        let most = |minor| event(Refunded, "e", Timestamp::MAX.as_second(), minor).version();
        assert!(most(i64::MAX) > most(1 << 62) && most(0) >> 32 == u64::from(u32::MAX));
    }
}
