//! A real Vendure 3.7 as second shop, out of npm's packages on a Node.js that PyPI has, on SQLite.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::command::Step;
use crate::engine::free_port;
use crate::http::succeeds;
use crate::node::Node;
use crate::process::Service;
use crate::progress::say;
use crate::real::{READY_WITHIN, Run, once};
use crate::tools::Tools;

pub const USER: &str = "superadmin";
pub const PASSWORD: &str = "loopback-only";
const DATABASE: &str = "shop.sqlite";
const PACKAGES: [&str; 3] = ["requirements-node.txt", "vendure/package.json", "vendure/package-lock.json"];
const SHOP: [&str; 3] = ["vendure/seed.js", "vendure/shop.js", "vendure/order-placed-webhook.js"];
/// In Vendure's words; an order cannot be placed without them.
const CUSTOMER: &str = r#"{ "firstName": "Ann", "lastName": "Example", "emailAddress": "ann@example.com" }"#;

/// Where the shop's plugin posts each order that is placed, and the secret by which it signs: `whsec_<base64>`.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    pub url: &'a str,
    pub secret: &'a str,
}

/// A running Vendure that sells what the real Tryton has. Ends with this value.
pub struct RealVendure {
    pub base_url: String,
    client: reqwest::Client,
    _service: Service,
    // After the service, which drops before it.
    _run: Run,
}

/// Installs Vendure and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let node = Node::installed(tools).await?;
    once(tools, "vendure", &PACKAGES, async |folder| {
        say("installing Vendure");
        for file in ["package.json", "package-lock.json"] {
            fs::copy(tools.workspace.local("vendure").join(file), folder.join(file))?;
        }
        node.install("Vendure", folder).await
    })
    .await?;
    let files: Vec<_> = PACKAGES.into_iter().chain(SHOP).collect();
    once(tools, "vendure-database", &files, async |prepared| {
        say("preparing Vendure's database");
        let seed = Step::new("preparing Vendure: products", node.program());
        seed.args([tools.workspace.local("vendure/seed.js")])
            .args([free_port()?.to_string()])
            .args([prepared.join(DATABASE)])
            .env("NODE_PATH", modules(tools))
            .output()
            .await?;
        Ok(())
    })
    .await
}

impl RealVendure {
    /// Without a webhook nobody is told of orders.
    pub async fn up(tools: &Tools, webhook: Option<Webhook<'_>>) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Vendure");
        let run = Run::of(tools, "vendure", &prepared).await?;
        let mut command = Command::new(Node::installed(tools).await?.program());
        command
            .arg(tools.workspace.local("vendure/server.js"))
            .arg(run.port.to_string())
            .arg(run.folder.join(DATABASE))
            .env("NODE_PATH", modules(tools));
        if let Some(webhook) = webhook {
            command.env("WEBHOOK_URL", webhook.url).env("WEBHOOK_SECRET", webhook.secret);
        }
        let mut service = Service::start("Vendure", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}", run.port));
        let probe = format!("{base_url}/health");
        service.ready(READY_WITHIN, async || succeeds(client.get(&probe)).await).await?;
        Ok(Self { base_url, client, _service: service, _run: run })
    }

    /// As a guest would through the shop's API, paid at once; answers with the order's code. `address` is in Vendure's words, as
    /// `CreateAddressInput` has them.
    pub async fn place_order(&self, sku: &str, quantity: u32, address: &Value) -> Result<String> {
        let mut guest = Guest { shop: self, token: None };
        let products = guest.ask("{ products { items { variants { id sku } } } }", json!({})).await?;
        let variants =
            products["items"].as_array().into_iter().flatten().filter_map(|it| it["variants"].as_array());
        let variant = variants.flatten().find(|variant| variant["sku"] == sku);
        let variant = variant.with_context(|| format!("the shop sells no {sku}"))?;
        guest
            .ask(
                "mutation ($variant: ID!, $quantity: Int!) {
                    addItemToOrder(productVariantId: $variant, quantity: $quantity) { ...R }
                }",
                json!({ "variant": variant["id"], "quantity": quantity }),
            )
            .await?;
        guest
            .ask(
                "mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { ...R } }",
                json!({ "input": serde_json::from_str::<Value>(CUSTOMER)? }),
            )
            .await?;
        guest
            .ask(
                "mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) { ...R } }",
                json!({ "input": address }),
            )
            .await?;
        let methods = guest.ask("{ eligibleShippingMethods { id } }", json!({})).await?;
        guest
            .ask(
                "mutation ($method: ID!) { setOrderShippingMethod(shippingMethodId: [$method]) { ...R } }",
                json!({ "method": methods[0]["id"] }),
            )
            .await?;
        guest
            .ask(r#"mutation { transitionOrderToState(state: "ArrangingPayment") { ...R } }"#, json!({}))
            .await?;
        let paid = guest
            .ask(
                r#"mutation { addPaymentToOrder(input: { method: "prepaid", metadata: {} }) { ...R } }"#,
                json!({}),
            )
            .await?;
        paid["code"].as_str().map(str::to_owned).context("the order has no code")
    }
}

/// One visit to the shop, known by its token.
struct Guest<'a> {
    shop: &'a RealVendure,
    token: Option<String>,
}

impl Guest<'_> {
    /// The only field of the answer. `...R` is an order, or why there is none.
    async fn ask(&mut self, query: &str, variables: Value) -> Result<Value> {
        let result = "{ ... on Order { code state } ... on ErrorResult { errorCode message } }";
        let query = query.replace("{ ...R }", result);
        let mut request = self.shop.client.post(format!("{}/shop-api", self.shop.base_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.json(&json!({ "query": query, "variables": variables })).send().await?;
        if let Some(token) = answer.headers().get("vendure-auth-token") {
            self.token = Some(token.to_str()?.to_owned());
        }
        let answer: Value = answer.json().await?;
        if !answer["errors"].is_null() {
            bail!("Vendure: {}", answer["errors"]);
        }
        let fields = answer["data"].as_object().into_iter().flatten();
        let (_, field) = fields.last().context("Vendure answered without data")?;
        if !field["errorCode"].is_null() {
            bail!("Vendure: {field}");
        }
        Ok(field.clone())
    }
}

/// Where scripts that lie elsewhere find their packages.
fn modules(tools: &Tools) -> PathBuf {
    tools.workspace.tools("vendure/node_modules")
}
