use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::deploy::{STACK, deploy, template};
use crate::engine::{Engine, HOST};
use crate::inspect::Inspect;
use crate::progress::say;
use crate::sandbox::{API_KEY, Sandbox, System};
use crate::scenario::Partners;
use crate::targets::Targets;
use crate::tools::Tools;
use crate::watch::Watch;

/// The warehouse of the local deployment.
const SHIP_FROM: &str = r#"{"name": "Example Warehouse", "line1": "1 Dock Street", "city": "Oakland", "postal_code": "94607", "region": "CA", "country": "US", "phone": "+15105550100"}"#;

/// Of the local deployment's loader, and of every source that nothing else is said of: a signing secret of Standard Webhooks has to be of
/// this form.
const WAREHOUSE_SECRET: &str = "whsec_bG9jYWwtd2FyZWhvdXNlLXNlY3JldA==";

/// Of the local deployment: people wait for a window's end.
pub(crate) const REFRESH_WINDOW_SECONDS: i64 = 5;

/// What won deals are sold as: the inventory systems of the tests have no service.
const DEAL_PRODUCT: &str = "SKU-1";

/// template.yaml deployed to a fresh engine, beside a partner sandbox. All of it ends with this value.
pub struct Stack {
    pub engine: Engine,
    pub sandbox: Sandbox,
    pub outputs: BTreeMap<String, String>,
    /// Resources of the template that the engine lacks.
    pub left_out: Vec<String>,
    webhook_secret: String,
    stripe_webhook_secret: String,
    vendure_secret: String,
    crm_secrets: CrmSecrets,
}

/// What the CRMs sign their webhooks with.
#[derive(Clone, Debug)]
pub struct CrmSecrets {
    pub bottlecrm: String,
    pub hubspot: String,
}

impl Stack {
    /// Needs `sam build` to have run ([`crate::build`]).
    pub async fn up(tools: &Tools, targets: Targets) -> Result<Self> {
        Self::up_with(tools, targets, &[]).await
    }

    /// With other values for some of the template's parameters.
    pub async fn up_with(tools: &Tools, targets: Targets, other: &[(&'static str, String)]) -> Result<Self> {
        say("starting the partner sandbox and the local AWS engine");
        let sandbox = Sandbox::start().await?;
        let engine = Engine::start(tools).await?;
        let targets = targets.on(&sandbox);
        let mut parameters = vec![
            ("Stage", "dev".to_owned()),
            ("TrytonUrl", targets.tryton.url),
            ("KarrioUrl", targets.karrio.url),
            ("ShipFrom", SHIP_FROM.to_owned()),
            ("SupersetUrl", targets.superset.url),
            ("DatasetGroups", targets.groups),
            ("RedmineUrl", targets.redmine.url),
            ("RedmineDesk", targets.desk),
            ("HubSpotUrl", sandbox.hubspot_url()),
            ("StripeUrl", sandbox.stripe_url()),
            ("VendureUrl", sandbox.vendure_url()),
            ("DealProduct", DEAL_PRODUCT.to_owned()),
            ("RefreshWindowSeconds", REFRESH_WINDOW_SECONDS.to_string()),
        ];
        parameters.retain(|(name, _)| other.iter().all(|(it, _)| it != name));
        parameters.extend_from_slice(other);
        let unsaid = unsaid(&template(tools, "template.yaml").await?, &parameters, &sandbox.base_url())?;
        parameters.extend(unsaid.iter().map(|(name, url)| (name.as_str(), url.clone())));
        let (outputs, left_out) = deploy(tools, engine.endpoint(), &parameters).await?;
        let webhook_secret = format!("shpss_{}", Uuid::new_v4().simple());
        let stripe_webhook_secret = format!("whsec_{}", Uuid::new_v4().simple());
        let vendure_secret = format!("whsec_{}", STANDARD.encode(Uuid::new_v4()));
        let crm_secrets = CrmSecrets {
            bottlecrm: format!("whsec_{}", Uuid::new_v4().simple()),
            hubspot: Uuid::new_v4().to_string(),
        };
        let stack = Self {
            engine,
            sandbox,
            outputs,
            left_out,
            webhook_secret,
            stripe_webhook_secret,
            vendure_secret,
            crm_secrets,
        };
        let said = [
            ("ShopifyWebhookSecretArn", stack.webhook_secret.as_str()),
            ("StripeWebhookSecretArn", &stack.stripe_webhook_secret),
            ("VendureWebhookSecretArn", &stack.vendure_secret),
            ("TrytonApiKeyArn", &targets.tryton.api_key),
            ("KarrioApiKeyArn", &targets.karrio.api_key),
            ("RedmineApiKeyArn", &targets.redmine.api_key),
            ("SupersetUserArn", &targets.superset.api_key),
            ("DbtCloudWebhookSecretArn", &stack.webhook_secret),
            ("BottleCrmWebhookSecretArn", &stack.crm_secrets.bottlecrm),
            ("HubSpotClientSecretArn", &stack.crm_secrets.hubspot),
            ("HubSpotAccessTokenArn", API_KEY),
            ("VendureUserArn", &Sandbox::vendure_secret()),
        ];
        for (output, secret) in said {
            stack.set_secret(output, secret).await?;
        }
        // The others: keys to systems of the sandbox, and what sources sign with.
        for output in stack.outputs.keys().filter(|output| said.iter().all(|(name, _)| name != output)) {
            if output.ends_with("ApiKeyArn") {
                stack.set_secret(output, API_KEY).await?;
            } else if output.ends_with("WebhookSecretArn") {
                stack.set_secret(output, WAREHOUSE_SECRET).await?;
            }
        }
        Ok(stack)
    }

    pub fn output(&self, name: &str) -> Result<&str> {
        match self.outputs.get(name) {
            Some(value) => Ok(value),
            None => bail!("the stack has no output {name}"),
        }
    }

    /// The API as the engine serves it: its real address needs DNS.
    pub fn api_url(&self) -> Result<String> {
        Ok(format!("{}/_aws/execute-api/{}", self.engine.endpoint(), self.output("ApiId")?))
    }

    pub fn log_group(&self, function: &str) -> String {
        format!("/aws/lambda/{STACK}-{function}")
    }

    pub fn webhook_secret(&self) -> &str {
        &self.webhook_secret
    }

    /// What the source `warehouse` signs with.
    pub const fn warehouse_secret(&self) -> &'static str {
        WAREHOUSE_SECRET
    }

    pub fn stripe_webhook_secret(&self) -> &str {
        &self.stripe_webhook_secret
    }

    /// The key by which the shop on Vendure has to sign.
    pub fn vendure_secret(&self) -> &str {
        &self.vendure_secret
    }

    pub const fn crm_secrets(&self) -> &CrmSecrets {
        &self.crm_secrets
    }

    /// The address of a source's webhooks as API Gateway knows it, which HubSpot signs.
    pub fn posted_to(&self, source: &str) -> Result<String> {
        Ok(format!("https://{}.execute-api.{HOST}/webhooks/{source}", self.output("ApiId")?))
    }

    /// Puts a message on the queue that this output names: what stands there is its body, and nothing else.
    pub async fn send(&self, queue_url: &str, body: &str) -> Result<()> {
        let message = json!({ "QueueUrl": self.output(queue_url)?, "MessageBody": body });
        self.engine
            .inspect()
            .call("sqs", "AmazonSQS.SendMessage", &message)
            .await
            .context("sending a message")?;
        Ok(())
    }

    /// Plays all flows on this stack, and its alarms where it is watched, with `partners` asked for what they have done.
    pub async fn run_scenario(
        &self,
        partners: &dyn Partners,
        watch: Option<&Watch>,
        progress: &dyn Fn(&str),
    ) -> Result<crate::scenario::Outcome> {
        crate::scenario::run(self, partners, watch, progress).await
    }

    /// The same, of orders of one shop alone.
    pub async fn run_orders_scenario(
        &self,
        partners: &dyn Partners,
        progress: &dyn Fn(&str),
    ) -> Result<crate::scenario::Outcome> {
        crate::scenario::run_orders(self, partners, progress).await
    }

    /// A CRM that makes the secret itself signs with it from now on.
    pub async fn trust_bottlecrm(&self, secret: &str) -> Result<()> {
        self.set_secret("BottleCrmWebhookSecretArn", secret).await
    }

    async fn set_secret(&self, output: &str, value: &str) -> Result<()> {
        let body = json!({
            "SecretId": self.output(output)?,
            "SecretString": value,
            "ClientRequestToken": Uuid::new_v4().to_string(),
        });
        let inspect: Inspect = self.engine.inspect();
        let put = inspect.call("secretsmanager", "secretsmanager.PutSecretValue", &body);
        put.await.with_context(|| format!("setting the secret {output}"))?;
        Ok(())
    }
}

/// Parameters of the template that nobody has said and that have no default: a system's address is its folder of the sandbox.
fn unsaid(template: &Value, said: &[(&str, String)], sandbox: &str) -> Result<Vec<(String, String)>> {
    let parameters = template["Parameters"].as_object().context("the template's parameters")?;
    let unsaid = parameters.iter().filter(|(name, parameter)| {
        parameter["Default"].is_null() && said.iter().all(|(known, _)| known != name)
    });
    unsaid
        .map(|(name, _)| match name.strip_suffix("Url") {
            Some(system) => Ok((name.clone(), format!("{sandbox}/{}", kebab(system)))),
            None => bail!("infra/local/src/stack.rs says no value for the template's parameter {name}"),
        })
        .collect()
}

/// `HelpDesk` -> `help-desk`.
fn kebab(pascal: &str) -> String {
    let mut kebab = String::new();
    for letter in pascal.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[async_trait]
impl Partners for Sandbox {
    async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        Ok(self.numbers(System::Inventory, reference))
    }

    async fn labels(&self, reference: &str) -> Result<Vec<String>> {
        Ok(self.numbers(System::Labels, reference))
    }

    async fn records(&self, model: &str, (field, value): (&str, &str), read: &str) -> Result<Vec<String>> {
        let records = self.erp_records(model, (field, value), read);
        Ok(records.iter().map(|record| record[read].as_str().unwrap_or_default().to_owned()).collect())
    }
}

impl Sandbox {
    fn numbers(&self, system: System, reference: &str) -> Vec<String> {
        let effects = self.effects().into_iter();
        let ours = effects.filter(|effect| effect.system == system && effect.reference == reference);
        ours.map(|effect| effect.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_nobody_has_named_is_expected_at_its_folder_of_the_sandbox() {
        let template = json!({ "Parameters": {
            "Stage": { "Default": "dev" }, "TrytonUrl": {}, "HelpDeskUrl": { "Type": "String" }
        } });
        let said = [("TrytonUrl", "http://tryton".to_owned())];
        let found = unsaid(&template, &said, "http://sandbox").unwrap();
        assert_eq!(found, [("HelpDeskUrl".to_owned(), "http://sandbox/help-desk".to_owned())]);
    }

    #[test]
    fn a_parameter_that_only_people_can_know_is_asked_for_by_its_name() {
        let template = json!({ "Parameters": { "HelpDeskQueue": { "Type": "String" } } });
        let error = unsaid(&template, &[], "http://sandbox").unwrap_err().to_string();
        assert!(error.contains("HelpDeskQueue"), "{error}");
    }
}
