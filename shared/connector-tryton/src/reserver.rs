use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use message::{Code, Redacted};
use outbound::{Budget, CallError, Credential, HttpTarget, Refusal, StockReserver};
use serde_json::{Value, json};
use transform::Translator;
use transform::canonical::{Order, Reservation};

use crate::client::Client;
use crate::document::TrytonSale;
use crate::errors::{Refused, after_a_write, meaning, of_transition};
use crate::wire::{
    Create, Identified, NewAddress, NewContact, NewLine, NewParty, NewSale, Party, Product, Sale, Shipment,
};

const SALE: &str = "sale.sale";
const SHIPMENT: &str = "stock.shipment.out";
const PARTY: &str = "party.party";

/// A sale has four transitions and a shipment two: more steps than this mean that Tryton goes in circles.
const MOST_STEPS: usize = 8;

/// Sets stock aside as a sale with its shipment assigned.
pub struct TrytonStockReserver {
    client: Client,
    /// Of the mapping `tryton-sale`.
    translator: Arc<Translator>,
}

/// One call of `reserve`: whether it has written anything yet.
struct Attempt<'a> {
    client: &'a Client,
    budget: &'a Budget,
    wrote: AtomicBool,
}

impl TrytonStockReserver {
    /// `translator` is the mapping `tryton-sale`'s.
    pub fn new(
        target: HttpTarget,
        credential: Arc<dyn Credential>,
        company_id: i64,
        translator: Arc<Translator>,
    ) -> Self {
        Self { client: Client::new(target, credential, company_id), translator }
    }
}

#[async_trait]
impl StockReserver for TrytonStockReserver {
    fn mapping(&self) -> &'static str {
        self.translator.stamp()
    }

    async fn find(&self, order: &Order, budget: &Budget) -> Result<Option<Reservation>, CallError> {
        let Some(sale) = find_sale(&self.client, &order.reference(), budget).await? else { return Ok(None) };
        let reserved = reservation(order, &sale);
        if reserved.is_some() {
            same_lines(&sale, &self.translator.encode(order)?)?;
        }
        Ok(reserved)
    }

    async fn reserve(&self, order: &Order, budget: &Budget) -> Result<Reservation, CallError> {
        let document = self.translator.encode(order)?;
        let attempt = Attempt { client: &self.client, budget, wrote: AtomicBool::new(false) };
        let reserved = attempt.reserve(order, &document).await;
        reserved.map_err(|error| if attempt.wrote.into_inner() { after_a_write(error) } else { error })
    }
}

impl Attempt<'_> {
    async fn reserve(&self, order: &Order, document: &TrytonSale) -> Result<Reservation, CallError> {
        let mut sale = match find_sale(self.client, &document.reference, self.budget).await? {
            Some(sale) => {
                same_lines(&sale, document)?;
                sale
            }
            None => self.create_sale(document).await?,
        };
        for _ in 0..MOST_STEPS {
            if let Some(reserved) = reservation(order, &sale) {
                return Ok(reserved);
            }
            sale = self.step(sale).await?;
        }
        Err(CallError::NotNow { code: Code::TargetFailed, after: None })
    }

    /// One transition further from wherever an earlier attempt, or a person at the screen, has left it.
    async fn step(&self, sale: Sale) -> Result<Sale, CallError> {
        let button = match sale.state.as_str() {
            "draft" => "quote",
            "quotation" => "confirm",
            "confirmed" => "process",
            "processing" | "done" => return self.assign(sale).await,
            "cancelled" => {
                return Err(refused(Code::TargetRefused, "$", "the sale of this order was cancelled"));
            }
            _ => return Err(refused(Code::TargetRefused, "$", "the sale is in a state that we do not know")),
        };
        let pressed = self.client.press(SALE, sale.id, button, Sale::FIELDS, self.budget).await;
        self.written(pressed.map_err(of_transition))
    }

    async fn assign(&self, sale: Sale) -> Result<Sale, CallError> {
        let mut shipments = Vec::new();
        for shipment in sale.shipments {
            shipments.push(if shipment.is_cancelled() || shipment.holds_stock() {
                shipment
            } else {
                self.assign_shipment(shipment).await?
            });
        }
        if shipments.iter().all(Shipment::is_cancelled) {
            return Err(refused(Code::TargetRefused, "$.lines", "the sale has no shipment to assign"));
        }
        Ok(Sale { shipments, ..sale })
    }

    async fn assign_shipment(&self, mut shipment: Shipment) -> Result<Shipment, CallError> {
        if shipment.state == "draft" {
            shipment = self.press_shipment(&shipment, "wait").await?;
        }
        let assigned = self.press_shipment(&shipment, "assign_try").await?;
        if assigned.holds_stock() {
            Ok(assigned)
        } else {
            // It stays waiting: a redrive after restocking goes on from here.
            Err(refused(Code::OutOfStock, "$.lines", "too little stock to assign the shipment"))
        }
    }

    async fn press_shipment(&self, shipment: &Shipment, button: &str) -> Result<Shipment, CallError> {
        let pressed = self.client.press(SHIPMENT, shipment.id, button, Shipment::FIELDS, self.budget).await;
        self.written(pressed.map_err(of_transition))
    }

    async fn create_sale(&self, document: &TrytonSale) -> Result<Sale, CallError> {
        let products = self.products(document).await?;
        let currency = self.id_by_code("currency.currency", &document.currency).await?;
        let currency = currency.ok_or_else(|| {
            refused(Code::CurrencyUnsupported, "$.currency", "the currency is not set up in Tryton")
        })?;
        let (party, address) = self.party_and_address(document).await?;
        let lines = document.lines.iter().zip(&products).map(|(line, product)| NewLine {
            kind: "line",
            product: product.id,
            unit: product.default_uom,
            quantity: line.quantity,
            unit_price: &line.unit_price,
            other: &line.other,
        });
        let sale = NewSale {
            reference: &document.reference,
            description: &document.description,
            currency,
            party,
            invoice_address: address,
            shipment_address: address,
            lines: Create::new(lines.collect()),
            other: &document.other,
        };
        self.written(self.client.create(SALE, &sale, Sale::FIELDS, self.budget).await)
    }

    /// The product of each line, in the lines' order.
    async fn products(&self, document: &TrytonSale) -> Result<Vec<Product>, CallError> {
        let skus: Vec<_> = document.lines.iter().map(|line| line.product.as_str()).collect();
        let domain = json!([["code", "in", skus]]);
        let found: Vec<Product> =
            self.client.search("product.product", &domain, &["code", "default_uom"], self.budget).await?;
        let product = |(index, sku): (usize, &&str)| {
            let product = found.iter().find(|product| product.code == **sku);
            product
                .map(|it| Product { id: it.id, code: it.code.clone(), default_uom: it.default_uom })
                .ok_or_else(|| {
                    let path = format!("$.lines[{index}].sku");
                    refused(Code::ProductUnknown, path, "Tryton has no product with this code")
                })
        };
        skus.iter().enumerate().map(product).collect()
    }

    async fn party_and_address(&self, document: &TrytonSale) -> Result<(i64, i64), CallError> {
        let country = self.id_by_code("country.country", &document.shipment_address.country).await?;
        let country = country.ok_or_else(|| {
            refused(Code::ValueUnknown, "$.ship_to.country", "the country is not set up in Tryton")
        })?;
        let subdivision = match &document.shipment_address.subdivision {
            // Not set up is no hindrance: the address reads the same without.
            Some(code) => self.id_by_code("country.subdivision", code).await?,
            None => None,
        };
        let party = match self.find_party(document).await? {
            Some(party) => party,
            None => self.create_party(document, country, subdivision).await?,
        };
        if let Some(address) = party.addresses.iter().find(|address| address.says(document)) {
            return Ok((party.id, address.id));
        }
        let address = NewAddress { party: Some(party.id), ..new_address(document, country, subdivision) };
        let created: Identified =
            self.written(self.client.create("party.address", &address, &[], self.budget).await)?;
        Ok((party.id, created.id))
    }

    async fn find_party(&self, document: &TrytonSale) -> Result<Option<Party>, CallError> {
        let domain = json!([["code", "=", document.party.code]]);
        let found: Vec<Party> = self.client.search(PARTY, &domain, Party::FIELDS, self.budget).await?;
        Ok(found.into_iter().next())
    }

    /// Two orders of one new customer at the same time: one of them meets the other's party.
    async fn create_party(
        &self,
        document: &TrytonSale,
        country: i64,
        subdivision: Option<i64>,
    ) -> Result<Party, CallError> {
        let email =
            document.party.email.iter().map(|email| NewContact { kind: "email", value: email.expose() });
        let party = NewParty {
            code: &document.party.code,
            name: document.party.name.expose(),
            addresses: Create::new(vec![new_address(document, country, subdivision)]),
            contact_mechanisms: Create::new(email.collect()),
            other: &document.party.other,
        };
        let created = self.client.create(PARTY, &party, Party::FIELDS, self.budget).await;
        match created {
            Err(CallError::Refused(refusal)) if matches!(meaning(&refusal), Refused::NotUnique) => {
                let not_now = CallError::NotNow { code: Code::TargetFailed, after: None };
                self.find_party(document).await?.ok_or(not_now)
            }
            created => self.written(created),
        }
    }

    async fn id_by_code(&self, model: &str, code: &str) -> Result<Option<i64>, CallError> {
        let domain = json!([["code", "=", code]]);
        let found: Vec<Identified> = self.client.search(model, &domain, &[], self.budget).await?;
        Ok(found.first().map(|record| record.id))
    }

    fn written<T>(&self, result: Result<T, CallError>) -> Result<T, CallError> {
        if result.is_ok() {
            self.wrote.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// The sale under our reference. A cancelled one counts only where there is no other; of several the oldest counts
/// for everybody.
async fn find_sale(client: &Client, reference: &str, budget: &Budget) -> Result<Option<Sale>, CallError> {
    let domain: Value = json!([["reference", "=", reference]]);
    let found: Vec<Sale> = client.search(SALE, &domain, Sale::FIELDS, budget).await?;
    Ok(found.into_iter().min_by_key(|sale| (sale.state == "cancelled", sale.id)))
}

/// An order that was corrected after its sale was begun is not what the sale would ship.
fn same_lines(sale: &Sale, document: &TrytonSale) -> Result<(), CallError> {
    if sale.sells(document) {
        return Ok(());
    }
    Err(refused(Code::FingerprintConflict, "$.lines", "the sale under our reference has other lines"))
}

/// The reservation, if all of the sale's stock is set aside.
fn reservation(order: &Order, sale: &Sale) -> Option<Reservation> {
    if sale.state == "cancelled" {
        return None;
    }
    let mut live = sale.shipments.iter().filter(|shipment| !shipment.is_cancelled()).peekable();
    let first = (*live.peek()?).clone();
    live.all(Shipment::holds_stock).then(|| order.reserved_as(first.id.to_string(), first.number))
}

fn new_address(document: &TrytonSale, country: i64, subdivision: Option<i64>) -> NewAddress<'_> {
    let address = &document.shipment_address;
    NewAddress {
        party: None,
        party_name: address.party_name.expose(),
        attn: address.attn.as_ref().map(Redacted::expose).map(String::as_str),
        street_unstructured: address.street_unstructured.expose(),
        city: address.city.expose(),
        postal_code: address.postal_code.as_ref().map(Redacted::expose).map(String::as_str),
        country,
        subdivision,
        other: &address.other,
    }
}

fn refused(code: Code, path: impl Into<String>, summary: &str) -> CallError {
    CallError::Refused(Refusal::new(code, path, summary))
}
