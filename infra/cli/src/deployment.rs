//! A deployment, found by its stack's name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client as CloudFormation;
use aws_sdk_cloudwatchlogs::Client as CloudWatchLogs;
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use clap::Args;
use control::DynamoDbControlStore;
use ledger::DynamoDbStore;
use review::aws::{DynamoDbRecords, S3Archive, SqsLetterQueue, SqsSourceQueue, SystemClock};
use review::{FlowQueues, Limits, Review};
use serde_json::Value;

use crate::live;
use crate::project::Project;
use crate::trace::Journeys;

#[derive(Args)]
pub(crate) struct Stack {
    /// The deployment's stack: its outputs say where queues, table and archive are.
    #[arg(long = "stack", env = "SPILLWAY_STACK", value_name = "NAME")]
    name: String,
}

/// With the credentials and the region of the environment, as the AWS CLI finds them.
pub(crate) struct Deployment {
    pub(crate) review: Review,
    pub(crate) journeys: Journeys,
}

impl Stack {
    /// `settings`: what mappings read as `@settings`, by the mapping's name.
    pub(crate) async fn open(
        &self,
        project: &Project,
        settings: HashMap<String, Value>,
        limits: Limits,
    ) -> Result<Deployment> {
        let sdk = ::aws::load_config().await;
        let outputs = outputs(&sdk, &self.name).await?;
        let found = Found::of(&self.name, &outputs)?;
        let by = live::caller(&aws_sdk_sts::Client::new(&sdk)).await?;
        let (sqs, dynamodb) = (Sqs::new(&sdk), DynamoDb::new(&sdk));
        let queues = |(flow, urls): (String, Urls)| {
            let letters = Arc::new(SqsLetterQueue::of_url(sqs.clone(), urls.letters));
            let source = Arc::new(SqsSourceQueue::of_url(sqs.clone(), urls.source));
            (flow, FlowQueues { letters, source })
        };
        let review = Review {
            flows: found.flows.into_iter().map(queues).collect(),
            records: Arc::new(DynamoDbRecords::new(dynamodb.clone(), &found.table)),
            archive: Arc::new(S3Archive::connect(&sdk, &found.bucket)),
            control: Arc::new(DynamoDbControlStore::new(dynamodb.clone(), &found.table)),
            clock: Arc::new(SystemClock::new()),
            catalog: std::sync::Arc::new(project.catalog.clone()),
            settings,
            by,
            limits,
        };
        let journeys = Journeys {
            logs: CloudWatchLogs::new(&sdk),
            ledger: DynamoDbStore::new(dynamodb, &found.table),
            stack: self.name.clone(),
            table: found.table,
        };
        Ok(Deployment { review, journeys })
    }
}

/// The ledger table: as it is named, or as the stack says.
pub(crate) async fn table(sdk: &SdkConfig, stack: Option<&str>, named: Option<&str>) -> Result<String> {
    match (named, stack) {
        (Some(table), _) => Ok(table.to_owned()),
        (None, Some(stack)) => output(stack, &outputs(sdk, stack).await?, TABLE),
        (None, None) => bail!("say --stack NAME or --table NAME"),
    }
}

async fn outputs(sdk: &SdkConfig, stack: &str) -> Result<BTreeMap<String, String>> {
    let answer = CloudFormation::new(sdk).describe_stacks().stack_name(stack).send().await;
    let answer = answer.map_err(|error| live::told(&error));
    let answer = answer.with_context(|| format!("asking CloudFormation for stack {stack}"))?;
    let found = answer.stacks.unwrap_or_default().into_iter().next();
    let found = found.with_context(|| format!("there is no stack {stack} in this account and region"))?;
    let outputs = found.outputs.unwrap_or_default().into_iter();
    Ok(outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect())
}

fn output(stack: &str, outputs: &BTreeMap<String, String>, name: &str) -> Result<String> {
    outputs.get(name).cloned().with_context(|| {
        format!("stack {stack} has no output {name}: deploy this version's template.yaml to it first")
    })
}

/// What the outputs of a stack say.
#[derive(PartialEq, Eq, Debug)]
struct Found {
    table: String,
    bucket: String,
    flows: BTreeMap<String, Urls>,
}

#[derive(PartialEq, Eq, Debug)]
struct Urls {
    source: String,
    letters: String,
}

const LETTERS: &str = "DeadLetterQueueUrl";
const SOURCE: &str = "QueueUrl";
const TABLE: &str = "LedgerTableName";

impl Found {
    fn of(stack: &str, outputs: &BTreeMap<String, String>) -> Result<Self> {
        let output = |name: &str| output(stack, outputs, name);
        let mut flows = BTreeMap::new();
        for (name, letters) in outputs {
            let Some(flow) = name.strip_suffix(LETTERS) else { continue };
            let source = output(&format!("{flow}{SOURCE}"))?;
            let called = flow_of(stack, &source)
                .with_context(|| format!("output {flow}{SOURCE}: {source} is no queue of stack {stack}"))?;
            let urls = Urls { source: source.clone(), letters: letters.clone() };
            if flows.insert(called.to_owned(), urls).is_some() {
                bail!("stack {stack}: two outputs name the queue of {called}");
            }
        }
        ensure!(
            !flows.is_empty(),
            "stack {stack} has no outputs …{LETTERS}: is it Spillway's own stack, and no nested one?"
        );
        Ok(Self { table: output(TABLE)?, bucket: output("ArchiveBucketName")?, flows })
    }
}

/// A queue is called `STACK-FLOW`, one that is first in, first out `STACK-FLOW.fifo`.
fn flow_of<'u>(stack: &str, url: &'u str) -> Option<&'u str> {
    let name = url.rsplit('/').next()?;
    let name = name.strip_suffix(".fifo").unwrap_or(name);
    name.strip_prefix(stack)?.strip_prefix('-').filter(|flow| !flow.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(changed: &[(&str, Option<&str>)]) -> BTreeMap<String, String> {
        let url = |name| format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{name}");
        let mut outputs = BTreeMap::from([
            ("LedgerTableName".to_owned(), "shop-ledger".to_owned()),
            ("ArchiveBucketName".to_owned(), "shop-archive".to_owned()),
            ("OrdersToInventoryQueueUrl".to_owned(), url("shop-orders-to-inventory")),
            ("OrdersToInventoryDeadLetterQueueUrl".to_owned(), url("shop-orders-to-inventory-dlq")),
            ("HubSpotEnricherQueueUrl".to_owned(), url("shop-hubspot-enricher.fifo")),
            ("HubSpotEnricherDeadLetterQueueUrl".to_owned(), url("shop-hubspot-enricher-dlq.fifo")),
            ("OrdersToInventoryDeadLetterQueueConsole".to_owned(), "https://console".to_owned()),
        ]);
        for (name, value) in changed {
            match value {
                Some(value) => outputs.insert((*name).to_owned(), (*value).to_owned()),
                None => outputs.remove(*name),
            };
        }
        outputs
    }

    #[test]
    fn flows_are_called_as_their_queues_are_without_the_stack() {
        let found = Found::of("shop", &outputs(&[])).unwrap();
        assert_eq!(found.flows.keys().collect::<Vec<_>>(), ["hubspot-enricher", "orders-to-inventory"]);
        let urls = &found.flows["orders-to-inventory"];
        assert!(urls.source.ends_with("/shop-orders-to-inventory"));
        assert!(urls.letters.ends_with("/shop-orders-to-inventory-dlq"));
        assert_eq!((found.table.as_str(), found.bucket.as_str()), ("shop-ledger", "shop-archive"));
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        for (name, told) in [
            ("LedgerTableName", "no output LedgerTableName: deploy"),
            ("ArchiveBucketName", "no output ArchiveBucketName: deploy"),
            ("OrdersToInventoryQueueUrl", "no output OrdersToInventoryQueueUrl: deploy"),
        ] {
            let error = Found::of("shop", &outputs(&[(name, None)])).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let error = Found::of("shop", &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("is it Spillway's own stack"), "{error}");
    }

    #[test]
    fn a_queue_of_another_stack_is_not_taken_for_a_flow() {
        for url in ["https://sqs/1/shop", "https://sqs/1/shopping-orders", "https://sqs/1/other-orders", ""] {
            assert_eq!(flow_of("shop", url), None, "{url}");
        }
        let other = outputs(&[("OrdersToInventoryQueueUrl", Some("https://sqs/1/other-orders"))]);
        assert!(Found::of("shop", &other).unwrap_err().to_string().contains("no queue of stack shop"));
    }
}
