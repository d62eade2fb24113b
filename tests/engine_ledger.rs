//! The ledger's conformance suite on the local engine, through the SDK and over HTTP.

use std::sync::Arc;

use ledger::DynamoDbStore;
use local::{Engine, Tools, Workspace};

#[tokio::test]
async fn the_ledgers_protocol_holds_on_the_local_engine() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let engine = Engine::start(&tools).await.unwrap();
    let client = testkit::dynamodb::client(engine.endpoint());
    let table = testkit::dynamodb::ledger_table(&client).await;
    testkit::ledger_suite::all_behaviours(Arc::new(DynamoDbStore::new(client, table))).await;
}
