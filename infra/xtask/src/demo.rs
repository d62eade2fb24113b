#![expect(clippy::print_stdout, reason = "the demo's result is for people")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use local::scenario::Outcome;
use local::watch::Watch;
use local::{Spillway, Stack, Targets, Tools, say};

pub(crate) async fn run(tools: &Tools, keep: bool) -> Result<ExitCode> {
    tools.engine().await?;
    local::build(tools).await?;
    Spillway::build(tools).await?;
    let started = Instant::now();
    // Alarms of no other stage tell anybody.
    let stack = Stack::up_with(tools, Targets::default(), &[("Stage", "prod".to_owned())]).await?;
    left_out(&stack);
    let watch = Watch::start(&stack).await?;
    println!("Not evaluated, because nobody sees their metric: {}", counted(watch.unwatched()));
    let outcome = stack.run_scenario(&stack.sandbox, Some(&watch), &|step| say(step)).await?;
    let seconds = started.elapsed().as_secs();
    show(&outcome);
    println!("\nFrom the end of the build to here: {seconds} s.");
    if keep {
        look_around(&stack)?;
        // Ends with Ctrl-C, which drops the stack.
        std::future::pending::<()>().await;
    }
    Ok(if outcome.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn left_out(stack: &Stack) {
    let names = stack.left_out.iter().filter_map(|name| name.rsplit('/').next());
    println!("Left out of the deployment, because the local engine lacks it: {}", counted(names));
}

/// Each name once: most are there once a flow.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut times = BTreeMap::<&str, usize>::new();
    for name in names {
        *times.entry(name).or_default() += 1;
    }
    let named: Vec<_> = times.into_iter().map(|(name, count)| format!("{count} {name}")).collect();
    named.join(", ")
}

/// A result, to standard output.
pub(crate) fn print(page: &impl std::fmt::Display) {
    println!("{page}");
}

fn show(outcome: &Outcome) {
    println!("\n{outcome}");
    if outcome.wrong.is_empty() {
        println!(
            "{} steps, each as it has to be: one effect of each, no other dead letter, empty queues.",
            outcome.rows.len()
        );
    }
    for wrong in &outcome.wrong {
        println!("WRONG  {wrong}");
    }
}

pub(crate) fn look_around(stack: &Stack) -> Result<()> {
    let endpoint = stack.engine.endpoint();
    println!("\nEverything keeps running until Ctrl-C.");
    println!("API                {}/webhooks/SOURCE", stack.api_url()?);
    println!("Shopify's secret   {}", stack.webhook_secret());
    for name in [
        "OrdersToInventory",
        "InventoryToShipping",
        "CrmToErp",
        "HubSpotEnricher",
        "PaymentsToOperations",
        "WarehouseToBi",
    ] {
        println!("queue              {}", stack.output(&format!("{name}QueueUrl"))?);
        println!("dead letters       {}", stack.output(&format!("{name}DeadLetterQueueUrl"))?);
    }
    println!("ledger             {}", stack.output("LedgerTableName")?);
    println!("partner sandbox    {}", stack.sandbox.base_url());
    println!("\nLook around:");
    println!("  curl {endpoint}/_ministack/sqs/messages             # all queues, without receiving");
    println!("  curl {}/_sandbox/effects           # what the partners have done", stack.sandbox.base_url());
    println!(
        "  AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1 \\"
    );
    println!("    .tools/sam/bin/sam logs --stack-name spillway-local");
    Ok(())
}
