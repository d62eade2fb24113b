//! The CRM's flows under test, on the partner sandbox: a won deal under faults, states of one account that overtake each other, and
//! notifications that become records by way of both flows.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use channel::Attributes;
use connector_hubspot::HubSpotObjectReader;
use connector_tryton::{TrytonRecordUpserter, UpserterMappings};
use crm_to_erp::{CrmMappings, CrmToErp};
use hubspot_enricher::HubSpotEnricher;
use local::sandbox::{HubSpotObject, System};
use receiver::Receiver;
use serde_json::{Value, json};
use tests::{built_in, crm};
use tokio::time::advance;

use crate::flows::{Subject, Translators, envelope, http};
use crate::hook::{Fault, Hook, Stop};
use crate::outages::one_fault_in;
use crate::play::{a_loss_and_a_fault, one_fault, two_faults};
use crate::run::{Came, PAST_THE_LEASE, WITHIN_THE_LEASE, Worker, drain};
use crate::weather::Weather;
use crate::world::World;

static DEAL: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../shared/transform/cases/bottlecrm-deal/won/input.json")).unwrap()
});
static ACCOUNT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../shared/transform/cases/bottlecrm-account/full/input.json"))
        .unwrap()
});
static MAPPINGS: LazyLock<(CrmMappings, UpserterMappings)> = LazyLock::new(|| {
    let of = |name| Ok::<_, ()>(built_in(name, &Value::Null));
    (CrmMappings::with(of).unwrap(), crm::mappings("SKU-1"))
});

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn reference(payload: &Value, entity: &str) -> String {
    let id = if entity == "account" { &payload["data"]["account_id"] } else { &payload["data"]["id"] };
    format!("bottlecrm/{}/{entity}/{}", text(&payload["org_id"]), text(id))
}

fn webhook(payload: &Value) -> String {
    let event_type = format!("bottlecrm.{}", text(&payload["event"]));
    let body = envelope(&event_type, &format!("/bottlecrm/{}", text(&payload["org_id"])), "", payload);
    // BottleCRM says no version.
    let mut body: Value = serde_json::from_str(&body).unwrap();
    body["sourceversion"] = Value::Null;
    body.to_string()
}

pub(crate) fn to_erp(world: &Arc<World>, hook: &Hook) -> Receiver<CrmToErp> {
    let seen = world.seen_by(hook);
    let gate = seen.gate("tryton");
    let target = http("tryton", world.sandbox.tryton_url(), Arc::clone(&seen));
    let (crms, tryton) = MAPPINGS.clone();
    let erp = TrytonRecordUpserter::new(target, world.credential(), 1, tryton);
    seen.receiver(CrmToErp::new(crms, Arc::new(erp)), gate)
}

/// Won deals of an account that the ERP knows.
#[derive(Clone, Copy)]
struct WonDeals;

impl WonDeals {
    fn deal(number: u32) -> Value {
        let mut payload = DEAL.clone();
        payload["data"]["id"] = json!(number.to_string());
        payload
    }
}

impl Subject for WonDeals {
    type Flow = CrmToErp;

    fn target(self) -> &'static str {
        "tryton"
    }

    fn receiver_by(self, _: &Translators, world: &Arc<World>, hook: &Hook) -> Receiver<CrmToErp> {
        world.sandbox.know_party(&reference(&DEAL, "account"));
        to_erp(world, hook)
    }

    fn good(self, order: u32) -> String {
        webhook(&Self::deal(order))
    }

    fn poison(self) -> String {
        let mut payload = Self::deal(1);
        payload["data"]["amount"] = json!("12,5");
        webhook(&payload)
    }

    fn effects(self, world: &World, order: u32) -> usize {
        let (effects, reference) = (world.sandbox.effects(), reference(&Self::deal(order), "deal"));
        effects.iter().filter(|effect| effect.system == System::Erp && effect.reference == reference).count()
    }

    fn follow_ons(self) -> usize {
        0
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_for_a_won_deal_loses_and_doubles_no_sale() {
    println!("schedules: {}", one_fault(WonDeals, &Weather::FAIR).await);
}

#[tokio::test(start_paused = true)]
async fn two_faults_at_any_calls_of_two_attempts_for_a_won_deal_lose_and_double_no_sale() {
    println!("schedules: {}", two_faults(WonDeals, &Weather::FAIR).await);
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_a_lost_call_for_a_won_deal_loses_and_doubles_no_sale() {
    println!("schedules: {}", a_loss_and_a_fault(WonDeals, &Weather::FAIR).await);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_an_outage_of_the_erp_loses_and_doubles_no_sale() {
    let weathers = [&Weather::OUTAGE, &Weather::WRITES_FAIL, &Weather::OPEN];
    println!("schedules: {}", one_fault_in(WonDeals, &weathers).await);
}

/// A state of the account, so many milliseconds after its first.
fn state(name: &str, after_ms: u32) -> String {
    let mut payload = ACCOUNT.clone();
    payload["event"] = json!("account.updated");
    payload["data"]["name"] = json!(name);
    payload["data"]["updated_at"] = json!(format!("2026-11-24T08:00:00.{after_ms:03}Z"));
    webhook(&payload)
}

fn send(world: &Arc<World>, body: &str) {
    world.source.send(body, Attributes::new(), world.now_ms(), Duration::ZERO);
}

fn calls(world: &Arc<World>, body: &str) -> Worker {
    send(world, body);
    Worker::start(world, &[], to_erp).unwrap()
}

/// A worker with the first state stands still at any call, the newest state comes meanwhile, one in between comes last.
#[tokio::test(start_paused = true)]
async fn an_older_state_of_an_account_never_overwrites_a_newer_one() {
    let fair = World::new();
    let mut worker = calls(&fair, &state("first", 1));
    assert_eq!(worker.go().await, Came::Answered);
    let stalls = Fault::each(&Fault::STALLS, worker.calls().len());
    for (stall, gap) in
        stalls.iter().flat_map(|stall| [WITHIN_THE_LEASE, PAST_THE_LEASE].map(|gap| (*stall, gap)))
    {
        fastrand::seed(7);
        let world = World::new();
        send(&world, &state("first", 1));
        let mut first = Worker::start(&world, &[stall], to_erp).unwrap();
        let stands = first.go().await == Came::Stopped(Stop::Stalled);
        advance(gap).await;
        calls(&world, &state("newest", 3)).go().await;
        if stands {
            assert_eq!(first.go_on().await, Came::Answered);
        }
        send(&world, &state("between", 2));
        drain(&world, &[], to_erp).await;
        let code = format!("bottlecrm/{}/account/{}", text(&ACCOUNT["org_id"]), text(&ACCOUNT["data"]["id"]));
        let party = world.sandbox.party(&code, &["name"]).unwrap();
        assert_eq!(party["name"], "newest", "{stall:?} {gap:?}");
        assert!(world.dead_letters.messages().is_empty() && world.source.moved().is_empty());
    }
    println!("schedules: {}", 2 * stalls.len());
}

fn object(object: &str, id: u64, properties: &[(&str, &str)], companies: &[u64]) -> HubSpotObject {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HubSpotObject {
        object: object.to_owned(),
        id,
        updated_at: "2026-11-24T10:00:02Z".to_owned(),
        properties: properties.collect::<BTreeMap<_, _>>(),
        companies: companies.to_vec(),
    }
}

fn notified(world: &Arc<World>, subscription: &str, id: u64, occurred_at: i64) {
    let object = if subscription.ends_with("associationChange") { "fromObjectId" } else { "objectId" };
    let data = json!({
        "eventId": 1, "subscriptionId": 7, "portalId": 33, "occurredAt": occurred_at, object: id,
        "subscriptionType": subscription
    });
    send(world, &envelope(&format!("hubspot.{subscription}"), "/hubspot/33", "v3", &data));
}

pub(crate) fn enricher(world: &Arc<World>, hook: &Hook) -> Receiver<HubSpotEnricher> {
    let seen = world.seen_by(hook);
    let gate = seen.gate("hubspot");
    let target = http("hubspot", world.sandbox.hubspot_url(), Arc::clone(&seen));
    let reader = HubSpotObjectReader::new(target, world.credential());
    let notifications = built_in("hubspot-notification", &Value::Null);
    seen.receiver(HubSpotEnricher::new(notifications, Arc::new(reader)), gate)
}

/// Those of one object end in one state, those of a deleted object in none; what comes before its account waits for it.
#[tokio::test(start_paused = true)]
async fn notifications_become_records_of_the_erp_by_way_of_both_flows() {
    fastrand::seed(7);
    let world = World::new();
    let sandbox = &world.sandbox;
    sandbox.put_hubspot(object("companies", 901, &[("name", "Acme GmbH")], &[]));
    let person = [("firstname", "Ann"), ("email", "ann@acme.example")];
    sandbox.put_hubspot(object("contacts", 5001, &person, &[901]));
    let won = [
        ("dealname", "Rollout"),
        ("amount", "1500"),
        ("deal_currency_code", "USD"),
        ("hs_is_closed_won", "true"),
    ];
    sandbox.put_hubspot(object("deals", 7001, &won, &[901]));
    let now = 1_795_514_400_000;
    for (subscription, id, after) in [
        ("deal.propertyChange", 7001, 5),
        ("contact.propertyChange", 5001, 3),
        ("contact.propertyChange", 5001, 3),
        ("contact.creation", 5001, 1),
        ("contact.creation", 5002, 2),
    ] {
        notified(&world, subscription, id, now + after);
    }
    drain(&world, &[], enricher).await;
    let read = world.next.messages();
    assert_eq!(read.len(), 2, "one of the contact, one of the deal");
    for event in &read {
        send(&world, &event.body);
    }
    // Neither has its account yet: both come again.
    let mut waiting = Worker::start(&world, &[], to_erp).unwrap();
    assert_eq!(waiting.go().await, Came::Answered);
    assert_eq!((world.source.messages().len(), sandbox.effects().len()), (2, 0));
    // So does what HubSpot tells of the company.
    let later = World::new();
    later.sandbox.put_hubspot(object("companies", 901, &[("name", "Acme GmbH")], &[]));
    notified(&later, "company.creation", 901, now);
    drain(&later, &[], enricher).await;
    send(&world, &later.next.messages()[0].body);
    drain(&world, &[], to_erp).await;
    let mut made: Vec<_> = sandbox.effects().into_iter().map(|effect| effect.reference).collect();
    made.sort();
    assert_eq!(made, ["hubspot/33/account/901", "hubspot/33/contact/5001", "hubspot/33/deal/7001"]);
    let person = sandbox.party("hubspot/33/contact/5001", &["name", "identifiers.code"]).unwrap();
    assert_eq!(
        (text(&person["name"]), text(&person["identifiers"][0]["code"])),
        ("Ann", "hubspot/33/account/901")
    );
    assert!(world.dead_letters.messages().is_empty() && world.source.moved().is_empty());
    // The cross references are kept.
    let key = message::OperationKey::new("crm-to-erp", &["hubspot", "33", "account", "901"]);
    let party = format!("tryton.party/{}", sandbox.party("hubspot/33/account/901", &[]).unwrap()["id"]);
    assert_eq!(world.store.by_target_id(&party).await.unwrap(), [key]);
}

/// HubSpot does not take that for a change of the deal: its time stays.
#[tokio::test(start_paused = true)]
async fn a_deal_that_was_won_before_it_had_a_company_is_sold_once_it_is_linked() {
    fastrand::seed(7);
    let world = World::new();
    let sandbox = &world.sandbox;
    sandbox.know_party("hubspot/33/account/901");
    let won = [
        ("dealname", "Rollout"),
        ("amount", "1500"),
        ("deal_currency_code", "USD"),
        ("hs_is_closed_won", "true"),
    ];
    let now = 1_795_514_400_000;
    for (subscription, companies, after) in
        [("deal.propertyChange", &[][..], 0), ("deal.associationChange", &[901], 60_000)]
    {
        sandbox.put_hubspot(object("deals", 7001, &won, companies));
        notified(&world, subscription, 7001, now + after);
        drain(&world, &[], enricher).await;
        send(&world, &world.next.messages().last().unwrap().body);
        drain(&world, &[], to_erp).await;
        let sold =
            sandbox.effects().iter().filter(|effect| effect.reference == "hubspot/33/deal/7001").count();
        assert_eq!(sold, companies.len(), "{subscription}");
    }
    let letters = world.dead_letters.messages();
    let paths: Vec<_> = letters.iter().map(|letter| letter.attributes["Path"].text().unwrap()).collect();
    assert_eq!(paths, ["$.account"], "of the deal without a company, and no conflict");
    // Redriven, it is older than what was sold.
    world.dead_letters.redrive(&world.source, world.now_ms());
    drain(&world, &[], to_erp).await;
    assert!(world.dead_letters.messages().is_empty());
    assert_eq!(sandbox.effects().len(), 1);
}

/// Its own code, and the place that names it.
#[tokio::test(start_paused = true)]
async fn what_waits_for_an_account_that_never_comes_is_a_dead_letter_in_the_end() {
    fastrand::seed(7);
    let world = World::new();
    send(&world, &webhook(&DEAL));
    let turns = drain(&world, &[], to_erp).await;
    assert_eq!(turns.len(), 5, "the last permitted receive");
    let letters = world.dead_letters.messages();
    let says = |name: &str| letters[0].attributes[name].text().unwrap().to_owned();
    assert_eq!(
        (letters.len(), says("Code"), says("Path")),
        (1, "SPW4014".to_owned(), "$.account".to_owned())
    );
    // The account comes; the letter is redriven.
    world.sandbox.know_party(&reference(&DEAL, "account"));
    world.dead_letters.redrive(&world.source, world.now_ms());
    drain(&world, &[], to_erp).await;
    let mut deal = WonDeals::deal(1);
    deal["data"]["id"] = DEAL["data"]["id"].clone();
    let made = world.sandbox.effects();
    assert_eq!(
        made.iter().map(|effect| effect.reference.clone()).collect::<Vec<_>>(),
        [reference(&deal, "deal")]
    );
}
