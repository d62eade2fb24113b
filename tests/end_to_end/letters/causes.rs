//! Dead letters of eight causes, as functions put them.

use std::collections::HashMap;

use channel::{Attributes, DeadLetter};
use jiff::{SignedDuration, Timestamp};
use local::Parked;
use local::scenario::{Shop, ShopOrder};
use message::{Code, Envelope, Rejection};
use serde_json::{Value, json};
use transform::Translator;
use uuid::Uuid;

pub(super) const ORDERS: &str = "orders-to-inventory";
pub(super) const LABELS: &str = "inventory-to-shipping";

/// A status that no value map knows before somebody says what it is.
pub(super) const NEW_STATUS: &str = "awaiting_pickup";

const SHOPIFY: &str = "shopify-order/2 canonical.order@1";
const WHOLE_WAY: &str = "shopify-order/2 canonical.order@1, tryton-sale/2 tryton.sale@8.2";
const YEAR_AGO: &str = "shopify-order/1 canonical.order@1, tryton-sale/1 tryton.sale@8.2";
const RESERVATION: &str =
    include_str!("../../../shared/transform/cases/canonical-reservation/full/input.json");

/// Letters of one cause, and how they have to be grouped.
pub(super) struct Cause {
    pub(super) code: &'static str,
    /// Items of a list together.
    pub(super) path: &'static str,
    pub(super) mapping: &'static str,
    pub(super) letters: Vec<Parked>,
    /// Of each letter the order's reference, where it has an order.
    pub(super) references: Vec<String>,
}

/// Whose numbers are 5,000 together.
pub(super) fn eight(shop: &Shop<'_>) -> [Cause; 8] {
    let order = || shop.order();
    let whole = |code, path: &str, summary: &str| Rejection::new(code, path, summary).with_mapping(WHOLE_WAY);
    let unknown = "Tryton has no product with this code";
    [
        Cause::of("SPW2004", "$.fulfillment_status", SHOPIFY).orders(
            600,
            |_| shop.order_in_status(NEW_STATUS),
            |_, body| by_mapping(body),
        ),
        Cause::of("SPW2001", "$.shipping_address", SHOPIFY).orders(
            500,
            |_| shop.order_without_address(),
            |_, body| by_mapping(body),
        ),
        // Another line of each order.
        Cause::of("SPW4009", "$.lines[].sku", WHOLE_WAY).orders(
            900,
            |_| order(),
            |number, _| whole(Code::ProductUnknown, &format!("$.lines[{}].sku", number % 7), unknown),
        ),
        // Another number in each summary.
        Cause::of("SPW4005", "$", WHOLE_WAY).orders(
            1_000,
            |_| order(),
            |number, _| whole(Code::TargetRefused, "$", &format!("the target answered 422: record {number}")),
        ),
        Cause::of("SPW1003", "$.specversion", "").bodies(400, |number| {
            let body = json!({ "order": number }).to_string();
            let refused = Envelope::decode(&body).unwrap_err().into();
            (body, refused)
        }),
        Cause::of("SPW5001", "$", "").orders(
            300,
            |_| order(),
            |_, _| {
                let title = Code::HandlerPanicked.title();
                Rejection::new(Code::HandlerPanicked, "$", format!("{title}; given up after 5 receives"))
            },
        ),
        Cause::of("none", "", "").crashed(200, shop),
        // As the third, of a mapping that is older.
        Cause::of("SPW4009", "$.lines[].sku", YEAR_AGO).orders(
            1_100,
            |_| order(),
            |_, _| Rejection::new(Code::ProductUnknown, "$.lines[0].sku", unknown).with_mapping(YEAR_AGO),
        ),
    ]
}

impl Cause {
    fn of(code: &'static str, path: &'static str, mapping: &'static str) -> Self {
        Self { code, path, mapping, letters: Vec::new(), references: Vec::new() }
    }

    /// Orders, each with why it was refused.
    fn orders(
        mut self,
        count: usize,
        order: impl Fn(usize) -> ShopOrder,
        refused: impl Fn(usize, &str) -> Rejection,
    ) -> Self {
        for number in 0..count {
            let order = order(number);
            let body = Shop::envelope(&order, &Uuid::new_v4().to_string());
            let rejection = refused(number, &body);
            self.letters.push(letter(ORDERS, body, &rejection, &order.event_id));
            self.references.push(order.reference());
        }
        self
    }

    fn bodies(mut self, count: usize, body: impl Fn(usize) -> (String, Rejection)) -> Self {
        for number in 0..count {
            let (body, rejection) = body(number);
            self.letters.push(letter(ORDERS, body, &rejection, ""));
        }
        self
    }

    /// SQS has moved them, and says nothing.
    fn crashed(mut self, count: usize, shop: &Shop<'_>) -> Self {
        let body = || Shop::envelope(&shop.order(), &Uuid::new_v4().to_string());
        self.letters = (0..count).map(|_| Parked { body: body(), attributes: Vec::new() }).collect();
        self
    }
}

/// One order of a product that nobody knows.
pub(super) fn order_of_no_product(shop: &Shop<'_>) -> (ShopOrder, Parked) {
    let order = shop.order_with(|order| order["line_items"][0]["sku"] = json!("SKU-NOBODY-KNOWS"));
    let refused =
        Rejection::new(Code::ProductUnknown, "$.lines[0].sku", "Tryton has no product with this code")
            .with_mapping(WHOLE_WAY);
    let letter = letter(ORDERS, Shop::envelope(&order, &shop.delivery()), &refused, &order.event_id);
    (order, letter)
}

/// Reservations that the label system has refused with this code, by reference.
pub(super) fn reservations(count: usize, code: Code) -> HashMap<String, Parked> {
    let refused = Rejection::new(code, "$", code.title()).with_mapping(
        "canonical-reservation/2 canonical.reservation@1, karrio-shipment/2 karrio.shipment@2026.1",
    );
    let of = |_| {
        let (reference, correlation_id) =
            (format!("acme-demo.example.com/{}", Uuid::new_v4().simple()), Uuid::new_v4().to_string());
        let mut data: Value = serde_json::from_str(RESERVATION).unwrap();
        data["reference"] = json!(reference);
        let event = json!({
            "specversion": "1.0", "id": format!("spillway.stock.reserved/{reference}"), "sourceversion": "1",
            "source": "/spillway/orders-to-inventory", "type": "spillway.stock.reserved",
            "time": Timestamp::now().to_string(), "correlationid": correlation_id, "data": data
        });
        (reference, letter(LABELS, event.to_string(), &refused, &correlation_id))
    };
    (0..count).map(of).collect()
}

fn by_mapping(body: &str) -> Rejection {
    // Compiled once: it is the same for every letter.
    thread_local! {
        static SHOPIFY: Translator = Translator::built_in("shopify-order", &Value::Null).unwrap();
    }
    let envelope = Envelope::decode(body).unwrap();
    SHOPIFY.with(|mapping| mapping.decode::<Value>(&envelope).unwrap_err().into())
}

fn letter(flow: &'static str, body: String, rejection: &Rejection, correlation_id: &str) -> Parked {
    let last = Timestamp::now();
    let id = Uuid::new_v4().to_string();
    let letter = DeadLetter {
        body: &body,
        attributes: &Attributes::new(),
        rejection,
        flow,
        source_queue: &format!("spillway-local-{flow}"),
        message_id: &id,
        original_message_id: &id,
        correlation_id,
        attempts: 5,
        first_failed_at: last - SignedDuration::from_mins(9),
        last_failed_at: last,
        trace_header: None,
        group_id: None,
    };
    let attributes = letter.attributes();
    Parked { body, attributes }
}
