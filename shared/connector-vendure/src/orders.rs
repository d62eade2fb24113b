use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use message::{Code, Envelope, Payload, SourceEvent};
use outbound::{Budget, CallError, Credential, EventSource, HttpTarget, MAX_EVENTS, too_many};
use serde_json::value::{RawValue, to_raw_value};

use crate::client::Client;
use crate::wire::{Found, ORDERS, OrderPlaced, Place, Placed, Query};

const ORDER_PLACED: &str = "order.placed";
/// Orders with their lines: an answer of so many is far below what is read of one.
const PAGE: usize = 50;

/// A shop's orders, as its plugin posts them when they are placed; in the state that they are in now.
pub struct VendureEventSource {
    client: Client,
    name: String,
}

impl VendureEventSource {
    /// `name` is the shop's in `SOURCES`.
    pub fn new(target: HttpTarget, credential: Arc<dyn Credential>, name: impl Into<String>) -> Self {
        Self { client: Client::new(target, credential), name: name.into() }
    }

    fn envelope(&self, order: &RawValue, placed: &Placed, at: Timestamp) -> Result<Envelope, CallError> {
        let body = OrderPlaced { kind: ORDER_PLACED, timestamp: &placed.at, data: order };
        let body = to_raw_value(&body).map_err(|_| unreadable())?;
        let id = webhook_id(&placed.code);
        let event = SourceEvent::of_standard_webhook(&Payload::of(&body), &self.name, &id, at);
        Ok(event.envelope(body))
    }
}

#[async_trait]
impl EventSource for VendureEventSource {
    async fn events(
        &self,
        from: Timestamp,
        until: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<Envelope>, CallError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let (mut events, mut known) = (Vec::new(), BTreeSet::new());
        // A page begins at the time of the last order before it and not at its number: an order that is committed late, or deleted,
        // would shift all that follow.
        let mut place = Place { from: from.to_string(), until: until.to_string(), skip: 0, take: PAGE };
        loop {
            let query = Query { query: ORDERS, variables: place.clone() };
            let Found { orders } = self.client.ask(&query, budget).await?;
            let count = orders.items.len();
            for order in &orders.items {
                let placed: Placed = serde_json::from_str(order.get()).map_err(|_| unreadable())?;
                let at: Timestamp = placed.at.parse().map_err(|_| unreadable())?;
                if placed.at == place.from {
                    place.skip += 1;
                } else {
                    (place.from, place.skip) = (placed.at.clone(), 1);
                }
                // Vendure takes both ends for inside, and times to the millisecond.
                if (from..until).contains(&at) && known.insert(placed.code.clone()) {
                    events.push(self.envelope(order, &placed, at)?);
                }
            }
            if events.len() > MAX_EVENTS {
                return Err(too_many());
            }
            if count < PAGE {
                return Ok(events);
            }
        }
    }

    /// Of a plugin in the shop's own configuration Vendure knows nothing.
    async fn subscribed(&self, _: &str, _: &Budget) -> Result<Option<BTreeSet<String>>, CallError> {
        Ok(None)
    }
}

/// As the plugin names its webhook: an order is placed once. What is in a code is for the shop to say, but a webhook's id takes no full stop.
fn webhook_id(code: &str) -> String {
    let escaped: String = code
        .chars()
        .map(|char| match char {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => char.to_string(),
            other => format!("~{:x}~", u32::from(other)),
        })
        .collect();
    format!("order-placed-{escaped}")
}

const fn unreadable() -> CallError {
    CallError::NotNow { code: Code::ResponseUnreadable, after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_part_of_an_id_whatever_is_in_it() {
        assert_eq!(webhook_id("B38A9EM1LRYWZ7B7"), "order-placed-B38A9EM1LRYWZ7B7");
        assert_eq!(webhook_id("2026.11/7 ü"), "order-placed-2026~2e~11~2f~7~20~~fc~");
        assert_ne!(webhook_id("~2e~"), webhook_id("."));
    }
}
