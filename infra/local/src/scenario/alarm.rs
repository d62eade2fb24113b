//! A message that cannot be carried over rings its flow's alarm, and the alarm's notification arrives. Once the message is redriven the
//! alarm is over. No other part leaves dead letters of this flow. It is looked at and redriven by the operator's command.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::hubspot::Portal;
use super::part::Part;
use super::stage::{ENRICHER, Stage};
use crate::sandbox::{Fault, FaultKind};
use crate::spillway::Spillway;
use crate::watch::{AlarmId, Watch};

const TICKET: AlarmId<'_> = AlarmId::Within("HubSpotEnricherFlow", "DeadLetterQueueNotEmptyAlarm");
/// The composite of it.
const PAGE: AlarmId<'_> = AlarmId::Named("hubspot-enricher-dlq-page");

pub(super) async fn play<'a>(stage: &'a Stage<'a>, watch: &Watch) -> Result<Part<'a>> {
    let mut part = Part::new(stage, "alarms, on a dead letter of hubspot-enricher");
    let (sandbox, portal) = (&stage.stack.sandbox, Portal::new());
    sandbox.put_hubspot(portal.object("companies", portal.company, &[("name", "Acme GmbH")]));
    // Of this object alone, and once: after that HubSpot is mended.
    sandbox.fail(Fault {
        method: None,
        path: format!("/companies/{}", portal.company),
        kind: FaultKind::Status { status: 400, retry_after_s: None },
        times: 1,
        every: 1,
    });
    let known = watch.inbox.notifications().len();
    let (id, notification) = portal.notification("company.creation", portal.company, None);
    let answer = part.post(&stage.sources.hubspot(&json!([notification]))?).await?;
    let letter = stage.letter(&ENRICHER, &id).await?;
    let should =
        "dead letter SPW4005 at $ (hubspot-enricher, hubspot-notification/3 canonical.record-change@1)";
    part.row("a company that HubSpot does not give", Some(&answer), format!("dead letter {letter}"), should);

    told(&mut part, watch, ("at the minute's end, in the inbox", "ALARM"), known).await?;

    let known = watch.inbox.notifications().len();
    redriven(&mut part, &Spillway::of(stage.stack)?).await?;
    let ends = stage.ended(&ENRICHER, &id, 2).await?;
    part.row("HubSpot gives it, the letter is redriven", None, ends.join(", "), "reject, done");
    part.once.records.push(("party.party", "code", portal.reference("account", portal.company)));
    told(&mut part, watch, ("at a minute's end, in the inbox", "OK"), known).await?;
    part.check("deliveries that were refused", watch.inbox.refused(), Vec::new());
    Ok(part)
}

/// As an operator does it, who finds out what it is first.
async fn redriven(part: &mut Part<'_>, spillway: &Spillway) -> Result<()> {
    let flow = ["--flow", ENRICHER.function];
    let list = spillway.ask(&[&["dlq", "list"][..], &flow].concat()).await?.json;
    let groups: Vec<_> = list["groups"].as_array().into_iter().flatten().map(cause).collect();
    part.row("spillway dlq list", None, groups.join("; "), "1 letter: SPW4005 at $");
    let plan = spillway.ask(&[&["dlq", "plan"][..], &flow].concat()).await?.json;
    let told = format!("{} would pass, {} would fail", plan["pass"], plan["fail"]);
    part.row("spillway dlq plan", None, told, "1 would pass, 0 would fail");
    let plan = plan["plan"].as_str().context("a plan")?;
    // It is known by its record, and by the alarm, whether it comes back.
    let why = ["--reason", "HubSpot gives it", "--settle", "0"];
    let redrive = spillway.ask(&[&["dlq", "redrive", plan][..], &why].concat()).await?.json;
    let of_flow = &redrive["flows"][0];
    let told = format!("{} moved, {} left", of_flow["moved"], of_flow["left"]);
    part.row("spillway dlq redrive", None, told, "1 moved, 0 left");
    Ok(())
}

fn cause(group: &Value) -> String {
    let text = |member: &str| group[member].as_str().unwrap_or_default();
    let letters = if group["count"] == 1 { "letter" } else { "letters" };
    format!("{} {letters}: {} at {}", group["count"], text("code"), text("path"))
}

/// By both topics, with what it is about and where to read on.
async fn told(
    part: &mut Part<'_>,
    watch: &Watch,
    (what, state): (&'static str, &str),
    known: usize,
) -> Result<()> {
    let stack = part.stage.stack;
    let ticket = watch.told(TICKET, state, known).await?;
    part.check("the ticket's topic", ticket.topic.as_str(), stack.output("TicketTopicArn")?);
    let page = watch.told(PAGE, state, known).await?;
    part.check("the page's topic", page.topic.as_str(), stack.output("PageTopicArn")?);
    part.check("what the page says", &page.description, &ticket.description);
    let result = format!("{} to ticket and page: {}; {}", ticket.state, ticket.impact(), ticket.runbook());
    let should = format!(
        "{state} to ticket and page: at least one message of hubspot-enricher was not carried over; docs/runbooks.md#dlq-not-empty"
    );
    part.row(what, None, result, should);
    Ok(())
}
