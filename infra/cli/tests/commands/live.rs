//! Commands that ask the table of a deployment: on dynoxide, beside an STS that knows one person.

use axum::Router;
use local::sandbox::{API_KEY, Sandbox};
use tokio::net::TcpListener;

use super::{BAD, GOOD, Said, UNANSWERED, fixture, spillway_with};

const ANN: &str = "arn:aws:iam::123456789012:user/ann";

struct Deployment {
    dynamodb: String,
    sts: String,
    table: String,
}

impl Deployment {
    async fn new() -> Self {
        let dynamodb = testkit::dynamodb::dynoxide_endpoint().await;
        let table = testkit::dynamodb::ledger_table(&testkit::dynamodb::client(&dynamodb)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sts = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>{ANN}</Arn><UserId>ann</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
             </GetCallerIdentityResponse>"
        );
        let app = Router::new().fallback(move || async move { ([("content-type", "text/xml")], answer) });
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { dynamodb, sts, table }
    }

    async fn spillway(&self, arguments: &[&str]) -> Said {
        let environment = [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            ("AWS_ENDPOINT_URL_STS", self.sts.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ];
        let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let arguments =
            arguments.into_iter().chain(["--table".to_owned(), self.table.clone()]).collect::<Vec<_>>();
        // It is a process of its own: the engine goes on in this one.
        tokio::task::spawn_blocking(move || spillway_with(&arguments, &environment)).await.unwrap()
    }

    async fn history(&self) -> String {
        self.spillway(&["mapping", "history", "shopify-order"]).await.ends(GOOD).out
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_set_unset_and_told_by_who_when_and_why() {
    let deployment = Deployment::new().await;
    assert!(deployment.history().await.contains("nothing was ever changed"));
    let set = [
        "mapping",
        "set-value",
        "shopify-order",
        "fulfillment",
        "scheduled",
        "open",
        "--reason",
        "as the shop says",
    ];
    let told = "value \"scheduled\" of fulfillment becomes \"open\"";
    deployment.spillway(&set).await.ends(GOOD).says(&[told, "shopify-order/2+1 canonical.order@1"]);
    let unset =
        ["mapping", "unset", "shopify-order", "fulfillment", "scheduled", "--reason", "in the file now"];
    deployment.spillway(&unset).await.ends(GOOD).says(&["shopify-order/2+2 canonical.order@1"]);
    let history = deployment.history().await;
    for text in [ANN, told, "(as the shop says)", "(in the file now)", "2 changes"] {
        assert!(history.contains(text), "{text} in {history}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_not_be_right_is_refused_with_its_mend_and_leaves_no_trace() {
    let deployment = Deployment::new().await;
    for (change, told) in [
        (vec!["set-default", "shopify-order", "lines[].weight_grams", "heavy"], "lines[].weight_grams"),
        (vec!["set-default", "shopify-order", "lines[].weight_grams", "-1"], "at least 0"),
        (vec!["set-default", "karrio-shipment", "label_type", "PDF"], "its default is never used"),
        (
            vec!["set-value", "shopify-order", "fulfillment", " open", "open"],
            "begins or ends with white space",
        ),
        (vec!["set-value", "shopify-order", "fulfillment", "open", "o\tpen"], "holds a control character"),
        (vec!["set-value", "shopify-order", "colour", "red", "rot"], "no value map colour"),
        (vec!["set-value", "no-such-mapping", "a", "b", "c"], "there is no mapping no-such-mapping"),
        (vec!["unset", "shopify-order", "fulfillment", "scheduled"], "nothing is set there"),
        (vec!["unset", "shopify-order", "fulfillment", "-1"], "nothing is set there"),
    ] {
        let arguments: Vec<_> = ["mapping"].into_iter().chain(change).chain(["--reason", "try"]).collect();
        deployment.spillway(&arguments).await.ends(UNANSWERED).says(&[told]);
    }
    let blank =
        ["mapping", "set-value", "shopify-order", "fulfillment", "scheduled", "open", "--reason", " "];
    deployment.spillway(&blank).await.ends(UNANSWERED).says(&["a reason is needed"]);
    assert!(deployment.history().await.contains("nothing was ever changed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_below_zero_is_a_value_and_no_option() {
    let deployment = Deployment::new().await;
    let of = ["shopify-order", "fulfillment", "-1"];
    for (command, becomes, told) in [
        ("set-value", Some("open"), "value \"-1\" of fulfillment becomes \"open\""),
        ("unset", None, "\"-1\""),
    ] {
        let arguments: Vec<_> =
            ["mapping", command].into_iter().chain(of).chain(becomes).chain(["--reason", "try"]).collect();
        deployment.spillway(&arguments).await.ends(GOOD).says(&[told]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_shown_by_flow_and_field() {
    let deployment = Deployment::new().await;
    let drift = ["drift", "orders-to-inventory"];
    deployment.spillway(&drift).await.ends(GOOD).says(&["everything came as the contracts say, or no flow"]);
    let client = testkit::dynamodb::client(&deployment.dynamodb);
    let store = control::DynamoDbControlStore::new(client, &deployment.table);
    let path = "shopify-order: $.loyalty_tier".to_owned();
    let counted = [control::DriftCount { kind: "UnknownField".to_owned(), path: path.clone(), count: 7 }];
    let now = jiff::Timestamp::now();
    control::ControlStore::add_drift(&store, "orders-to-inventory", now, &counted).await.unwrap();
    deployment.spillway(&drift).await.ends(GOOD).says(&["UnknownField", "7", &path]);
    let misspelt = ["drift", "orders-to-inventory", "orders-to-inventori"];
    let told = "orders-to-inventori: nothing is counted: everything came as the contracts say, or no flow is called so";
    deployment.spillway(&misspelt).await.ends(GOOD).says(&[&path, told]);
    let json = deployment.spillway(&["drift", "orders-to-inventory", "--json"]).await.json();
    assert_eq!(json[0]["count"], 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_target_does_not_take_any_more_is_found_before_a_record_fails() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = sandbox.karrio_url();
    for (settings, code, told) in [
        ("shipping-settings.json", GOOD, "0 differences"),
        ("shipping-settings-of-a-service-that-is-gone.json", BAD, "the mapping makes \"overnight\""),
    ] {
        let arguments: Vec<String> = [
            "mapping",
            "options",
            "karrio-shipment",
            "--key-from",
            "KARRIO_KEY",
            "--url",
            &url,
            "--settings",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain([fixture(settings)])
        .collect();
        let environment = [("KARRIO_KEY", API_KEY.to_owned())];
        let said =
            tokio::task::spawn_blocking(move || spillway_with(&arguments, &environment)).await.unwrap();
        said.ends(code).says(&[told, "recipient.country_code"]);
    }
    // Without what its settings say it would compare nothing, and find nothing.
    let arguments = ["mapping", "options", "karrio-shipment", "--key-from", "KARRIO_KEY", "--url", &url];
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    let environment = [("KARRIO_KEY", API_KEY.to_owned())];
    let said = tokio::task::spawn_blocking(move || spillway_with(&arguments, &environment)).await.unwrap();
    assert!(said.ends(2).err.contains("say --settings FILE"));
}
