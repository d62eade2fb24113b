use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use uuid::Uuid;

use crate::deploy::{STACK, deploy};
use crate::engine::Engine;
use crate::inspect::Inspect;
use crate::progress::say;
use crate::sandbox::{API_KEY, Sandbox, System};
use crate::scenario::{Partners, Scenario};
use crate::targets::Targets;
use crate::tools::Tools;

/// The warehouse of the local deployment.
const SHIP_FROM: &str = r#"{"name": "Example Warehouse", "line1": "1 Dock Street", "city": "Oakland", "postal_code": "94607", "region": "CA", "country": "US", "phone": "+15105550100"}"#;

/// Of the local deployment's loader: a signing secret has to be of this form.
const WAREHOUSE_SECRET: &str = "whsec_bG9jYWwtd2FyZWhvdXNlLXNlY3JldA==";

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
            ("DealProduct", DEAL_PRODUCT.to_owned()),
        ];
        parameters.extend_from_slice(other);
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
        stack.set_secret("ShopifyWebhookSecretArn", &stack.webhook_secret).await?;
        stack.set_secret("StripeWebhookSecretArn", &stack.stripe_webhook_secret).await?;
        stack.set_secret("VendureWebhookSecretArn", &stack.vendure_secret).await?;
        stack.set_secret("TrytonApiKeyArn", &targets.tryton.api_key).await?;
        stack.set_secret("KarrioApiKeyArn", &targets.karrio.api_key).await?;
        stack.set_secret("SupersetUserArn", &targets.superset.api_key).await?;
        stack.set_secret("DbtCloudWebhookSecretArn", &stack.webhook_secret).await?;
        stack.set_secret("WarehouseWebhookSecretArn", WAREHOUSE_SECRET).await?;
        stack.set_secret("RedmineApiKeyArn", &targets.redmine.api_key).await?;
        stack.set_secret("BottleCrmWebhookSecretArn", &stack.crm_secrets.bottlecrm).await?;
        stack.set_secret("HubSpotClientSecretArn", &stack.crm_secrets.hubspot).await?;
        stack.set_secret("HubSpotAccessTokenArn", API_KEY).await?;
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

    /// Runs the demo's scenario on this stack, with `partners` asked for what they have done.
    pub async fn run_scenario(
        &self,
        partners: &dyn Partners,
        progress: &dyn Fn(&str),
    ) -> Result<crate::scenario::Outcome> {
        let (inspect, api_url) = (self.engine.inspect(), self.api_url()?);
        let scenario = Scenario {
            api_url: &api_url,
            webhook_secret: &self.webhook_secret,
            dead_letter_queue_url: self.output("OrdersToInventoryDeadLetterQueueUrl")?,
            other_queue_urls: vec![
                self.output("OrdersToInventoryQueueUrl")?,
                self.output("InventoryToShippingQueueUrl")?,
                self.output("InventoryToShippingDeadLetterQueueUrl")?,
            ],
            orders_log_group: &self.log_group("orders-to-inventory"),
            inspect: &inspect,
            partners,
        };
        scenario.run(progress).await
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

#[async_trait]
impl Partners for Sandbox {
    async fn reservations(&self, reference: &str) -> Result<Vec<String>> {
        Ok(self.numbers(System::Inventory, reference))
    }

    async fn labels(&self, reference: &str) -> Result<Vec<String>> {
        Ok(self.numbers(System::Labels, reference))
    }
}

impl Sandbox {
    fn numbers(&self, system: System, reference: &str) -> Vec<String> {
        let effects = self.effects().into_iter();
        let ours = effects.filter(|effect| effect.system == system && effect.reference == reference);
        ours.map(|effect| effect.number).collect()
    }
}
