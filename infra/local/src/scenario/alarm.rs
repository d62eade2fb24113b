//! A message that cannot be carried over rings its flow's alarm, and the alarm's notification arrives. Once the message is redriven the
//! alarm is over. No other part leaves dead letters of this flow.

use anyhow::Result;
use serde_json::json;

use super::hubspot::Portal;
use super::part::Part;
use super::stage::{ENRICHER, Stage};
use crate::sandbox::{Fault, FaultKind};
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
    stage.redrive(&ENRICHER).await?;
    let ends = stage.ended(&ENRICHER, &id, 2).await?;
    part.row("HubSpot gives it, the letter is redriven", None, ends.join(", "), "reject, done");
    part.once.records.push(("party.party", "code", portal.reference("account", portal.company)));
    told(&mut part, watch, ("at a minute's end, in the inbox", "OK"), known).await?;
    part.check("deliveries that were refused", watch.inbox.refused(), Vec::new());
    Ok(part)
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
