//! Rows loaded into a real Postgres: a chart of a real Superset that shows the old ones until it was refreshed. The loader is ours, and
//! signs by Standard Webhooks; what it says has happened.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Journal, Stage, Way};
use crate::real::postgres::RealPostgres;
use crate::real::relay::Delivery;
use crate::real::superset::RealSuperset;
use crate::real::until;
use crate::scenario::Outcome;

const WAY: Way = Way {
    title: "PostgreSQL -> Superset",
    source: "warehouse",
    function: "warehouse-to-bi",
    flows: &["WarehouseToBi"],
};
const JOB: &str = "nightly-sales";
/// The job's name in the setting of the functions.
pub const FED_BY: &str = "standard-webhooks/warehouse/nightly-sales";
/// Short enough to be waited for; two loads fit into it as well as into a longer one.
pub const WINDOW_SECONDS: i64 = 5;
const SKU: &str = "SKU-1";

/// The stage's BI tool is this one on this warehouse, whose dataset is fed by [`FED_BY`] in windows of [`WINDOW_SECONDS`].
pub async fn play(stage: Stage<'_>, warehouse: &RealPostgres, superset: &RealSuperset) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, WAY).await?;
    let loader = Loader { url: journal.url.clone(), secret: stage.stack.warehouse_secret(), superset };
    let refreshed_before = refreshes(&journal).await?;
    let shown = superset.amount_shown(SKU).await?.unwrap_or_default();

    journal.says("rows are loaded twice within one window");
    for amount in [500, 250] {
        warehouse.insert_sale(SKU, 1, amount).await?;
    }
    loader.still_shows(&mut journal, "after a load", shown).await?;
    let window = Timestamp::now().as_second() / WINDOW_SECONDS * WINDOW_SECONDS;
    let (first, one) = loader.tell("succeeded", window).await?;
    let (second, two) = loader.tell("succeeded", window + 1).await?;
    let new = shown + 750;
    loader.shows(new).await?;
    until("both loads are dealt with", async || {
        let mut ended = 0;
        for load in [&first, &second] {
            ended += journal.dispositions(load.header("webhook-id"), "Done").await?;
            ended += journal.dispositions(load.header("webhook-id"), "Duplicate").await?;
        }
        Ok((ended == 2).then_some(()))
    })
    .await?;
    journal.row("rows loaded", one, format!("chart shows {new}, {shown} before"));
    journal.row("more rows within the same window", two, "the same refresh");
    let made = refreshes(&journal).await? - refreshed_before;
    journal.check("refreshes of two loads in a window", &json!(made), &json!(1));

    journal.says("the same again, replayed and forged, and a load that fails");
    warehouse.insert_sale(SKU, 1, 1_000).await?;
    journal.again("the same delivery again", &first, "Duplicate").await?;
    let replayed = first.signed_anew(loader.secret, &format!("replayed-{}", Uuid::new_v4()))?;
    journal.again("replayed later, signed anew", &replayed, "Duplicate").await?;
    journal.forged(&first.signed_anew("whsec_Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk", "forged")?).await?;
    let (failed, status) = loader.tell("failed", Timestamp::now().as_second()).await?;
    journal.ended(failed.header("webhook-id"), "Done", 1).await?;
    loader.still_shows(&mut journal, "after a load that failed", new).await?;
    journal.row("a load that failed", status, format!("chart still shows {new}"));

    journal.says("a later load, and then an older one");
    let later = Timestamp::now().as_second();
    let (load, status) = loader.tell("succeeded", later).await?;
    let newest = new + 1_000;
    loader.shows(newest).await?;
    journal.ended(load.header("webhook-id"), "Done", 1).await?;
    journal.row("rows of a later window", status, format!("chart shows {newest}"));
    warehouse.insert_sale(SKU, 1, 1).await?;
    let (older, status) = loader.tell("succeeded", later - 2 * WINDOW_SECONDS).await?;
    journal.ended(older.header("webhook-id"), "Stale", 1).await?;
    loader.still_shows(&mut journal, "after news of an older load", newest).await?;
    journal.row("news of an older load", status, "covered by the refresh since");
    let made = refreshes(&journal).await? - refreshed_before;
    journal.check("refreshes in all", &json!(made), &json!(2));
    journal.end().await
}

struct Loader<'a> {
    url: String,
    secret: &'a str,
    superset: &'a RealSuperset,
}

impl Loader<'_> {
    /// A load that finished in this second, told as its loader tells it.
    async fn tell(&self, status: &str, finished_at: i64) -> Result<(Delivery, u16)> {
        let body = json!({
            "type": "load.finished",
            "timestamp": Timestamp::now().to_string(),
            "data": {
                "job": JOB, "status": status, "finished_at": Timestamp::from_second(finished_at)?.to_string(),
                "rows": 1,
            },
        });
        let signed = Delivery::of(&body)?.signed_anew(self.secret, &format!("load-{}", Uuid::new_v4()))?;
        let status = signed.post(&self.url).await?;
        Ok((signed, status))
    }

    async fn shows(&self, amount: u64) -> Result<()> {
        until("the new amount on the chart", async || {
            Ok((self.superset.amount_shown(SKU).await? == Some(amount)).then_some(()))
        })
        .await
    }

    async fn still_shows(&self, journal: &mut Journal<'_>, when: &str, amount: u64) -> Result<()> {
        let shown = self.superset.amount_shown(SKU).await?;
        journal.check(&format!("the chart {when}"), &json!(shown), &json!(amount));
        Ok(())
    }
}

/// How often the function has refreshed anything, by its own log.
async fn refreshes(journal: &Journal<'_>) -> Result<usize> {
    journal.lines(|line: &Value| line["message"] == "datasets refreshed").await
}
