//! The partner sandbox: one small server that speaks the calls we make to the inventory system (Tryton's), the
//! label system (Karrio's), the BI tool (Superset's), the operations desk (Redmine's), a CRM (HubSpot's), a payment processor (Stripe's) and
//! a shop (Vendure's), remembers effects, and can be told to fail or to insist on more than it did.
//!
//! | path | what |
//! |---|---|
//! | `/erp/rest/…` | inventory, `Authorization: bearer` [`API_KEY`] |
//! | `/v1/…` | labels, `Authorization: Token` [`API_KEY`] |
//! | `/superset/api/v1/…` | dashboards, a session by login as [`SUPERSET_USER`] with [`API_KEY`] |
//! | `/redmine/…` | operations desk, `X-Redmine-API-Key` [`API_KEY`] |
//! | `/crm/v3/…`, `/crm/v4/…` | CRM, `Authorization: Bearer` [`API_KEY`] |
//! | `/stripe/v1/…` | payment processor, `Authorization: Bearer` [`API_KEY`] |
//! | `/vendure/admin-api` | shop, a session by login as [`VENDURE_USER`] with [`API_KEY`] |
//! | `POST /_sandbox/faults` | a [`Fault`] for the calls to come |
//! | `DELETE /_sandbox/faults` | no faults any more |
//! | `GET /_sandbox/effects` | every [`Effect`] so far |
//! | `POST /_sandbox/hubspot` | a [`HubSpotObject`], new or changed |
//! | `POST /_sandbox/stock` | `{"sku": …, "quantity": …}` sets a stock level |

mod demands;
mod faults;
mod hubspot;
mod karrio;
mod redmine;
mod state;
mod stripe;
mod superset;
mod tryton;
mod tryton_records;
mod vendure;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use demands::Demand;
pub use faults::{Fault, FaultKind};
pub use hubspot::HubSpotObject;
pub use state::{Effect, System};
pub use superset::USER as SUPERSET_USER;
pub use vendure::USER as VENDURE_USER;

use state::World;

/// The key of all systems: a double has nothing to protect, but a call without it is answered as the real ones do.
pub const API_KEY: &str = "sandbox-key";

/// A running sandbox; ends with this value.
pub struct Sandbox {
    base_url: String,
    world: Arc<World>,
    server: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// On a free port of the loopback interface.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World::seeded());
        let app = app(Arc::clone(&world));
        let server = tokio::spawn(async move {
            // Serving ends only with the task.
            drop(axum::serve(listener, app).await);
        });
        Ok(Self { base_url: format!("http://{address}"), world, server: Some(server) })
    }

    /// Without a server: its [`Sandbox::router`] is called in this process.
    pub fn in_process() -> Self {
        Self { base_url: "http://sandbox".to_owned(), world: Arc::new(World::seeded()), server: None }
    }

    pub fn router(&self) -> Router {
        app(Arc::clone(&self.world))
    }

    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Tryton's base URL: with the database.
    pub fn tryton_url(&self) -> String {
        format!("{}/erp", self.base_url())
    }

    pub fn karrio_url(&self) -> String {
        self.base_url()
    }

    pub fn superset_url(&self) -> String {
        format!("{}/superset", self.base_url())
    }

    /// Our user at the BI tool, as the secret holds it.
    pub fn superset_secret() -> String {
        format!(r#"{{"username": "{SUPERSET_USER}", "password": "{API_KEY}"}}"#)
    }

    /// A load of the warehouse: what the dataset's table sums up to from now on.
    pub fn load(&self, dataset: i64, total: i64) {
        self.world.dashboards(|dashboards| dashboards.load(dataset, total));
    }

    pub fn drop_table(&self, dataset: i64, dropped: bool) {
        self.world.dashboards(|dashboards| dashboards.drop_table(dataset, dropped));
    }

    /// What somebody sees who opens the chart.
    pub fn shown(&self, chart: i64) -> Option<i64> {
        self.world.dashboards(|dashboards| dashboards.shown(chart))
    }

    /// The BI tool's tokens are over from now on.
    pub fn end_sessions(&self) {
        self.world.dashboards(superset::Dashboards::end_sessions);
    }

    pub fn logins(&self) -> usize {
        self.world.dashboards(|dashboards| dashboards.logins())
    }

    pub fn redmine_url(&self) -> String {
        format!("{}/redmine", self.base_url())
    }

    /// Of the desk: the ids of its project, statuses and fields.
    pub fn desk_settings() -> serde_json::Value {
        redmine::Desk::settings()
    }

    /// Cases at the desk under our reference, with their notes, the oldest first.
    pub fn cases(&self, reference: &str) -> Vec<serde_json::Value> {
        self.world.desk(|desk| desk.under(reference))
    }

    /// From now on the desk takes one case a reference.
    pub fn one_case_a_reference(&self) {
        self.world.desk(|desk| desk.unique = true);
    }

    /// From now on the desk's workflow does not let anybody set this status.
    pub fn forbid_status(&self, id: u64) {
        self.world.desk(|desk| desk.forbidden = Some(id));
    }

    /// As somebody at the desk would; answers with its id.
    pub fn open_case(&self, reference: &str) -> u64 {
        self.world.desk(|desk| desk.open(reference))
    }

    pub fn delete_case(&self, id: u64) {
        self.world.desk(|desk| desk.delete(id));
    }

    /// As somebody at the desk would: `status_id`, `notes`.
    pub fn change_case(&self, id: u64, change: &serde_json::Value) {
        self.world.desk(|desk| desk.by_a_person(id, change));
    }

    pub fn hubspot_url(&self) -> String {
        self.base_url()
    }

    /// Puts an object into the CRM, or another state of it.
    pub fn put_hubspot(&self, object: HubSpotObject) {
        self.world.crm(|crm| crm.put(object));
    }

    pub fn delete_hubspot(&self, object: &str, id: u64) {
        self.world.crm(|crm| crm.delete(object, id));
    }

    pub fn effects(&self) -> Vec<Effect> {
        self.world.effects()
    }

    /// Sets how many of a product are in stock and free.
    pub fn stock(&self, sku: &str, quantity: u32) {
        self.world.set_stock(sku, quantity);
    }

    /// Makes the inventory system know a party of this code, as if it had always been there.
    pub fn know_party(&self, code: &str) {
        self.world.erp(|erp| erp.know_party(code));
    }

    /// The party of this code, with these fields.
    pub fn party(&self, code: &str, fields: &[&str]) -> Option<serde_json::Value> {
        self.world.erp(|erp| erp.party(code, fields))
    }

    /// Records of a model of the ERP whose field has this value, with one more field.
    pub fn erp_records(
        &self,
        model: &str,
        (field, value): (&str, &str),
        read: &str,
    ) -> Vec<serde_json::Value> {
        self.world.erp(|erp| erp.found(model, (field, value), read))
    }

    /// As people do with two parties that are the same customer.
    pub fn merge_parties(&self, code: &str, into: &str) {
        self.world.erp(|erp| erp.merge_parties(code, into));
    }

    pub fn fail(&self, fault: Fault) {
        self.world.faults.add(fault);
    }

    pub fn fail_no_more(&self) {
        self.world.faults.clear();
    }

    /// Answers with 400, from now on, what does not meet the demand.
    pub fn insist(&self, demand: Demand) {
        self.world.demands.add(demand);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

fn app(world: Arc<World>) -> Router {
    let systems = Router::new()
        .merge(tryton::routes())
        .merge(karrio::routes())
        .merge(superset::routes())
        .merge(redmine::routes())
        .merge(hubspot::routes())
        .merge(stripe::routes())
        .merge(vendure::routes())
        .layer(from_fn_with_state(Arc::clone(&world), faulty));
    let control = Router::new()
        .route("/_sandbox/faults", post(add_fault).delete(clear_faults))
        .route("/_sandbox/effects", get(list_effects))
        .route("/_sandbox/hubspot", post(put_hubspot))
        .route("/_sandbox/stock", post(set_stock));
    systems.merge(control).with_state(world)
}

/// Lets the fault that a call meets happen before or after the call has had its effect.
async fn faulty(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    match world.faults.take(request.method(), request.uri().path()) {
        None => next.run(request).await,
        Some(FaultKind::Status { status, retry_after_s }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            match retry_after_s {
                Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
                None => status.into_response(),
            }
        }
        Some(FaultKind::Unreadable) => "<html></html>".into_response(),
        Some(FaultKind::TimeoutBeforeEffect) => faults::never_answer().await,
        Some(FaultKind::TimeoutAfterEffect) => {
            drop(next.run(request).await);
            faults::never_answer().await
        }
        Some(FaultKind::Slow { ms }) => {
            faults::wait_ms(ms).await;
            next.run(request).await
        }
    }
}

async fn add_fault(State(world): State<Arc<World>>, Json(fault): Json<Fault>) -> StatusCode {
    world.faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.faults.clear();
    StatusCode::NO_CONTENT
}

async fn list_effects(State(world): State<Arc<World>>) -> Json<Vec<Effect>> {
    Json(world.effects())
}

async fn put_hubspot(State(world): State<Arc<World>>, Json(object): Json<HubSpotObject>) -> StatusCode {
    world.crm(|crm| crm.put(object));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct StockLevel {
    sku: String,
    quantity: u32,
}

async fn set_stock(State(world): State<Arc<World>>, Json(level): Json<StockLevel>) -> StatusCode {
    world.set_stock(&level.sku, level.quantity);
    StatusCode::NO_CONTENT
}
