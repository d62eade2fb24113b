use serde_json::{Value, json};

const ORDER: &str = include_str!("../../../shared/transform/cases/shopify-order/full/input.json");
/// Records of an event: what template.yaml says.
pub(crate) const BATCH: usize = 10;

/// What is asked of a subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    /// A handler that does nothing.
    Ledger,
    /// A translation and one HTTP call.
    Flow,
}

impl Job {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Flow => "flow",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Ledger => "ledger alone (a handler that does nothing)",
            Self::Flow => "whole flow (a Shopify order translated, one HTTP call)",
        }
    }

    /// Calls of the target a fresh message.
    pub(crate) const fn calls(self) -> usize {
        match self {
            Self::Ledger => 0,
            Self::Flow => 1,
        }
    }

    /// Bytes of one message's payload.
    pub(crate) fn payload_bytes(self) -> usize {
        self.data(1).to_string().len()
    }

    /// One event: the messages `first`, `first + 1` …
    pub(crate) fn event(self, first: usize) -> String {
        let records: Vec<_> = (first..first + BATCH).map(|number| self.record(number)).collect();
        json!({ "Records": records }).to_string()
    }

    fn record(self, number: usize) -> Value {
        let body = json!({
            "specversion": "1.0", "id": format!("event-{number}"), "source": "/shopify/acme.myshopify.com",
            "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z",
            "correlationid": format!("event-{number}"), "sourceversion": "2026-10", "data": self.data(number)
        });
        json!({
            "messageId": format!("00000000-0000-4000-8000-{number:012}"),
            "receiptHandle": format!("receipt-{number}"),
            "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1764000000000",
                "SenderId": "bench", "ApproximateFirstReceiveTimestamp": "1764000000001"
            },
            "messageAttributes": {}, "md5OfBody": "0", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:bench", "awsRegion": "us-east-1"
        })
    }

    fn data(self, number: usize) -> Value {
        match self {
            Self::Ledger => json!({ "order": format!("order-{number}"), "total": "19.90" }),
            Self::Flow => {
                let mut order: Value = serde_json::from_str(ORDER).unwrap_or_default();
                order["id"] = json!(5_000_000_000_000_u64 + u64::try_from(number).unwrap_or(0));
                order
            }
        }
    }
}
