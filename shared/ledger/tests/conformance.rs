//! The protocol's conformance suite on the two engines that need no server of their own. The third, ministack
//! through the SDK, runs with the end-to-end tests.

use std::sync::Arc;

mod on_memory {
    use super::*;

    testkit::ledger_conformance!(async { Arc::new(ledger::MemoryStore::default()) });
}

mod on_dynoxide {
    use super::*;

    testkit::ledger_conformance!(async {
        let client = testkit::dynamodb::dynoxide().await;
        let table = testkit::dynamodb::ledger_table(&client).await;
        Arc::new(ledger::DynamoDbStore::new(client, table))
    });
}
