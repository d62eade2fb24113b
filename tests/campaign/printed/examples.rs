//! An example of each event of each source, as its flow receives it, and what of it names records.

use std::sync::Arc;
use std::time::Duration;

use connector_superset::SupersetRefresher;
use local::sandbox::{HubSpotObject, Sandbox};
use receiver::Receiver;
use serde_json::{Value, json};
use testkit::{canary, pointers};
use tests::{built_in, credential};
use warehouse_to_bi::{DatasetGroups, LoadMappings, WarehouseToBi, Window};

use super::plays::{Ended, play};
use crate::flows::{BUILT_IN, Labels, Orders, Subject, http};
use crate::hook::Hook;
use crate::world::World;
use crate::{crm, payments};

pub(crate) struct Example {
    /// Of its mapping's case.
    pub(crate) name: &'static str,
    text: &'static str,
    event_type: &'static str,
    source: &'static str,
    version: Option<&'static str>,
    to: To,
    /// References and ids: they are in keys, logs and attributes, as whoever looks for a record has to find it.
    ids: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum To {
    Inventory,
    Shipping,
    Operations,
    Erp,
    Enricher,
    Bi,
}

macro_rules! case {
    ($name:literal) => {
        include_str!(concat!("../../../shared/transform/cases/", $name, "/input.json"))
    };
}

const fn example(
    name: &'static str,
    text: &'static str,
    [event_type, source]: [&'static str; 2],
    version: Option<&'static str>,
    to: To,
    ids: &'static [&'static str],
) -> Example {
    Example { name, text, event_type, source, version, to, ids }
}

pub(crate) const SHOPIFY: Example = example(
    "shopify-order",
    case!("shopify-order/full"),
    ["shopify.orders/create", "/shopify/acme.myshopify.com"],
    Some("2026-10"),
    To::Inventory,
    &[],
);

const STRIPE: Option<&str> = Some("2026-10-28");
const HUBSPOT: Option<&str> = Some("v3");
const OF_BOTTLECRM: &str = "/bottlecrm/554664ef-7ab0-44d2-89b0-74bf5992b405";

pub(crate) const EXAMPLES: [Example; 16] = [
    SHOPIFY,
    example(
        "vendure-order",
        case!("vendure-order/full"),
        ["vendure.order.placed", "/standard-webhooks/vendure"],
        None,
        To::Inventory,
        &["/data/code"],
    ),
    example(
        "canonical-reservation",
        case!("canonical-reservation/full"),
        ["spillway.stock.reserved", "/spillway/orders-to-inventory"],
        Some("1"),
        To::Shipping,
        &["/order_id", "/reference", "/shop", "/shipment_id", "/shipment_number", "/order_number"],
    ),
    example(
        "stripe-payment-intent",
        case!("stripe-payment-intent/failed-by-the-issuer"),
        ["stripe.payment_intent.payment_failed", "/stripe/acct_1"],
        STRIPE,
        To::Operations,
        &["/id", "/data/object/id"],
    ),
    example(
        "stripe-charge",
        case!("stripe-charge/refunded-in-part"),
        ["stripe.charge.refunded", "/stripe/acct_1"],
        STRIPE,
        To::Operations,
        &["/id", "/data/object/id", "/data/object/payment_intent"],
    ),
    example(
        "stripe-refund",
        case!("stripe-refund/failed"),
        ["stripe.refund.failed", "/stripe/acct_1"],
        STRIPE,
        To::Operations,
        &["/id", "/data/object/id", "/data/object/charge", "/data/object/payment_intent"],
    ),
    example(
        "stripe-dispute",
        case!("stripe-dispute/opened"),
        ["stripe.charge.dispute.created", "/stripe/acct_1"],
        STRIPE,
        To::Operations,
        &["/id", "/data/object/id", "/data/object/charge", "/data/object/payment_intent"],
    ),
    example(
        "bottlecrm-account",
        case!("bottlecrm-account/full"),
        ["bottlecrm.account.created", OF_BOTTLECRM],
        None,
        To::Erp,
        &["/id", "/org_id", "/data/id"],
    ),
    example(
        "bottlecrm-contact",
        case!("bottlecrm-contact/full"),
        ["bottlecrm.contact.updated", OF_BOTTLECRM],
        None,
        To::Erp,
        &["/id", "/org_id", "/data/id", "/data/account_id"],
    ),
    example(
        "bottlecrm-deal",
        case!("bottlecrm-deal/won"),
        ["bottlecrm.deal.won", OF_BOTTLECRM],
        None,
        To::Erp,
        &["/id", "/org_id", "/data/id", "/data/account_id"],
    ),
    example(
        "hubspot-company",
        case!("hubspot-company/full"),
        ["hubspot.companies.read", "/hubspot/33"],
        HUBSPOT,
        To::Erp,
        &["/id"],
    ),
    example(
        "hubspot-contact",
        case!("hubspot-contact/full"),
        ["hubspot.contacts.read", "/hubspot/33"],
        HUBSPOT,
        To::Erp,
        &["/id"],
    ),
    example(
        "hubspot-deal",
        case!("hubspot-deal/won"),
        ["hubspot.deals.read", "/hubspot/33"],
        HUBSPOT,
        To::Erp,
        &["/id"],
    ),
    example(
        "hubspot-notification",
        case!("hubspot-notification/contact-creation"),
        ["hubspot.contact.creation", "/hubspot/33"],
        HUBSPOT,
        To::Enricher,
        &[],
    ),
    example(
        "dbt-cloud-load",
        case!("dbt-cloud-load/succeeded"),
        ["dbt-cloud.job.run.completed", "/dbt-cloud/1"],
        None,
        To::Bi,
        &["/data/jobId"],
    ),
    example(
        "warehouse-load",
        case!("warehouse-load/succeeded"),
        ["warehouse.load.finished", "/standard-webhooks/warehouse"],
        None,
        To::Bi,
        &["/data/job"],
    ),
];

impl Example {
    /// Of what the sandbox's inventory has.
    pub(crate) fn payload(&self) -> Value {
        let mut payload: Value = serde_json::from_str(self.text).unwrap();
        if self.name == SHOPIFY.name {
            payload = Orders::of_what_is_sold(&payload, 1);
        }
        payload
    }

    pub(crate) fn body(&self, payload: &Value) -> String {
        json!({
            "specversion": "1.0", "id": "event-1", "source": self.source, "type": self.event_type,
            "time": "2026-11-24T10:00:00Z", "correlationid": "correlation-1", "sourceversion": self.version,
            "data": payload
        })
        .to_string()
    }

    /// Where a text stands, whatever it is, but for what names records.
    pub(crate) fn texts(&self, payload: &Value) -> Vec<String> {
        let mut texts = pointers(payload, Value::is_string);
        for id in self.ids {
            assert!(texts.iter().any(|text| text == id), "{} has no text at {id}", self.name);
        }
        texts.retain(|text| !self.ids.contains(&text.as_str()));
        texts
    }

    pub(crate) async fn play(&self, payload: &Value, make: impl FnOnce(&World)) -> Ended {
        self.play_body(&self.body(payload), make).await
    }

    pub(crate) async fn play_body(&self, body: &str, make: impl FnOnce(&World)) -> Ended {
        match self.to {
            To::Inventory => play(body, &|world, hook| Orders.receiver(world, hook), make).await,
            To::Shipping => play(body, &|world, hook| Labels.receiver(world, hook), make).await,
            To::Operations => {
                play(body, &|world, hook| payments::receiver(&BUILT_IN, world, hook), make).await
            }
            To::Erp => play(body, &crm::to_erp, |world| make(with_accounts(world))).await,
            To::Enricher => play(body, &crm::enricher, |world| make(with_a_person(world))).await,
            To::Bi => play(body, &to_bi, make).await,
        }
    }
}

/// Those that contacts and deals are of.
fn with_accounts(world: &World) -> &World {
    world.sandbox.know_party(
        "bottlecrm/554664ef-7ab0-44d2-89b0-74bf5992b405/account/f02c1490-6456-449c-9e06-8462317437da",
    );
    for id in [901, 902] {
        world.sandbox.know_party(&format!("hubspot/33/account/{id}"));
    }
    world
}

/// Whom the notification is about.
fn with_a_person(world: &World) -> &World {
    let names = ["firstname", "lastname", "email", "phone"].into_iter().zip(1..);
    world.sandbox.put_hubspot(HubSpotObject {
        object: "contacts".to_owned(),
        id: 5001,
        updated_at: "2026-11-24T10:00:02Z".to_owned(),
        properties: names.map(|(name, place)| (name.to_owned(), canary(place))).collect(),
        companies: vec![901],
    });
    world
}

fn to_bi(world: &Arc<World>, hook: &Hook) -> Receiver<WarehouseToBi> {
    let seen = world.seen_by(hook);
    let gate = seen.gate("superset");
    let target = http("superset", world.sandbox.superset_url(), Arc::clone(&seen));
    let secret = world.key.get().map_or_else(Sandbox::superset_secret, |key| (*key).to_owned());
    let refresher =
        SupersetRefresher::new(target, credential(&secret), built_in("superset-refresh", &Value::Null));
    let mapping = |name| built_in(name, &Value::Null);
    let loads = LoadMappings { dbt_cloud: mapping("dbt-cloud-load"), warehouse: mapping("warehouse-load") };
    let jobs = ["dbt-cloud/1/123", "standard-webhooks/warehouse/nightly-sales"];
    let groups = json!({ "sales": { "jobs": jobs, "datasets": [{ "id": 2, "charts": [3] }] } });
    let groups = DatasetGroups::parse(&groups.to_string()).unwrap();
    let window = Window::of(Duration::from_secs(60));
    seen.receiver(WarehouseToBi::new(loads, groups, window, Arc::new(refresher)), gate)
}
