use message::Code;
use outbound::CallError;
use serde_json::{Map, Value, json};

use crate::errors::of_transition;
use crate::party_wire::PartyRecord;
use crate::sale_wire::{NewDealSale, SaleDocument, SaleRecord};
use crate::upserter::{Session, refused};
use crate::wire::{Create, Identified, NewLine, Product};

const SALE: &str = "sale.sale";

impl Session<'_> {
    /// The sale under our reference. A cancelled one counts only where there is no other; of several the oldest counts for everybody.
    pub(crate) async fn sale(&self, reference: &str) -> Result<Option<SaleRecord>, CallError> {
        let domain = json!([["reference", "=", reference]]);
        let found: Vec<SaleRecord> =
            self.client.search(SALE, &domain, SaleRecord::FIELDS, self.budget).await?;
        Ok(found.into_iter().min_by_key(|sale| (sale.state == "cancelled", sale.id)))
    }

    /// The sale, if it is quoted, or further, and says what the document says.
    pub(crate) async fn find_sale(&self, document: &SaleDocument) -> Result<Option<i64>, CallError> {
        let Some(sale) = self.sale(&document.reference).await? else { return Ok(None) };
        if matches!(sale.state.as_str(), "draft" | "cancelled") {
            return Ok(None);
        }
        let buyer = self.account(&document.party).await?;
        let agrees = Differs::between(&sale, document, &buyer).leaves(&sale.state);
        Ok(agrees.then_some(sale.id))
    }

    pub(crate) async fn upsert_sale(&self, document: &SaleDocument) -> Result<i64, CallError> {
        let buyer = self.account(&document.party).await?;
        let sale = match self.sale(&document.reference).await? {
            None => self.create_sale(document, &buyer).await?,
            Some(sale) => sale,
        };
        let differs = Differs::between(&sale, document, &buyer);
        match sale.state.as_str() {
            "draft" | "quotation" => self.bring_to_quotation(sale, document, &buyer, differs).await,
            // Past that it is people's, who have agreed to it as it is.
            "confirmed" | "processing" | "done" if differs.leaves(&sale.state) => Ok(sale.id),
            "confirmed" | "processing" | "done" => {
                Err(refused(Code::RecordClosed, "$", "the sale is confirmed, and the deal has changed since"))
            }
            "cancelled" => {
                Err(refused(Code::RecordClosed, "$", "the sale of this deal was cancelled in Tryton"))
            }
            _ => Err(refused(Code::TargetRefused, "$", "the sale is in a state that we do not know")),
        }
    }

    async fn bring_to_quotation(
        &self,
        mut sale: SaleRecord,
        document: &SaleDocument,
        buyer: &PartyRecord,
        differs: Differs,
    ) -> Result<i64, CallError> {
        if differs.anything() {
            if sale.state == "quotation" {
                sale = self.press_sale(&sale, "draft").await?;
            }
            let changes = self.changes(&sale, document, buyer, &differs).await?;
            let changed = self.client.update(SALE, sale.id, &changes, SaleRecord::FIELDS, self.budget).await;
            sale = self.written(changed)?;
        }
        if sale.state == "draft" {
            sale = self.press_sale(&sale, "quote").await?;
        }
        Ok(sale.id)
    }

    async fn press_sale(&self, sale: &SaleRecord, button: &str) -> Result<SaleRecord, CallError> {
        let pressed = self.client.press(SALE, sale.id, button, SaleRecord::FIELDS, self.budget).await;
        self.written(pressed.map_err(of_transition))
    }

    async fn create_sale(
        &self,
        document: &SaleDocument,
        buyer: &PartyRecord,
    ) -> Result<SaleRecord, CallError> {
        let line = &document.line;
        let domain = json!([["code", "=", line.product]]);
        let products: Vec<Product> =
            self.client.search("product.product", &domain, &["code", "default_uom"], self.budget).await?;
        let product = products.first().ok_or_else(|| {
            refused(Code::ProductUnknown, "@settings.product", "Tryton has no product with this code")
        })?;
        let currency = self.currency(&document.currency).await?;
        let address = self.address(buyer).await?;
        let line = NewLine {
            kind: "line",
            product: product.id,
            unit: product.default_uom,
            quantity: line.quantity,
            unit_price: &line.unit_price,
            other: &line.other,
        };
        let sale = NewDealSale {
            reference: &document.reference,
            description: document.description.expose(),
            currency,
            party: buyer.id,
            invoice_address: address,
            shipment_address: address,
            lines: Create::new(vec![line]),
            other: &document.other,
        };
        self.written(self.client.create(SALE, &sale, SaleRecord::FIELDS, self.budget).await)
    }

    async fn changes(
        &self,
        sale: &SaleRecord,
        document: &SaleDocument,
        buyer: &PartyRecord,
        differs: &Differs,
    ) -> Result<Map<String, Value>, CallError> {
        let mut changes = Map::new();
        if differs.description {
            changes.insert("description".to_owned(), json!(document.description));
        }
        if differs.party {
            let address = self.address(buyer).await?;
            changes.insert("party".to_owned(), json!(buyer.id));
            changes.insert("invoice_address".to_owned(), json!(address));
            changes.insert("shipment_address".to_owned(), json!(address));
        }
        if differs.currency {
            changes.insert("currency".to_owned(), json!(self.currency(&document.currency).await?));
        }
        if let Some(line) = sale.line(document).filter(|_| differs.line) {
            let price = json!({ "quantity": document.line.quantity, "unit_price": document.line.unit_price });
            changes.insert("lines".to_owned(), json!([["write", [line.id], price]]));
        }
        Ok(changes)
    }

    async fn currency(&self, code: &str) -> Result<i64, CallError> {
        let domain = json!([["code", "=", code]]);
        let found: Vec<Identified> =
            self.client.search("currency.currency", &domain, &[], self.budget).await?;
        found.first().map(|currency| currency.id).ok_or_else(|| {
            refused(Code::CurrencyUnsupported, "$.currency", "the currency is not set up in Tryton")
        })
    }

    /// The buyer's first address, without which nothing can be quoted. People may have deleted the one that the party began with.
    async fn address(&self, buyer: &PartyRecord) -> Result<i64, CallError> {
        if let Some(address) = buyer.addresses.first() {
            return Ok(*address);
        }
        let address = json!({ "party": buyer.id });
        let created = self.client.create("party.address", &address, &[], self.budget).await;
        self.written(created).map(|address: Identified| address.id)
    }
}

/// What of a sale is not what the deal says.
struct Differs {
    description: bool,
    party: bool,
    currency: bool,
    line: bool,
}

impl Differs {
    fn between(sale: &SaleRecord, document: &SaleDocument, buyer: &PartyRecord) -> Self {
        let currency = sale.currency.as_ref().map(|currency| currency.code.as_str());
        Self {
            description: sale.description.as_deref() != Some(document.description.expose()),
            party: sale.party != Some(buyer.id),
            currency: currency != Some(document.currency.as_str()),
            line: sale.line(document).is_some_and(|line| !line.says(&document.line)),
        }
    }

    const fn anything(&self) -> bool {
        self.description || self.party || self.currency || self.line
    }

    /// Whether a sale in this state can stay as it is. Once it is confirmed, another name of the deal is no reason to trouble people.
    fn leaves(&self, state: &str) -> bool {
        !(self.party || self.currency || self.line || (self.description && state == "quotation"))
    }
}
