//! Rows loaded into a real Postgres: a chart of a real Superset that shows the old ones until it was refreshed. The loader is ours, and
//! signs by Standard Webhooks; what it says has happened.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Journal, Stage};
use crate::real::postgres::RealPostgres;
use crate::real::relay::Delivery;
use crate::real::superset::RealSuperset;
use crate::real::until::until;
use crate::scenario::Outcome;

const FLOW: &str = "warehouse-to-bi";
const JOB: &str = "nightly-sales";
/// The job's name in the setting of the functions.
pub const FED_BY: &str = "standard-webhooks/warehouse/nightly-sales";
/// Short enough to be waited for; two loads fit into it as well as into a longer one.
pub const WINDOW_SECONDS: i64 = 5;
const SKU: &str = "SKU-1";

/// The stage's BI tool is this one on this warehouse, whose dataset is fed by [`FED_BY`] in windows of [`WINDOW_SECONDS`].
pub async fn play(stage: Stage<'_>, warehouse: &RealPostgres, superset: &RealSuperset) -> Result<Outcome> {
    let mut journal = Journal::begin(stage, &["WarehouseToBi"]).await?;
    let url = stage.webhooks("warehouse")?;
    let loader = Loader { stage, url: &url, secret: stage.stack.warehouse_secret(), superset };
    let refreshed_before = loader.refreshes().await?;
    let shown = superset.amount_shown(SKU).await?.unwrap_or_default();

    (stage.progress)("rows are loaded twice within one window");
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
            ended += stage.dispositions(FLOW, load.header("webhook-id"), "Done").await?;
            ended += stage.dispositions(FLOW, load.header("webhook-id"), "Duplicate").await?;
        }
        Ok((ended == 2).then_some(()))
    })
    .await?;
    journal.row("rows loaded", one, format!("chart shows {new}, {shown} before"));
    journal.row("more rows within the same window", two, "the same refresh");
    let refreshes = loader.refreshes().await? - refreshed_before;
    journal.check("refreshes of two loads in a window", &json!(refreshes), &json!(1));

    (stage.progress)("the same again, replayed and forged, and a load that fails");
    warehouse.insert_sale(SKU, 1, 1_000).await?;
    loader.again(&mut journal, "the same delivery again", &first).await?;
    let replayed = first.signed_anew(loader.secret, &format!("replayed-{}", Uuid::new_v4()))?;
    loader.again(&mut journal, "replayed later, signed anew", &replayed).await?;
    journal.forged(&first.signed_anew("whsec_Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2Vk", "forged")?, &url).await?;
    let (failed, status) = loader.tell("failed", Timestamp::now().as_second()).await?;
    stage.ended(FLOW, failed.header("webhook-id"), "Done", 1).await?;
    loader.still_shows(&mut journal, "after a load that failed", new).await?;
    journal.row("a load that failed", status, format!("chart still shows {new}"));

    (stage.progress)("a later load, and then an older one");
    let later = Timestamp::now().as_second();
    let (load, status) = loader.tell("succeeded", later).await?;
    let newest = new + 1_000;
    loader.shows(newest).await?;
    stage.ended(FLOW, load.header("webhook-id"), "Done", 1).await?;
    journal.row("rows of a later window", status, format!("chart shows {newest}"));
    warehouse.insert_sale(SKU, 1, 1).await?;
    let (older, status) = loader.tell("succeeded", later - 2 * WINDOW_SECONDS).await?;
    stage.ended(FLOW, older.header("webhook-id"), "Stale", 1).await?;
    loader.still_shows(&mut journal, "after news of an older load", newest).await?;
    journal.row("news of an older load", status, "covered by the refresh since");
    let refreshes = loader.refreshes().await? - refreshed_before;
    journal.check("refreshes in all", &json!(refreshes), &json!(2));
    journal.end().await
}

struct Loader<'a> {
    stage: Stage<'a>,
    url: &'a str,
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
        let headers = [(http::header::CONTENT_TYPE, "application/json".parse()?)];
        let unsigned =
            Delivery { headers: headers.into_iter().collect(), body: body.to_string(), status: None };
        let signed = unsigned.signed_anew(self.secret, &format!("load-{}", Uuid::new_v4()))?;
        let status = signed.post(self.url).await?;
        Ok((signed, status))
    }

    async fn again(&self, journal: &mut Journal<'_>, what: &'static str, load: &Delivery) -> Result<()> {
        let event = load.header("webhook-id");
        let before = self.stage.dispositions(FLOW, event, "Duplicate").await?;
        let status = load.post(self.url).await?;
        self.stage.ended(FLOW, event, "Duplicate", before + 1).await?;
        journal.row(what, status, "duplicate");
        Ok(())
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

    /// How often the function has refreshed anything, by its own log.
    async fn refreshes(&self) -> Result<usize> {
        self.stage.lines(FLOW, |line: &Value| line["message"] == "datasets refreshed").await
    }
}
