//! Every flow's main job on real input: signed webhooks of all sources to the deployed API, and what has to become of each. The flows are
//! played beside each other, each part in a file of its own; what is common to them is in `part.rs` and `stage.rs`.

mod alarm;
mod crm;
mod hubspot;
mod labels;
mod orders;
mod part;
mod payments;
mod shop;
mod signed;
mod stage;
mod table;
mod warehouse;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::stack::Stack;
use crate::watch::Watch;
use part::Part;
use stage::Stage;

pub use shop::{Shop, ShopOrder};
pub use signed::{Answer, Sources, Webhook};
pub use table::{Outcome, Row};

/// What the partner systems have done, asked of them and not of us.
#[async_trait::async_trait]
pub trait Partners: Send + Sync {
    /// Names of the reservations under our reference.
    async fn reservations(&self, reference: &str) -> Result<Vec<String>>;
    /// Tracking numbers of the labels under our reference.
    async fn labels(&self, reference: &str) -> Result<Vec<String>>;
    /// The ERP's records of a model whose field has this value: what stands in another field of each.
    async fn records(&self, model: &str, (field, value): (&str, &str), read: &str) -> Result<Vec<String>>;
}

/// Nothing is known beforehand of what is posted, so it can run again on the same stack. Desk, dashboards, labels and HubSpot are the
/// stack's sandbox; inventory and ERP are whatever `partners` asks. Alarms are played where the stack is watched.
pub async fn run(
    stack: &Stack,
    partners: &dyn Partners,
    watch: Option<&Watch>,
    progress: &dyn Fn(&str),
) -> Result<Outcome> {
    let stage = Stage::of(stack, partners)?;
    let before = stage.before().await?;
    progress("posting webhooks of all sources, for all flows");
    let parts = tokio::try_join!(
        Box::pin(orders::shopify(&stage)),
        Box::pin(orders::vendure(&stage)),
        Box::pin(labels::play(&stage)),
        Box::pin(crm::play(&stage)),
        Box::pin(hubspot::play(&stage)),
        Box::pin(payments::play(&stage)),
        Box::pin(warehouse::play(&stage)),
        Box::pin(alarms(&stage, watch, progress)),
    )?;
    let (shopify, vendure, labels, crm, hubspot, payments, warehouse, alarms) = parts;
    let mut parts = vec![shopify, vendure, labels, crm, hubspot, payments, warehouse];
    parts.extend(alarms);
    progress("counting what the queues hold and the partners have");
    counted(&stage, &before, parts).await
}

async fn alarms<'a>(
    stage: &'a Stage<'a>,
    watch: Option<&Watch>,
    progress: &dyn Fn(&str),
) -> Result<Option<Part<'a>>> {
    let Some(watch) = watch else { return Ok(None) };
    progress("and waiting for an alarm to ring and to be over, each at the end of a minute");
    alarm::play(stage, watch).await.map(Some)
}

/// The part of one shop alone, where other targets than inventory and labels are not the sandbox either.
pub async fn run_orders(stack: &Stack, partners: &dyn Partners, progress: &dyn Fn(&str)) -> Result<Outcome> {
    let stage = Stage::of(stack, partners)?;
    let before = stage.before().await?;
    progress("posting orders of a shop");
    let orders = orders::shopify(&stage).await?;
    counted(&stage, &before, vec![orders]).await
}

/// Effects are counted at the end, when everything that could still happen has had its time.
async fn counted(stage: &Stage<'_>, before: &stage::Before, parts: Vec<Part<'_>>) -> Result<Outcome> {
    stage.drained().await?;
    let mut wrong = Vec::new();
    for part in &parts {
        wrong.extend(part.once.wrong(stage.partners).await?);
    }
    wrong.extend(left_over(stage, before, &parts).await?);
    let mut rows = Vec::new();
    for part in parts {
        rows.extend(part.rows);
        wrong.extend(part.wrong);
    }
    Ok(Outcome { rows, wrong })
}

/// Effects that there have to be exactly once.
#[derive(Default)]
struct Effects {
    reservations: Vec<String>,
    labels: Vec<String>,
    /// Model, field, value.
    records: Vec<(&'static str, &'static str, String)>,
}

impl Effects {
    async fn wrong(&self, partners: &dyn Partners) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let mut check = |what: &str, reference: &str, count: usize| {
            if count != 1 {
                wrong.push(format!("{what} of {reference}: {count}, expected 1"));
            }
        };
        for reference in &self.reservations {
            check("reservations", reference, partners.reservations(reference).await?.len());
        }
        for reference in &self.labels {
            check("labels", reference, partners.labels(reference).await?.len());
        }
        for (model, field, value) in &self.records {
            check(model, value, partners.records(model, (field, value), field).await?.len());
        }
        Ok(wrong)
    }
}

/// Dead letters and ignored events: those that were foretold, and no others.
async fn left_over(stage: &Stage<'_>, before: &stage::Before, parts: &[Part<'_>]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let should: BTreeSet<_> = parts.iter().flat_map(|part| part.letters.clone()).collect();
    let is = stage.letters_since(before).await?;
    if is != should {
        wrong.push(format!("dead letters: {is:?}, expected {should:?}"));
    }
    let mut should: BTreeMap<String, u64> = BTreeMap::new();
    for (source, count) in parts.iter().flat_map(|part| &part.ignored) {
        *should.entry((*source).to_owned()).or_default() += count;
    }
    let is = stage.ignored_since(before).await?;
    if is != should {
        wrong.push(format!("ignored events by source: {is:?}, expected {should:?}"));
    }
    Ok(wrong)
}
