//! Inventory, customers and sales as Tryton 8.2 keeps them, as far as our connector calls it: records of a few models, found by a domain,
//! with the transitions of a sale and of its shipment. The contract suite holds it to the real one.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::API_KEY;
use super::state::{System, World};
use super::tryton_records::{Records, Refused};

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/erp/rest/model/{model}", get(search).post(create))
        .route("/erp/rest/model/{model}/{id}", put(update))
        .route("/erp/rest/model/{model}/{id}/{button}", post(press))
}

/// Everything that the ERP keeps.
#[derive(Default)]
pub(super) struct Erp {
    records: Records,
}

const PLENTY: u32 = 1_000_000;

impl Erp {
    /// A company that sells three products in two currencies, and one product that is not in stock.
    pub(super) fn seeded() -> Self {
        let mut records = Records::default();
        for code in ["USD", "EUR"] {
            records.seed("currency.currency", json!({ "code": code }));
        }
        for code in ["DE", "US", "GB", "FR", "JP"] {
            records.seed("country.country", json!({ "code": code }));
        }
        records.seed("country.subdivision", json!({ "code": "US-CA" }));
        for (code, stock) in [("SKU-1", PLENTY), ("SKU-2", PLENTY), ("SKU-3", PLENTY), ("SKU-EMPTY", 0)] {
            records.seed("product.product", json!({ "code": code, "default_uom": 1, "stock": stock }));
        }
        Self { records }
    }

    /// A party as if it had always been there.
    pub(super) fn know_party(&mut self, code: &str) {
        let known = self.records.find_mut("party.party", "code", &json!(code)).is_some();
        if !known {
            let address = self.records.seed("party.address", json!({}));
            let party = json!({
                "code": code, "name": code, "active": true, "addresses": [address], "contact_mechanisms": [],
                "identifiers": []
            });
            self.records.seed("party.party", party);
        }
    }

    pub(super) fn party(&self, code: &str, fields: &[&str]) -> Option<Value> {
        Some(self.records.render("party.party", self.party_id(code)?, fields))
    }

    pub(super) fn found(&self, model: &str, (field, value): (&str, &str), read: &str) -> Vec<Value> {
        let found = self.records.search(model, &[json!([field, "=", value])]).unwrap_or_default();
        found.into_iter().map(|id| self.records.render(model, id, &[read])).collect()
    }

    fn party_id(&self, code: &str) -> Option<i64> {
        self.records.search("party.party", &[json!(["code", "=", code])]).ok()?.first().copied()
    }

    pub(super) fn merge_parties(&mut self, code: &str, into: &str) {
        let into = self.party_id(into);
        if let Some(party) = self.records.find_mut("party.party", "code", &json!(code)) {
            party.insert("active".to_owned(), json!(false));
            party.insert("replaced_by".to_owned(), json!(into));
        }
    }

    pub(super) fn set_stock(&mut self, sku: &str, quantity: u32) {
        if let Some(product) = self.records.find_mut("product.product", "code", &json!(sku)) {
            product.insert("stock".to_owned(), json!(quantity));
        }
    }

    fn press(&mut self, model: &str, id: i64, button: &str) -> Result<Option<Reserved>, Refused> {
        let state = self.records.text(model, id, "state").ok_or(Refused::NotFound)?;
        match (model, button, state.as_str()) {
            ("sale.sale", "quote", "draft") => self.number(id, "quotation"),
            ("sale.sale", "draft", "quotation" | "confirmed" | "cancelled") => {
                self.records.set(model, id, "state", json!("draft"));
            }
            ("sale.sale", "confirm", "quotation") => self.records.set(model, id, "state", json!("confirmed")),
            ("sale.sale", "process", "confirmed") => self.process(id),
            ("sale.sale", "process", "processing") => {}
            ("sale.sale", "cancel", "draft" | "quotation" | "confirmed") => {
                self.records.set(model, id, "state", json!("cancelled"));
            }
            ("stock.shipment.out", "wait", "draft" | "waiting") => {
                self.records.set(model, id, "state", json!("waiting"));
            }
            ("stock.shipment.out", "assign_try", "waiting") => return Ok(self.assign(id)),
            ("stock.shipment.out", "assign_try", "assigned") => {}
            _ => return Err(Refused::Transition { button: button.to_owned() }),
        }
        Ok(None)
    }

    fn number(&mut self, sale: i64, state: &str) {
        self.records.set("sale.sale", sale, "number", json!(sale.to_string()));
        self.records.set("sale.sale", sale, "state", json!(state));
    }

    fn process(&mut self, sale: i64) {
        let shipment = self.records.seed("stock.shipment.out", json!({ "state": "waiting", "sale": sale }));
        self.records.set("stock.shipment.out", shipment, "number", json!(format!("S-{shipment}")));
        self.records.set("sale.sale", sale, "shipments", json!([shipment]));
        self.records.set("sale.sale", sale, "state", json!("processing"));
    }

    /// All lines or nothing, as Tryton's `assign_try`.
    fn assign(&mut self, shipment: i64) -> Option<Reserved> {
        let sale = self.records.integer("stock.shipment.out", shipment, "sale")?;
        let lines = self.records.ids("sale.sale", sale, "lines");
        let mut wanted: Vec<(i64, i64)> = Vec::new();
        for line in lines {
            let product = self.records.integer("sale.line", line, "product")?;
            let quantity = self.records.integer("sale.line", line, "quantity")?;
            match wanted.iter_mut().find(|(known, _)| *known == product) {
                Some((_, sum)) => *sum += quantity,
                None => wanted.push((product, quantity)),
            }
        }
        let stock =
            |records: &Records, product| records.integer("product.product", product, "stock").unwrap_or(0);
        if wanted.iter().any(|(product, quantity)| stock(&self.records, *product) < *quantity) {
            return None;
        }
        for (product, quantity) in wanted {
            let left = stock(&self.records, product) - quantity;
            self.records.set("product.product", product, "stock", json!(left));
        }
        self.records.set("stock.shipment.out", shipment, "state", json!("assigned"));
        Some(Reserved {
            reference: self.records.text("sale.sale", sale, "reference")?,
            number: self.records.text("stock.shipment.out", shipment, "number")?,
        })
    }
}

/// Stock that has just been set aside.
struct Reserved {
    reference: String,
    number: String,
}

type Pairs = Vec<(String, String)>;

async fn search(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path(model): Path<String>,
    Query(query): Query<Pairs>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let domain = query.iter().find(|(name, _)| name == "d").map(|(_, text)| decode(text));
    let clauses = match domain {
        None => Vec::new(),
        Some(Some(clauses)) => clauses,
        Some(None) => return answer(Err(Refused::Domain)),
    };
    answer(world.erp(|erp| {
        let found = erp.records.search(&model, &clauses)?;
        Ok(found.iter().map(|id| erp.records.render(&model, *id, &fields(&query))).collect())
    }))
}

async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path(model): Path<String>,
    Query(query): Query<Pairs>,
    Json(record): Json<Map<String, Value>>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    if let Some(at) = world.demands.unmet(&model, &Value::Object(record.clone())) {
        return answer(Err(Refused::NotValid { at }));
    }
    let effect = effect(&model, &record);
    answer(world.erp(|erp| {
        let id = erp.records.create(&model, record)?;
        if let Some((kind, reference)) = effect {
            world.record(System::Erp, kind, &reference, &id.to_string(), "");
        }
        Ok(erp.records.render(&model, id, &fields(&query)))
    }))
}

/// What is made under a reference of ours.
fn effect(model: &str, record: &Map<String, Value>) -> Option<(&'static str, String)> {
    let (kind, field) = match model {
        "party.party" => ("party", "code"),
        "sale.sale" => ("sale", "reference"),
        _ => return None,
    };
    Some((kind, record.get(field)?.as_str()?.to_owned()))
}

async fn update(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((model, id)): Path<(String, i64)>,
    Query(query): Query<Pairs>,
    Json(changes): Json<Map<String, Value>>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    answer(world.erp(|erp| {
        erp.records.update(&model, id, changes)?;
        Ok(erp.records.render(&model, id, &fields(&query)))
    }))
}

async fn press(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Path((model, id, button)): Path<(String, i64, String)>,
    Query(query): Query<Pairs>,
) -> Response {
    if let Some(refused) = unauthorized(&headers) {
        return refused;
    }
    let pressed = world.erp(|erp| {
        let reserved = erp.press(&model, id, &button)?;
        Ok((reserved, erp.records.render(&model, id, &fields(&query))))
    });
    answer(pressed.map(|(reserved, record)| {
        if let Some(Reserved { reference, number }) = reserved {
            world.record(System::Inventory, "reservation", &reference, &id.to_string(), &number);
        }
        record
    }))
}

fn fields(query: &Pairs) -> Vec<&str> {
    query.iter().filter(|(name, _)| name == "f").map(|(_, field)| field.as_str()).collect()
}

fn decode(domain: &str) -> Option<Vec<Value>> {
    serde_json::from_slice(&URL_SAFE.decode(domain).ok()?).ok()
}

fn unauthorized(headers: &HeaderMap) -> Option<Response> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    (given != Some(format!("bearer {API_KEY}").as_str())).then(|| StatusCode::UNAUTHORIZED.into_response())
}

fn answer(result: Result<Value, Refused>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(Refused::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(refused) => {
            let body = json!({ "status": 400, "message": refused.message(), "description": "" });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}
