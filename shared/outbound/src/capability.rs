use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use message::Redacted;
use serde_json::value::RawValue;
use transform::canonical::{
    CrmRecord, Order, PaymentEvent, RecordChange, Refresh, Refreshed, Reservation, Shipment,
};

use crate::{Budget, CallError, RefreshSteps};

/// An inventory system that can set stock aside for an order.
#[async_trait]
pub trait StockReserver: Send + Sync {
    /// Stamp of the mapping into the system's words, as it is in force: `tryton-sale/2 tryton.sale@8.2`.
    fn mapping(&self) -> &'static str;

    /// The finished reservation made earlier under the order's reference, if there is one. Changes nothing.
    async fn find(&self, order: &Order, budget: &Budget) -> Result<Option<Reservation>, CallError>;

    /// Makes the reservation, or goes on with what an earlier attempt has begun under the same reference.
    async fn reserve(&self, order: &Order, budget: &Budget) -> Result<Reservation, CallError>;
}

/// A label system that can buy a shipping label.
#[async_trait]
pub trait LabelBuyer: Send + Sync {
    /// Stamp of the mapping into the system's words, as it is in force.
    fn mapping(&self) -> &'static str;

    /// The label bought earlier under the reservation's reference, if there is one. Changes nothing.
    async fn find(&self, reservation: &Reservation, budget: &Budget) -> Result<Option<Shipment>, CallError>;

    /// Buys the label.
    async fn buy(&self, reservation: &Reservation, budget: &Budget) -> Result<Shipment, CallError>;
}

/// A BI tool that keeps what it has read of a warehouse.
#[async_trait]
pub trait DatasetRefresher: Send + Sync {
    /// Stamp of the mapping into the system's words, as it is in force.
    fn mapping(&self) -> &'static str;

    /// Makes it read the datasets' structure again and fill the charts' caches anew. There is nothing to look up and no harm in
    /// a repeat, which only does it again. What is refused is left out, told in the end, and stops nothing else. Steps that are `done` are
    /// not made again and count, and those that it makes are added, however it ends.
    async fn refresh(
        &self,
        refresh: &Refresh,
        done: &mut RefreshSteps,
        budget: &Budget,
    ) -> Result<Refreshed, CallError>;
}

/// A desk where people work on cases: a payment has one at most, whatever happened to it.
#[async_trait]
pub trait CaseDesk: Send + Sync {
    /// Stamp of the mapping into the system's words, as it is in force.
    fn mapping(&self) -> &'static str;

    /// What the desk has of the event, where nothing is left to be done about it. Changes nothing.
    async fn find(&self, event: &PaymentEvent, budget: &Budget) -> Result<Option<Told>, CallError>;

    /// Opens the payment's case, tells it of the event or closes it; or goes on with what an earlier attempt has begun.
    async fn tell(&self, event: &PaymentEvent, budget: &Budget) -> Result<Told, CallError>;
}

/// What has become of an event at a desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It stands in the case of this id.
    Case(String),
    /// The payment has no case, and this is no reason to make one.
    NoCase,
}

/// An ERP that keeps customers, contacts and sales under our references.
#[async_trait]
pub trait RecordUpserter: Send + Sync {
    /// Stamp of the mapping that puts such a record into the system's words, as it is in force.
    fn mapping(&self, record: &CrmRecord) -> &'static str;

    /// What it keeps of the record, if that says what the record says: then nothing is to be done. Of a deal that is not won what it keeps,
    /// whatever that says. Changes nothing.
    async fn find(&self, record: &CrmRecord, budget: &Budget) -> Result<Option<Upserted>, CallError>;

    /// Makes it say what the record says, by making or changing no more than what is ours. A repeat changes nothing.
    async fn upsert(&self, record: &CrmRecord, budget: &Budget) -> Result<Upserted, CallError>;
}

/// Where a record is in the ERP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upserted {
    /// Kind and id, unique at the target: `tryton.party/42`.
    pub target_id: String,
}

/// A CRM that can be asked for the objects that it notifies of.
#[async_trait]
pub trait ObjectReader: Send + Sync {
    /// The object as it is now; `None` where it is there no more. Changes nothing.
    async fn read(&self, change: &RecordChange, budget: &Budget) -> Result<Option<CrmObject>, CallError>;
}

/// An object as its CRM tells it.
#[derive(Clone, Debug)]
pub struct CrmObject {
    /// Which version of the CRM's contract it is in.
    pub version: &'static str,
    pub updated_at: Timestamp,
    /// Byte for byte: it is translated where it is used.
    pub data: Redacted<Box<RawValue>>,
}

/// A system that can say which values its fields take now: a changed list is found before a record fails.
#[async_trait]
pub trait OptionLists: Send + Sync {
    /// By the field's place in the target's contract (`service`, `parcels[].weight_unit`); fields that it cannot tell of are
    /// left out. Changes nothing.
    async fn options(&self, budget: &Budget) -> Result<BTreeMap<String, Vec<String>>, CallError>;
}
