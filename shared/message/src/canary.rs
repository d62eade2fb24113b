//! A canary is an event of the watchdog's own, which goes the whole way of a chain of flows, from the webhook on, and asks for nothing.

use crate::{Envelope, OperationKey};

/// Its source, in `SOURCES` and in the webhook's address. A source's own events bear its name, so no other's pass for canaries.
pub const CANARY: &str = "canary";
/// In front of the id of a delivery that the watchdog made, as the source's own never came.
const RECONCILED: &str = "reconciliation/";

impl Envelope {
    /// The flow at which its way begins, of a canary: the type that it was posted with.
    pub fn canary_of(&self) -> Option<&str> {
        self.event_type.strip_prefix(CANARY)?.strip_prefix('.')
    }

    /// Says of an event that its source's webhook never came: `run` is which look at the source has found it.
    #[must_use]
    pub fn found_by_reconciliation(self, run: &str) -> Self {
        Self { deliveryid: Some(format!("{RECONCILED}{run}")), ..self }
    }

    pub fn is_found_by_reconciliation(&self) -> bool {
        self.deliveryid.as_deref().is_some_and(|id| id.starts_with(RECONCILED))
    }
}

/// Under which the ledger has the newest canary that came through `flow` on the way that begins at `entry`. Its version is when it was
/// sent, in milliseconds.
pub fn canary_key(entry: &str, flow: &str) -> OperationKey {
    OperationKey::new(CANARY, &[entry, flow])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(event_type: &str) -> Envelope {
        let text = format!(
            r#"{{"specversion": "1.0", "id": "c-1", "source": "/standard-webhooks/canary", "type": "{event_type}",
            "time": "2026-11-24T10:00:00Z", "correlationid": "c-1", "data": {{}}}}"#
        );
        Envelope::decode(&text).unwrap()
    }

    #[test]
    fn a_canary_says_where_its_way_begins() {
        assert_eq!(envelope("canary.crm-to-erp").canary_of(), Some("crm-to-erp"));
        for other in ["canaryx.crm-to-erp", "shopify.orders/create", "canary"] {
            assert_eq!(envelope(other).canary_of(), None);
        }
    }

    #[test]
    fn an_event_that_was_found_says_so_on_its_way() {
        let found = envelope("stripe.charge.refunded").found_by_reconciliation("2026-11-24T11:00:00Z");
        let read = Envelope::decode(&found.encode().unwrap()).unwrap();
        assert!(read.is_found_by_reconciliation());
        assert!(!envelope("stripe.charge.refunded").is_found_by_reconciliation());
    }
}
