//! The connectors against the partner sandbox: the contract, and what happens when a partner fails or changes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use local::Partner;
use local::sandbox::{API_KEY, Demand, Fault, FaultKind, Sandbox, System};
use message::{Code, Effect};
use outbound::{CallError, LabelBuyer, StockReserver, at_most_once};
use serde_json::{Value, json};
use tests::karrio::{self, buyer, buyer_at};
use tests::{
    budget, case_desk_suite, label_buyer_suite, order, redmine, reserver_by, reserver_waiting,
    stock_reserver_suite,
};
use transform::{Catalog, Translator};

const PATIENCE: Duration = Duration::from_millis(400);

fn inventory(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.tryton_url(), api_key: API_KEY.to_owned() }
}

fn fault(method: &str, path: &str, kind: FaultKind) -> Fault {
    Fault { method: Some(method.to_owned()), path: path.to_owned(), kind, times: 1, every: 1 }
}

fn effects(sandbox: &Sandbox, system: System) -> usize {
    sandbox.effects().iter().filter(|effect| effect.system == system).count()
}

#[tokio::test]
async fn the_sandbox_holds_the_stock_reserver_contract() {
    let sandbox = Sandbox::start().await.unwrap();
    stock_reserver_suite::holds(&inventory(&sandbox)).await;
}

#[tokio::test]
async fn the_sandbox_holds_the_case_desk_contract() {
    let sandbox = Sandbox::start().await.unwrap();
    case_desk_suite::holds(&redmine::DeskPartner::of(&sandbox)).await;
}

#[tokio::test]
async fn the_sandbox_holds_the_label_buyer_contract() {
    let sandbox = Sandbox::start().await.unwrap();
    label_buyer_suite::holds(&karrio::partner(&sandbox)).await;
}

/// Every write of a reservation, in its order: path and how many of such calls come before it.
const WRITES: [&str; 6] = ["party.party", "sale.sale", "quote", "confirm", "process", "assign_try"];

#[tokio::test]
async fn a_reservation_is_continued_after_any_of_its_writes_was_lost() {
    for write in WRITES {
        for kind in [FaultKind::TimeoutBeforeEffect, FaultKind::TimeoutAfterEffect, status(500)] {
            let sandbox = Sandbox::start().await.unwrap();
            let reserver = reserver_waiting(&inventory(&sandbox), PATIENCE);
            let order = order(&[("SKU-1", 1)]);
            sandbox.fail(fault("POST", write, kind.clone()));
            let first = attempt(&reserver, &order).await;
            let second = attempt(&reserver, &order).await;
            let found = second.unwrap_or_else(|error| panic!("{write} {kind:?}: {error:?}"));
            if let Ok(first) = first {
                assert_eq!(first, found, "{write} {kind:?}");
            }
            assert_eq!(effects(&sandbox, System::Inventory), 1, "{write} {kind:?}");
        }
    }
}

async fn attempt(
    reserver: &impl StockReserver,
    order: &transform::canonical::Order,
) -> Result<transform::canonical::Reservation, outbound::Attempt> {
    let budget = budget();
    at_most_once(Effect::Unknown, || reserver.find(order, &budget), || reserver.reserve(order, &budget)).await
}

const fn status(status: u16) -> FaultKind {
    FaultKind::Status { status, retry_after_s: None }
}

#[tokio::test]
async fn after_a_first_write_not_now_is_an_unknown_outcome() {
    let sandbox = Sandbox::start().await.unwrap();
    let reserver = reserver_waiting(&inventory(&sandbox), PATIENCE);
    sandbox.fail(fault("POST", "quote", FaultKind::Status { status: 429, retry_after_s: Some(7) }));
    let error = reserver.reserve(&order(&[("SKU-1", 1)]), &budget()).await.unwrap_err();
    let after = Some(Duration::from_secs(7));
    assert_eq!(error, CallError::OutcomeUnknown { code: Code::TargetThrottled, after });
}

#[tokio::test]
async fn before_any_write_not_now_has_changed_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let reserver = reserver_waiting(&inventory(&sandbox), PATIENCE);
    sandbox.fail(fault("GET", "product.product", status(503)));
    let error = reserver.reserve(&order(&[("SKU-1", 1)]), &budget()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::TargetFailed, Effect::Absent));
}

#[tokio::test]
async fn a_reservation_out_of_stock_is_continued_after_restocking() {
    let sandbox = Sandbox::start().await.unwrap();
    let reserver = reserver_waiting(&inventory(&sandbox), PATIENCE);
    let order = order(&[("SKU-EMPTY", 2)]);
    assert_eq!(reserver.reserve(&order, &budget()).await.unwrap_err().code(), Code::OutOfStock);
    sandbox.stock("SKU-EMPTY", 2);
    reserver.reserve(&order, &budget()).await.unwrap();
    assert_eq!(effects(&sandbox, System::Inventory), 1);
}

/// The mapping `tryton-sale` with a rule more for each of these, which makes `x`, and its target's contract with these members.
fn with_more(more: &[(&str, &str)]) -> Arc<Translator> {
    let contracts = Catalog::built_in().unwrap().contracts();
    let mut sale = contracts.documents().unwrap().remove("tryton.sale@8.2").unwrap();
    let mut mapping = include_str!("../shared/transform/mappings/tryton-sale.toml").to_owned();
    for (rule, object) in more {
        let (_, name) = rule.rsplit_once('.').unwrap_or(("", rule));
        sale.pointer_mut(object).unwrap()["properties"][name] = json!({ "type": "string" });
        mapping.push_str(&format!("\n[[rule]]\nto = \"{rule}\"\nvalue = \"x\"\n"));
    }
    let catalog = Catalog::read([("tryton-sale", mapping.as_str())], []).unwrap();
    let catalog = catalog.with_contracts(contracts.with(sale).unwrap());
    Arc::new(Translator::new(catalog.plan("tryton-sale", &Value::Null).unwrap()))
}

#[tokio::test]
async fn fields_that_only_the_mapping_knows_are_written_to_their_records() {
    let more = with_more(&[
        ("shipment_method", ""),
        ("lines[].note", "/$defs/line"),
        ("party.lang", "/$defs/party"),
        ("shipment_address.building_name", "/$defs/address"),
    ]);
    for (of, at) in [
        ("sale.sale", "/shipment_method"),
        ("sale.sale", "/lines/0/1/0/note"),
        ("party.party", "/lang"),
        ("party.party", "/addresses/0/1/0/building_name"),
    ] {
        let (sandbox, order) = (Sandbox::start().await.unwrap(), order(&[("SKU-1", 1)]));
        sandbox.insist(Demand { of: of.to_owned(), at: at.to_owned(), value: Some(json!("x")) });
        let without = reserver_waiting(&inventory(&sandbox), PATIENCE);
        let error = without.reserve(&order, &budget()).await.unwrap_err();
        assert_eq!(error.code(), Code::TargetRefused, "{at}");
        let with = reserver_by(Arc::clone(&more), &inventory(&sandbox), PATIENCE);
        with.reserve(&order, &budget()).await.unwrap();
    }
}

fn reservation() -> transform::canonical::Reservation {
    order(&[("SKU-1", 1)]).reserved_as("41".to_owned(), Some("S-41".to_owned()))
}

#[tokio::test]
async fn a_label_without_tracking_is_a_label() {
    let sandbox = Sandbox::start().await.unwrap();
    let (buyer, reservation) =
        (buyer_at(&karrio::partner(&sandbox), PATIENCE, "letter_service"), reservation());
    let bought = buyer.buy(&reservation, &budget()).await.unwrap();
    assert_eq!(bought.tracking_number, None);
    assert_eq!(buyer.find(&reservation, &budget()).await.unwrap(), Some(bought));
}

#[tokio::test]
async fn a_list_without_an_end_is_not_taken_for_no_label() {
    let sandbox = Sandbox::start().await.unwrap();
    let (buyer, reservation) = (buyer(&sandbox, PATIENCE), reservation());
    for number in 0..1_001 {
        let mut longer = reservation.clone();
        longer.reference.push_str(&format!("-{number}"));
        buyer.buy(&longer, &budget()).await.unwrap();
    }
    let error = buyer.find(&reservation, &budget()).await.unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::ResponseUnreadable, after: None });
}

#[tokio::test]
async fn a_label_is_bought_once_though_the_answer_is_lost() {
    for kind in [FaultKind::TimeoutAfterEffect, FaultKind::TimeoutBeforeEffect, status(502)] {
        let sandbox = Sandbox::start().await.unwrap();
        let (buyer, reservation) = (buyer(&sandbox, PATIENCE), reservation());
        sandbox.fail(fault("POST", "/v1/shipments", kind.clone()));
        let budget = budget();
        for _ in 0..2 {
            let find = || buyer.find(&reservation, &budget);
            let buy = || buyer.buy(&reservation, &budget);
            drop(at_most_once(Effect::Absent, find, buy).await);
        }
        assert_eq!(effects(&sandbox, System::Labels), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_slow_partner_within_the_time_out_is_waited_for() {
    let sandbox = Sandbox::start().await.unwrap();
    let buyer = buyer(&sandbox, Duration::from_secs(5));
    sandbox.fail(fault("POST", "/v1/shipments", FaultKind::Slow { ms: 300 }));
    buyer.buy(&reservation(), &budget()).await.unwrap();
}
