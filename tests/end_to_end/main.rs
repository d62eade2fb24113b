//! template.yaml deployed to the local engine by `sam deploy`, with the partner sandbox beside it. One test starts it
//! and asks for everything: a start takes half a minute.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "steps of a test fail by panicking and say where"
)]

mod credentials;
mod eventbridge;
mod lacking;
mod letters;
mod printed;
mod watchdog;

use std::collections::BTreeSet;
use std::time::Duration;

use control::{ControlStore, DynamoDbControlStore, Entry};
use local::inspect::QueuedMessage;
use local::sandbox::{Effect, Fault, FaultKind, System};
use local::scenario::{Shop, ShopOrder};
use local::watch::Watch;
use local::{Stack, Targets, Tools, Workspace};
use serde_json::{Value, json};
use testkit::poll_until;
use transform::{Catalog, Change};

#[tokio::test]
async fn a_signed_webhook_becomes_one_reservation_and_one_label_whatever_repeats_or_times_out() {
    let tools = Tools::new(Workspace::here()).unwrap();
    // A target that is up again is found out soon.
    let other = [
        ("BreakerOpenMs", "2000".to_owned()),
        ("DatasetGroups", lacking::DATASET_GROUPS.to_owned()),
        // Alarms of no other stage tell anybody.
        ("Stage", "prod".to_owned()),
    ];
    let stack = Stack::up_with(&tools, Targets::default(), &other).await.unwrap();
    let watch = Watch::start(&stack).await.unwrap();

    // Alarms take their minutes: once is enough.
    for (time, watch) in [("the first time", Some(&watch)), ("again on the same stack", None)] {
        println!("the demo's scenario, {time}");
        let outcome = stack.run_scenario(&stack.sandbox, watch, &|step| println!("{step}")).await.unwrap();
        assert!(outcome.wrong.is_empty(), "{time}: {:#?}", outcome.wrong);
    }
    only_what_the_engine_lacks_is_left_out(&stack);
    refusals_queue_nothing(&stack).await;
    watchdog::canaries_come_through_every_chain_and_no_system_hears_of_them(&stack).await;
    watchdog::everything_that_is_looked_at_of_a_flow_is_found(&stack).await;
    watchdog::a_payment_whose_webhook_never_came_is_found_by_asking_and_is_one_case(&stack).await;
    let early = lacking::a_deal_without_its_account_waits(&stack).await;
    eventbridge::an_order_by_webhook_and_by_eventbridge_is_reserved_once(&stack).await;
    eventbridge::a_payment_by_webhook_and_by_eventbridge_is_one_case(&stack).await;
    eventbridge::an_event_of_a_bus_that_the_flow_does_not_know_is_acknowledged_and_counted(&stack).await;
    eventbridge::an_event_by_a_wrong_route_is_parked(&stack).await;
    lacking::a_product_a_currency_or_stock_that_the_inventory_lacks(&stack).await;
    lacking::a_dataset_that_was_deleted(&stack).await;
    lacking::a_case_that_was_deleted_is_made_anew(&stack).await;
    a_label_whose_answer_was_lost_is_not_bought_twice(&stack).await;
    an_outage_of_one_target_holds_its_flow_only_and_drains_by_itself(&stack).await;
    credentials::refused_credentials_hold_all_ring_and_drain_once_they_are_mended(&stack, &watch).await;
    lacking::it_is_sold_once_its_account_has_come(&stack, &early).await;
    a_new_value_is_parked_then_set_without_a_deploy_and_redriven(&stack).await;
    letters::are_reviewed_until_only_those_are_left_that_nobody_can_mend(&stack).await;
    a_change_that_no_function_takes_is_counted_and_the_one_before_stays(&stack).await;
    printed::nothing_personal_and_no_secret_is_in_what_the_functions_have_logged(&stack).await;
}

fn only_what_the_engine_lacks_is_left_out(stack: &Stack) {
    // Alarms on metric math, composites of alarms, and saved queries: each by its own name, whichever template it stands in.
    let application = alarms::Application::in_folder(local::Workspace::here().root()).unwrap();
    let lacks = |resource: &&alarms::Resource| match resource.kind.as_str() {
        "AWS::CloudWatch::Alarm" => resource.properties.get("Metrics").is_some(),
        kind => ["AWS::CloudWatch::CompositeAlarm", "AWS::Logs::QueryDefinition"].contains(&kind),
    };
    let expected: BTreeSet<_> = application.resources.iter().filter(lacks).map(|it| it.id.as_str()).collect();
    // What a condition takes out of one use of a template is named for each.
    let left_out: BTreeSet<_> = stack.left_out.iter().filter_map(|name| name.rsplit('/').next()).collect();
    assert_eq!(left_out, expected);
}

async fn refusals_queue_nothing(stack: &Stack) {
    println!("an unknown source is 404");
    let api_url = stack.api_url().unwrap();
    let shop = Shop::at(&format!("{api_url}/webhooks/nobody"), stack.webhook_secret());
    let status = shop.post(&shop.order(), &shop.delivery()).await.unwrap();
    assert_eq!(status, 404);
    let queue = stack.output("OrdersToInventoryQueueUrl").unwrap();
    assert_eq!(stack.engine.inspect().messages(queue).await.unwrap().len(), 0);
}

async fn a_label_whose_answer_was_lost_is_not_bought_twice(stack: &Stack) {
    println!("the label system takes the order and never answers");
    stack.sandbox.fail(Fault {
        method: Some("POST".to_owned()),
        path: "/v1/shipments".to_owned(),
        kind: FaultKind::TimeoutAfterEffect,
        times: 1,
        every: 1,
    });
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order();
    assert_eq!(shop.post(&order, &shop.delivery()).await.unwrap(), 202);
    let log_group = stack.log_group("inventory-to-shipping");
    poll_until("the shipping flow is done", Duration::from_secs(90), || async {
        let lines = stack.engine.inspect().log_lines(&log_group).await.unwrap();
        lines
            .iter()
            .any(|line| line["disposition"] == "Done" && line["correlation_id"] == order.event_id.as_str())
            .then_some(())
    })
    .await;
    assert_eq!(effects(stack, System::Labels, &order), 1);
}

async fn an_outage_of_one_target_holds_its_flow_only_and_drains_by_itself(stack: &Stack) {
    println!("the label system is down, and orders keep coming");
    stack.sandbox.fail(Fault {
        method: None,
        path: "/v1/".to_owned(),
        kind: FaultKind::Status { status: 503, retry_after_s: None },
        times: u32::MAX,
        every: 1,
    });
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let orders: Vec<_> = (0..ORDERS_IN_OUTAGE).map(|_| shop.order()).collect();
    for order in &orders {
        assert_eq!(shop.post(order, &shop.delivery()).await.unwrap(), 202);
    }
    poll_until("every order is reserved", Duration::from_secs(60), || async {
        orders.iter().all(|order| effects(stack, System::Inventory, order) == 1).then_some(())
    })
    .await;
    let log_group = stack.log_group("inventory-to-shipping");
    let held = |line: &Value| {
        let held = line["message"] == "record ended" && line["disposition"] == "Hold";
        held && orders.iter().any(|order| line["correlation_id"] == order.event_id.as_str())
    };
    poll_until("a label is held", Duration::from_secs(60), || async {
        stack.engine.inspect().log_lines(&log_group).await.unwrap().iter().any(held).then_some(())
    })
    .await;
    assert!(orders.iter().all(|order| effects(stack, System::Labels, order) == 0));

    println!("the label system is up again");
    stack.sandbox.fail_no_more();
    labels_drain_once_each(stack, &orders).await;
}

/// What was held for the label system is bought, each once, and nothing is given up.
async fn labels_drain_once_each(stack: &Stack, orders: &[ShopOrder]) {
    let queue_url = stack.output("InventoryToShippingQueueUrl").unwrap();
    poll_until("the queue has drained", Duration::from_secs(120), || async {
        stack.engine.inspect().messages(queue_url).await.unwrap().is_empty().then_some(())
    })
    .await;
    let labels: Vec<_> = orders.iter().map(|order| effects(stack, System::Labels, order)).collect();
    assert_eq!(labels, [1; ORDERS_IN_OUTAGE]);
    assert_eq!(letters_of(stack, orders).await, 0);
}

/// Dead letters of the shipping flow that are about these.
async fn letters_of(stack: &Stack, orders: &[ShopOrder]) -> usize {
    let letters = stack.output("InventoryToShippingDeadLetterQueueUrl").unwrap();
    let letters = stack.engine.inspect().messages(letters).await.unwrap();
    let ours = |id: &String| orders.iter().any(|order| order.event_id == *id);
    letters.iter().filter(|letter| letter.attributes.get("CorrelationId").is_some_and(ours)).count()
}

/// More than the failures in a row that open the breaker.
const ORDERS_IN_OUTAGE: usize = 8;

fn effects(stack: &Stack, system: System, order: &ShopOrder) -> usize {
    let ours = |effect: &&Effect| effect.system == system && effect.reference == order.reference();
    stack.sandbox.effects().iter().filter(ours).count()
}

/// How the records of an event have ended at a flow, in their order, once there are so many.
async fn ended(stack: &Stack, function: &str, correlation_id: &str, count: usize) -> Vec<String> {
    let log_group = stack.log_group(function);
    poll_until(&format!("{count} records of {correlation_id}"), Duration::from_secs(60), || async {
        let lines = stack.engine.inspect().log_lines(&log_group).await.unwrap();
        let its =
            |line: &&Value| line["message"] == "record ended" && line["correlation_id"] == correlation_id;
        let ends: Vec<_> =
            lines.iter().filter(its).map(|line| line["disposition"].as_str().unwrap().to_owned()).collect();
        (ends.len() >= count).then_some(ends)
    })
    .await
}

/// Code and path of the event's dead letter.
async fn letter(stack: &Stack, queue: &str, correlation_id: &str) -> (String, String) {
    let queue_url = stack.output(queue).unwrap();
    poll_until(&format!("the dead letter of {correlation_id}"), Duration::from_secs(60), || async {
        let letters = stack.engine.inspect().messages(queue_url).await.unwrap();
        let attribute =
            |letter: &QueuedMessage, name: &str| letter.attributes.get(name).cloned().unwrap_or_default();
        let letter = letters.into_iter().find(|it| attribute(it, "CorrelationId") == correlation_id)?;
        Some((attribute(&letter, "Code"), attribute(&letter, "Path")))
    })
    .await
}

/// Somebody at the shop adds an entry to a list.
async fn a_new_value_is_parked_then_set_without_a_deploy_and_redriven(stack: &Stack) {
    println!("a status that the value map does not know");
    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order_in_status("scheduled");
    let letters_url = stack.output("OrdersToInventoryDeadLetterQueueUrl").unwrap();
    let parked = || async {
        let letters = stack.engine.inspect().messages(letters_url).await.unwrap();
        let ours = |id: &String| *id == order.event_id;
        let letter =
            letters.into_iter().find(|letter| letter.attributes.get("CorrelationId").is_some_and(ours))?;
        let attribute = |name: &str| letter.attributes.get(name).cloned().unwrap_or_default();
        Some((attribute("Code"), attribute("Path"), attribute("MappingVersion")))
    };
    assert_eq!(shop.post(&order, &shop.delivery()).await.unwrap(), 202);
    let letter = poll_until("the dead letter", Duration::from_secs(60), parked).await;
    let expected = ("SPW2004", "$.fulfillment_status", "shopify-order/2 canonical.order@1");
    assert_eq!((letter.0.as_str(), letter.1.as_str(), letter.2.as_str()), expected);

    println!("the value is set, and the letter redriven");
    let (store, told) = (control_store(stack), told("fulfillment"));
    let catalog = Catalog::built_in().unwrap();
    let entry = control::change(&store, catalog, "shopify-order", told).await.unwrap();
    assert_eq!(store.history("shopify-order").await.unwrap(), [entry]);
    // A function looks every half minute: until it has, the letter comes back.
    poll_until("the order is labelled", Duration::from_secs(120), || async {
        if parked().await.is_some() {
            let (from, to) = ("OrdersToInventoryDeadLetterQueueUrl", "OrdersToInventoryQueueUrl");
            stack.redrive(from, to).await.unwrap();
        }
        (effects(stack, System::Labels, &order) == 1).then_some(())
    })
    .await;
    assert_eq!(effects(stack, System::Inventory, &order), 1);
    let lines = stack.engine.inspect().log_lines(&stack.log_group("orders-to-inventory")).await.unwrap();
    let says = |message: &str, mapping: &str| {
        lines.iter().any(|it| it["message"] == message && it["mapping"] == mapping)
    };
    let stamp = "shopify-order/2+1 canonical.order@1";
    assert!(says("overrides of the mapping are in force", stamp));
    assert!(says("record ended", &format!("{stamp}, tryton-sale/2 tryton.sale@8.2")));
}

fn control_store(stack: &Stack) -> DynamoDbControlStore {
    let client = testkit::dynamodb::client(stack.engine.endpoint());
    DynamoDbControlStore::new(client, stack.output("LedgerTableName").unwrap())
}

fn told(map: &str) -> Entry {
    let (map, value, becomes) = (map.to_owned(), "scheduled".to_owned(), json!("open"));
    let change = Change::SetValue { map, value, becomes };
    let (author, reason) = ("ann".to_owned(), "the shop schedules deliveries".to_owned());
    Entry { revision: 0, change, author, at: jiff::Timestamp::now(), reason }
}

/// As when a deploy brings a mapping that a change does not fit.
async fn a_change_that_no_function_takes_is_counted_and_the_one_before_stays(stack: &Stack) {
    println!("a change of a value map that is not there");
    let (store, told) = (control_store(stack), told("colour"));
    let standing = store.overrides(&["shopify-order"]).await.unwrap().remove(0).unwrap();
    let next = standing.with(&told.change).unwrap();
    let entry = Entry { revision: next.revision, ..told };
    assert!(store.change("shopify-order", &next, &entry).await.unwrap());

    let shop = Shop::new(&stack.api_url().unwrap(), stack.webhook_secret());
    let order = shop.order_in_status("scheduled");
    assert_eq!(shop.post(&order, &shop.delivery()).await.unwrap(), 202);
    let log_group = stack.log_group("orders-to-inventory");
    let function = log_group.trim_start_matches("/aws/lambda/");
    let is_metric = |line: &Value, name: &str, names: &[&str]| {
        let directive = json!([{
            "Namespace": "Spillway", "Dimensions": [names, ["FunctionName"]],
            "Metrics": [{ "Name": name, "Unit": "Count" }]
        }]);
        line.pointer("/_aws/CloudWatchMetrics") == Some(&directive)
            && line["FunctionName"] == function
            && line["Mapping"] == "shopify-order"
            && line[name].as_u64() > Some(0)
    };
    let by_field = ["FunctionName", "Flow", "Mapping", "Field"];
    poll_until("both metrics", Duration::from_secs(150), || async {
        // Functions look, and tell, only while messages come.
        assert_eq!(shop.repeat_last(&order).await.unwrap(), 202);
        let lines = stack.engine.inspect().log_lines(&log_group).await.unwrap();
        let unknown = |line: &Value| {
            is_metric(line, "UnknownValue", &by_field) && line["Field"] == "$.fulfillment_status"
        };
        let refused = |line: &Value| is_metric(line, "OverridesRefused", &by_field[..3]);
        (lines.iter().any(unknown) && lines.iter().any(refused)).then_some(())
    })
    .await;
    poll_until("the order is labelled", Duration::from_secs(60), || async {
        (effects(stack, System::Labels, &order) == 1).then_some(())
    })
    .await;
}
