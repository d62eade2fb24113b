//! What a flow's ledger knows an event by, for those who look for what never came. A flow that nobody reconciles needs nothing here.

use std::fmt;

use message::{Code, Envelope, OperationKey, Rejection};
use serde::Deserialize;
use serde_json::Value;

use crate::canonical::{PaymentEvent, reserve_key};
use crate::mapping::file::MappingFile;
use crate::{Catalog, CatalogError, Decoded, Translator};

/// What a ledger knows an event by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownAs {
    pub key: OperationKey,
    pub version: u64,
}

/// What a flow makes of events, no further than its ledger needs it.
pub trait Reconcile: Send + Sync {
    /// The flow's name.
    fn flow(&self) -> &'static str;

    /// Of an event that the flow itself would not know, or could not say the key of: the same rejection. Pure.
    fn known_as(&self, envelope: &Envelope) -> Result<KnownAs, Rejection>;
}

/// Whose words an order's event is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderEvent {
    Shopify,
    Vendure,
}

const SHOPIFY_ORDER_CREATED: &str = "shopify.orders/create";
/// What Vendure's plugin signs as: the source's own name stands in front of the type, and each shop is a source.
const STANDARD_WEBHOOKS: &str = "/standard-webhooks/";
const VENDURE_ORDER_PLACED: &str = ".order.placed";

impl OrderEvent {
    pub fn of(envelope: &Envelope) -> Result<Self, Rejection> {
        match envelope.event_type.as_str() {
            SHOPIFY_ORDER_CREATED => Ok(Self::Shopify),
            kind if kind.ends_with(VENDURE_ORDER_PLACED)
                && envelope.source.starts_with(STANDARD_WEBHOOKS) =>
            {
                Ok(Self::Vendure)
            }
            _ => Err(unknown()),
        }
    }

    /// The mapping that reads it.
    pub const fn mapping(self) -> &'static str {
        match self {
            Self::Shopify => "shopify-order",
            Self::Vendure => "vendure-order",
        }
    }
}

/// What of Stripe's an event of a payment has in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StripeObject {
    PaymentIntent,
    Charge,
    Refund,
    Dispute,
}

/// In Stripe's own words.
const STRIPE_EVENTS: [(&str, StripeObject); 7] = [
    ("payment_intent.succeeded", StripeObject::PaymentIntent),
    ("payment_intent.payment_failed", StripeObject::PaymentIntent),
    ("charge.refunded", StripeObject::Charge),
    ("refund.updated", StripeObject::Refund),
    ("refund.failed", StripeObject::Refund),
    ("charge.dispute.created", StripeObject::Dispute),
    ("charge.dispute.closed", StripeObject::Dispute),
];

impl StripeObject {
    pub fn of(envelope: &Envelope) -> Result<Self, Rejection> {
        let kind = envelope.event_type.strip_prefix("stripe.");
        let found = STRIPE_EVENTS.iter().find(|(known, _)| kind == Some(*known));
        found.map(|(_, object)| *object).ok_or_else(unknown)
    }

    /// The mapping that reads it.
    pub const fn mapping(self) -> &'static str {
        match self {
            Self::PaymentIntent => "stripe-payment-intent",
            Self::Charge => "stripe-charge",
            Self::Refund => "stripe-refund",
            Self::Dispute => "stripe-dispute",
        }
    }

    /// Types of the events that are read, as Stripe names them.
    pub fn events() -> impl Iterator<Item = &'static str> {
        STRIPE_EVENTS.iter().map(|(kind, _)| *kind)
    }
}

fn unknown() -> Rejection {
    Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title())
}

/// Of orders-to-inventory. Its mappings are read no further than shop and id: an order whose state has changed since, so that it would be
/// refused now, is the one that was reserved.
#[derive(Debug)]
pub struct Orders {
    shopify: Translator,
    vendure: Translator,
}

/// What an order's key is made of.
const ORDER_KEY: [&str; 2] = ["shop", "id"];

#[derive(Deserialize)]
struct OrderName {
    shop: String,
    id: String,
}

impl Orders {
    pub const FLOW: &'static str = "orders-to-inventory";

    pub fn built_in() -> Result<Self, CatalogError> {
        let read = |event: OrderEvent| making(event.mapping(), &ORDER_KEY);
        Ok(Self { shopify: read(OrderEvent::Shopify)?, vendure: read(OrderEvent::Vendure)? })
    }
}

impl Reconcile for Orders {
    fn flow(&self) -> &'static str {
        Self::FLOW
    }

    fn known_as(&self, envelope: &Envelope) -> Result<KnownAs, Rejection> {
        let translator = match OrderEvent::of(envelope)? {
            OrderEvent::Shopify => &self.shopify,
            OrderEvent::Vendure => &self.vendure,
        };
        let Decoded { value: OrderName { shop, id }, .. } = translator.decode(envelope)?;
        Ok(KnownAs { key: reserve_key(Self::FLOW, &shop, &id), version: 0 })
    }
}

/// Of payments-to-operations.
pub struct Payments {
    payment_intents: Translator,
    charges: Translator,
    refunds: Translator,
    disputes: Translator,
    account: Box<dyn Fn(&mut PaymentEvent) + Send + Sync>,
}

impl Payments {
    pub const FLOW: &'static str = "payments-to-operations";

    /// `account` says whose an event is that names no account, as the flow does.
    pub fn built_in(
        account: impl Fn(&mut PaymentEvent) + Send + Sync + 'static,
    ) -> Result<Self, CatalogError> {
        let read = |object: StripeObject| Translator::built_in(object.mapping(), &Value::Null);
        Ok(Self {
            payment_intents: read(StripeObject::PaymentIntent)?,
            charges: read(StripeObject::Charge)?,
            refunds: read(StripeObject::Refund)?,
            disputes: read(StripeObject::Dispute)?,
            account: Box::new(account),
        })
    }
}

impl Reconcile for Payments {
    fn flow(&self) -> &'static str {
        Self::FLOW
    }

    fn known_as(&self, envelope: &Envelope) -> Result<KnownAs, Rejection> {
        let translator = match StripeObject::of(envelope)? {
            StripeObject::PaymentIntent => &self.payment_intents,
            StripeObject::Charge => &self.charges,
            StripeObject::Refund => &self.refunds,
            StripeObject::Dispute => &self.disputes,
        };
        let Decoded { value, .. }: Decoded<PaymentEvent> = translator.decode(envelope)?;
        let mut event = value.named();
        (self.account)(&mut event);
        Ok(KnownAs { key: event.operation_key(Self::FLOW), version: event.version() })
    }
}

impl fmt::Debug for Payments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payments").finish_non_exhaustive()
    }
}

/// A mapping that makes these places alone, and refuses nothing.
fn making(mapping: &str, places: &[&str]) -> Result<Translator, CatalogError> {
    let catalog = Catalog::of(mapping)?;
    let whole = &catalog.mapping(mapping)?.file;
    let rule = whole.rule.iter().filter(|rule| places.contains(&rule.to.as_str())).cloned().collect();
    let file = MappingFile { rule, list: Vec::new(), refuse: Vec::new(), ..whole.clone() };
    Ok(Translator::new(catalog.compile(&file, 0, &Value::Null)?))
}
