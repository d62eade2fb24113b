use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Why a call is answered with 400 or 404.
#[derive(Debug)]
pub(super) enum Refused {
    NotFound,
    Domain,
    NotValid { at: String },
    NotUnique { model: String, field: &'static str },
    Transition { button: String },
}

impl Refused {
    /// Worded as Tryton words it: the connector recognises these.
    pub(super) fn message(&self) -> String {
        match self {
            Self::NotFound => String::new(),
            Self::Domain => "Invalid domain.".to_owned(),
            Self::NotValid { at } => format!("The value of field \"{at}\" is not valid."),
            Self::NotUnique { model, field } => {
                let name = model.rsplit('.').next().unwrap_or_default();
                format!("The {field} on {name} must be unique.")
            }
            Self::Transition { button } => format!("You can not call \"{button}\" on this record."),
        }
    }
}

/// Records by model and id. Relations hold ids.
#[derive(Default)]
pub(super) struct Records {
    models: BTreeMap<String, BTreeMap<i64, Map<String, Value>>>,
}

/// What a field of a model leads to, and the field that leads back from there.
fn relation(model: &str, field: &str) -> Option<(&'static str, &'static str)> {
    Some(match (model, field) {
        ("party.party", "addresses") => ("party.address", "party"),
        ("party.party", "contact_mechanisms") => ("party.contact_mechanism", "party"),
        ("party.party", "identifiers") => ("party.identifier", "party"),
        ("party.address", "country") => ("country.country", ""),
        ("sale.sale", "currency") => ("currency.currency", ""),
        ("sale.sale", "lines") => ("sale.line", "sale"),
        ("sale.line", "product") => ("product.product", ""),
        ("sale.sale", "shipments") => ("stock.shipment.out", "sale"),
        _ => return None,
    })
}

/// What a record has that does not say otherwise.
fn defaults(model: &str) -> Value {
    match model {
        "sale.sale" => json!({ "state": "draft", "number": null, "shipments": [], "lines": [] }),
        "party.party" => {
            json!({ "active": true, "addresses": [], "contact_mechanisms": [], "identifiers": [] })
        }
        _ => json!({}),
    }
}

impl Records {
    pub(super) fn seed(&mut self, model: &str, record: Value) -> i64 {
        let records = self.models.entry(model.to_owned()).or_default();
        let id = records.keys().next_back().map_or(1, |last| last + 1);
        records.insert(id, record.as_object().cloned().unwrap_or_default());
        id
    }

    pub(super) fn create(&mut self, model: &str, record: Map<String, Value>) -> Result<i64, Refused> {
        if model == "party.party" {
            let taken = record.get("code").is_some_and(|code| self.find_mut(model, "code", code).is_some());
            if taken {
                return Err(Refused::NotUnique { model: model.to_owned(), field: "code" });
            }
        }
        let id = self.seed(model, defaults(model));
        self.write(model, id, record)?;
        self.join_parent(model, id);
        Ok(id)
    }

    pub(super) fn update(
        &mut self,
        model: &str,
        id: i64,
        changes: Map<String, Value>,
    ) -> Result<(), Refused> {
        if !self.models.get(model).is_some_and(|records| records.contains_key(&id)) {
            return Err(Refused::NotFound);
        }
        self.write(model, id, changes)
    }

    fn write(&mut self, model: &str, id: i64, fields: Map<String, Value>) -> Result<(), Refused> {
        for (field, value) in fields {
            let value = match (relation(model, &field), actions(&value)) {
                (Some((child, back)), Some(actions)) if !back.is_empty() => {
                    let mut ids = self.ids(model, id, &field);
                    for action in actions {
                        self.act(child, (back, id), action, &mut ids)?;
                    }
                    json!(ids)
                }
                _ => value,
            };
            self.set(model, id, &field, value);
        }
        Ok(())
    }

    /// One action on the records of a one-to-many field.
    fn act(
        &mut self,
        model: &str,
        (back, parent): (&str, i64),
        action: Action,
        ids: &mut Vec<i64>,
    ) -> Result<(), Refused> {
        match action {
            Action::Create(records) => {
                for mut record in records {
                    record.insert(back.to_owned(), json!(parent));
                    ids.push(self.create(model, record)?);
                }
            }
            Action::Write(written, fields) => {
                for id in written {
                    self.write(model, id, fields.clone())?;
                }
            }
            Action::Delete(gone) => {
                ids.retain(|id| !gone.contains(id));
                if let Some(records) = self.models.get_mut(model) {
                    records.retain(|id, _| !gone.contains(id));
                }
            }
        }
        Ok(())
    }

    /// An address made by itself is among its party's addresses.
    fn join_parent(&mut self, model: &str, id: i64) {
        if model != "party.address" {
            return;
        }
        let Some(party) = self.integer(model, id, "party") else { return };
        let mut addresses = self.ids("party.party", party, "addresses");
        if !addresses.contains(&id) {
            addresses.push(id);
            self.set("party.party", party, "addresses", json!(addresses));
        }
    }

    /// Ids of the records that all clauses match. Of Tryton's domains there are `=` and `in`.
    pub(super) fn search(&self, model: &str, clauses: &[Value]) -> Result<Vec<i64>, Refused> {
        let mut found = Vec::new();
        // What is not active is found only by those who ask for it.
        let asked = clauses.iter().any(|clause| clause[0] == "active");
        for (id, record) in self.models.get(model).into_iter().flatten() {
            let mut all = asked || record.get("active") != Some(&json!(false));
            for clause in clauses {
                let (field, operator, value) = match clause.as_array().map(Vec::as_slice) {
                    Some([Value::String(field), Value::String(operator), value]) => (field, operator, value),
                    _ => return Err(Refused::Domain),
                };
                let id = json!(id);
                let is = if field == "id" { &id } else { record.get(field).unwrap_or(&Value::Null) };
                all &= match operator.as_str() {
                    "=" => is == value,
                    "in" => value.as_array().is_some_and(|values| values.contains(is)),
                    _ => return Err(Refused::Domain),
                };
            }
            if all {
                found.push(*id);
            }
        }
        Ok(found)
    }

    /// The record with these fields; `lines.quantity` leads through a relation.
    pub(super) fn render(&self, model: &str, id: i64, fields: &[&str]) -> Value {
        let Some(record) = self.models.get(model).and_then(|records| records.get(&id)) else {
            return Value::Null;
        };
        let mut rendered =
            Map::from_iter([("id".to_owned(), json!(id)), ("__name__".to_owned(), json!(model))]);
        for field in fields {
            let (first, through) = field.split_once('.').map_or((*field, false), |(first, _)| (first, true));
            let value = record.get(first).cloned().unwrap_or(Value::Null);
            let value = match relation(model, first).filter(|_| through) {
                None => value,
                Some((target, _)) => {
                    let deeper: Vec<_> = fields
                        .iter()
                        .filter_map(|field| field.split_once('.').filter(|(start, _)| *start == first))
                        .map(|(_, rest)| rest)
                        .collect();
                    self.follow(target, &value, &deeper)
                }
            };
            rendered.insert(first.to_owned(), value);
        }
        Value::Object(rendered)
    }

    fn follow(&self, target: &str, value: &Value, fields: &[&str]) -> Value {
        match value {
            Value::Array(ids) => ids.iter().map(|id| self.follow(target, id, fields)).collect(),
            value => value.as_i64().map_or(Value::Null, |id| self.render(target, id, fields)),
        }
    }

    pub(super) fn find_mut(
        &mut self,
        model: &str,
        field: &str,
        value: &Value,
    ) -> Option<&mut Map<String, Value>> {
        self.models.get_mut(model)?.values_mut().find(|record| record.get(field) == Some(value))
    }

    pub(super) fn set(&mut self, model: &str, id: i64, field: &str, value: Value) {
        if let Some(record) = self.models.get_mut(model).and_then(|records| records.get_mut(&id)) {
            record.insert(field.to_owned(), value);
        }
    }

    pub(super) fn text(&self, model: &str, id: i64, field: &str) -> Option<String> {
        self.value(model, id, field)?.as_str().map(ToOwned::to_owned)
    }

    pub(super) fn integer(&self, model: &str, id: i64, field: &str) -> Option<i64> {
        self.value(model, id, field)?.as_i64()
    }

    pub(super) fn ids(&self, model: &str, id: i64, field: &str) -> Vec<i64> {
        let ids = self.value(model, id, field).and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(Value::as_i64).collect()
    }

    fn value(&self, model: &str, id: i64, field: &str) -> Option<&Value> {
        self.models.get(model)?.get(&id)?.get(field)
    }
}

/// An action on the records of a one-to-many field.
enum Action {
    Create(Vec<Map<String, Value>>),
    Write(Vec<i64>, Map<String, Value>),
    Delete(Vec<i64>),
}

/// `[["create", [record, …]], ["write", [id, …], fields], ["delete", [id, …]]]`.
fn actions(value: &Value) -> Option<Vec<Action>> {
    let ids = |value: &Value| value.as_array()?.iter().map(Value::as_i64).collect::<Option<Vec<_>>>();
    let action = |action: &Value| {
        Some(match action.as_array()?.as_slice() {
            [Value::String(name), Value::Array(records)] if name == "create" => Action::Create(
                records.iter().map(|record| record.as_object().cloned()).collect::<Option<_>>()?,
            ),
            [Value::String(name), written, Value::Object(fields)] if name == "write" => {
                Action::Write(ids(written)?, fields.clone())
            }
            [Value::String(name), gone] if name == "delete" => Action::Delete(ids(gone)?),
            _ => return None,
        })
    };
    value.as_array().filter(|actions| !actions.is_empty())?.iter().map(action).collect()
}
