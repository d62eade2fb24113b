//! The ledger table on an engine: dynoxide in this process, or any endpoint that speaks DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableStatus,
};
use dynoxide::Database;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::poll_until;

/// A client of a fresh dynoxide database that lives as long as the test's runtime.
pub async fn dynoxide() -> Client {
    client(&dynoxide_endpoint().await)
}

/// Where a fresh dynoxide database listens, as long as the test's runtime lives.
pub async fn dynoxide_endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().expect("an in-memory database");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    endpoint
}

/// A client of the engine at `endpoint`; the credentials are the ones that every local engine takes.
pub fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "testkit"))
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

/// A ledger table of its own, as template.yaml declares it; returns its name.
pub async fn ledger_table(client: &Client) -> String {
    let name = format!("ledger-{}", Uuid::new_v4());
    let attribute = |name| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let key =
        |name| KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().unwrap();
    let by_target_id = GlobalSecondaryIndex::builder()
        .index_name("by-target-id")
        .key_schema(key("target_id"))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(&name)
        .attribute_definitions(attribute("pk"))
        .attribute_definitions(attribute("target_id"))
        .key_schema(key("pk"))
        .global_secondary_indexes(by_target_id)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("the table is created");
    poll_until("table is active", std::time::Duration::from_secs(10), || async {
        let table = client.describe_table().table_name(&name).send().await.ok()?.table?;
        (table.table_status == Some(TableStatus::Active)).then_some(())
    })
    .await;
    name
}
