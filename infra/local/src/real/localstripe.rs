//! localstripe 1.15, installed from PyPI: a server that behaves as Stripe and signs its webhooks as Stripe does. It ignores
//! Idempotency-Key and sends no event for a refund or a dispute.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::{READY_WITHIN, Run, once};
use crate::tools::Tools;

/// Any key of this form is let in.
pub const API_KEY: &str = "sk_test_loopback_only";
/// Stripe's test cards: one that pays, one that is declined when it is charged.
const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000000341";

/// A running localstripe. It keeps nothing, and ends with this value.
pub struct RealLocalStripe {
    pub base_url: String,
    client: reqwest::Client,
    _service: Service,
    _run: Run,
}

/// Installs localstripe; it has no database.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    tools.environment("localstripe", "localstripe").await?;
    once(tools, "localstripe-empty", &[], async |_| Ok(())).await
}

impl RealLocalStripe {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting localstripe");
        let run = Run::of(tools, "localstripe", &prepared).await?;
        let mut command = Command::new(tools.workspace.tools("localstripe/bin/python"));
        command.arg(tools.workspace.local("localstripe/serve.py")).arg(run.port.to_string());
        command.current_dir(&run.folder);
        let mut service = Service::start("localstripe", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}", run.port));
        let probe = format!("{base_url}/v1/customers");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).bearer_auth(API_KEY);
                succeeds(request).await
            })
            .await?;
        Ok(Self { base_url, client, _service: service, _run: run })
    }

    /// Every event goes to `url` from now on, a second after it has happened, once, and is never sent again.
    pub async fn register_webhook(&self, url: &str, secret: &str) -> Result<()> {
        let webhook = self.client.post(format!("{}/_config/webhooks/spillway", self.base_url));
        webhook.json(&json!({ "url": url, "secret": secret })).send().await?.error_for_status()?;
        Ok(())
    }

    /// Answers with the customer.
    pub async fn create_customer(&self, name: &str, email: &str) -> Result<Value> {
        let customer = json!({ "name": name, "email": email });
        self.call("/v1/customers", &customer).await?.context("localstripe refused a customer")
    }

    /// Answers with the payment intent, which has succeeded.
    pub async fn pay(&self, customer: &str, amount_minor: u64, currency: &str) -> Result<Value> {
        let intent = self.intend(customer, amount_minor, currency, GOOD_CARD).await?;
        self.confirm(&intent).await?.context("localstripe declined a good card")
    }

    /// Answers with the payment intent, whose card was declined.
    pub async fn fail_to_pay(&self, customer: &str, amount_minor: u64, currency: &str) -> Result<Value> {
        let intent = self.intend(customer, amount_minor, currency, DECLINED_CARD).await?;
        anyhow::ensure!(self.confirm(&intent).await?.is_none(), "localstripe took a card that is declined");
        Ok(intent)
    }

    /// Another try of a payment that has failed, with a card that is good. Stripe takes the new card with the confirmation; localstripe
    /// cannot, and has to forget the charge that failed first.
    pub async fn pay_after_all(&self, intent: &Value) -> Result<Value> {
        let id = intent["id"].as_str().context("a payment intent without an id")?;
        let again = json!({ "payment_method": self.card(GOOD_CARD).await?, "latest_charge": null });
        self.call(&format!("/v1/payment_intents/{id}"), &again).await?;
        self.confirm(intent).await?.context("localstripe declined a good card")
    }

    async fn intend(&self, customer: &str, amount_minor: u64, currency: &str, card: &str) -> Result<Value> {
        let intent = json!({
            "amount": amount_minor, "currency": currency, "customer": customer,
            "payment_method": self.card(card).await?,
        });
        self.call("/v1/payment_intents", &intent).await?.context("localstripe refused a payment intent")
    }

    /// The id of a payment method.
    async fn card(&self, number: &str) -> Result<Value> {
        let card = json!({ "number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123" });
        let method = self.call("/v1/payment_methods", &json!({ "type": "card", "card": card })).await?;
        Ok(method.context("localstripe refused a card")?["id"].take())
    }

    async fn confirm(&self, intent: &Value) -> Result<Option<Value>> {
        let id = intent["id"].as_str().context("a payment intent without an id")?;
        self.call(&format!("/v1/payment_intents/{id}/confirm"), &json!({})).await
    }

    /// `None` where the card was declined.
    async fn call(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        let request = self.client.post(format!("{}{path}", self.base_url)).bearer_auth(API_KEY).json(body);
        let answer = request.send().await?;
        if answer.status().as_u16() == 402 {
            return Ok(None);
        }
        Ok(Some(answer.error_for_status()?.json().await?))
    }
}
