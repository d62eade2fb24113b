//! What the deployed functions have logged in all of the above, searched for what must not be there. Every text of every example is in the
//! campaign's test of the same (tests/campaign/printed).

use local::Stack;
use local::sandbox::API_KEY;
use testkit::sightings;

/// Of the customer in the orders that were posted.
const PERSONAL: [&str; 4] = ["zoe@example.com", "Zoë Example", "14155550123", "1 Example Way"];
/// Of people and companies in what other sources tell.
const OTHERS: [&str; 3] = ["ann@acme.example", "Ann Example", "901820"];

const FUNCTIONS: [&str; 8] = [
    "ingest",
    "orders-to-inventory",
    "inventory-to-shipping",
    "hubspot-enricher",
    "crm-to-erp",
    "payments-to-operations",
    "warehouse-to-bi",
    "watchdog",
];

pub(crate) async fn nothing_personal_and_no_secret_is_in_what_the_functions_have_logged(stack: &Stack) {
    println!("what the functions have logged");
    let inspect = stack.engine.inspect();
    let letters =
        inspect.messages(stack.output("OrdersToInventoryDeadLetterQueueUrl").unwrap()).await.unwrap();
    for word in PERSONAL {
        // It has come, and was refused.
        assert!(letters.iter().any(|letter| letter.body.contains(word)), "{word}");
    }
    let crm = stack.crm_secrets();
    let secrets = [
        stack.webhook_secret(),
        stack.stripe_webhook_secret(),
        stack.vendure_secret(),
        stack.warehouse_secret(),
        crm.bottlecrm.as_str(),
        crm.hubspot.as_str(),
        API_KEY,
    ];
    let words: Vec<_> = PERSONAL.into_iter().chain(OTHERS).chain(secrets).collect();
    for function in FUNCTIONS {
        let logged = inspect.log_events(&stack.log_group(function), 0).await.unwrap();
        assert!(!logged.is_empty(), "{function}");
        let logged: Vec<_> = logged.into_iter().map(|event| event.message).collect();
        let logged = logged.join("\n");
        assert_eq!(sightings(&logged, &words), [""; 0], "{function}");
    }
}
