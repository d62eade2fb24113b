//! Has the watchdog look at a flow when a test or the demo wants it to, and not only when its schedule does.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::deploy::STACK;
use crate::stack::Stack;
use crate::until::until;

impl Stack {
    /// What the flow's schedule tells the watchdog, as it was deployed.
    pub async fn watch_event(&self, flow: &str) -> Result<Value> {
        let inspect = self.engine.inspect();
        let rules = inspect.call("events", "AWSEvents.ListRules", &json!({})).await?;
        for rule in rules["Rules"].as_array().into_iter().flatten() {
            let asked = json!({ "Rule": rule["Name"] });
            let targets = inspect.call("events", "AWSEvents.ListTargetsByRule", &asked).await?;
            for target in targets["Targets"].as_array().into_iter().flatten() {
                let Some(input) = target["Input"].as_str() else { continue };
                let event: Value = serde_json::from_str(input).context("the input of a schedule")?;
                if event["flow"] == flow {
                    return Ok(event);
                }
            }
        }
        bail!("no schedule watches {flow}")
    }

    /// A look at the flow as its schedule asks for it; answers with the line that tells what was found.
    pub async fn look_at(&self, flow: &str) -> Result<Value> {
        let event = self.watch_event(flow).await?;
        let before = Timestamp::now();
        let function = format!("{STACK}-watchdog");
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.engine.endpoint());
        let answer = crate::http::client().post(url).body(event.to_string()).send().await?;
        let refused = answer.headers().contains_key("x-amz-function-error");
        let status = answer.status();
        if refused || !status.is_success() {
            bail!("the watchdog's look at {flow}: {status}: {}", answer.text().await?);
        }
        let found = until("the watchdog's line", Duration::from_secs(30), async || {
            let lines = self.engine.inspect().log_lines(&self.log_group("watchdog")).await?;
            let ours = |line: &Value| {
                let at = line["timestamp"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
                line["message"] == "watched" && line["flow"] == flow && at.is_some_and(|at| at >= before)
            };
            Ok(lines.into_iter().rfind(ours))
        });
        found.await
    }

    /// Pretends that the flow has been watched for so long, and that its source was last asked then: a day has to pass for real.
    pub async fn watched_since(&self, flow: &str, since: Timestamp) -> Result<()> {
        let time = json!({ "N": since.as_millisecond().to_string() });
        let item = json!({
            "pk": { "S": format!("watch:{flow}") }, "since": time, "reconciled_until": time,
            "unconfirmed": { "BOOL": false }
        });
        let body = json!({ "TableName": self.output("LedgerTableName")?, "Item": item });
        self.engine.inspect().call("dynamodb", "DynamoDB_20120810.PutItem", &body).await?;
        Ok(())
    }
}
