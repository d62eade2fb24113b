//! Amounts: the currency that stands beside one, and the object that is made of both.

use serde_json::Value;

use super::types::whole;
use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::{Came, Conversion};
use crate::mapping::file::{ConversionName, Rule};
use crate::mapping::path::Place;

impl Checker<'_> {
    /// What stands beside an amount or a subdivision is a text, and beside an amount always there.
    pub(super) fn beside(&mut self, rule: &Rule) {
        let Some(place) = rule.currency.as_deref().and_then(Self::place) else { return };
        let is_money = rule.conversion != ConversionName::Subdivision;
        for (version, schema) in self.says(&place) {
            let Some(schema) = schema else { continue };
            let at = format!("{}@{version}", self.file.from);
            if let Some(wrong) = schema.types.of_values().find(|one| *one != Type::String) {
                let problem = format!("{at} may send {}, and a text is needed here", wrong.as_str());
                self.find(FindingKind::TypeMismatch, &rule.to, &place, problem, "read another place");
            }
            let values = schema.values.iter().flatten().filter(|_| is_money);
            let any_case = rule.conversion == ConversionName::Minor;
            let is_one = |it: &str| is_currency(it) || (any_case && is_currency(&it.to_ascii_uppercase()));
            let wrong: Vec<_> = values.filter_map(Value::as_str).filter(|it| !is_one(it)).collect();
            for value in wrong {
                let problem = format!("{} sends {value:?}, which is no currency", self.file.from);
                let mend = "read another place, or map it first";
                self.find((FindingKind::ValueNotAllowed, value), &rule.to, &place, problem, mend);
            }
        }
        let lacks = self
            .sources
            .iter()
            .map(|(version, _)| *version)
            .find(|version| whole(rule).iter().any(|amount| !self.beside_it(amount, &place, version)));
        if let Some(version) = lacks.filter(|_| is_money && rule.missing.is_none()) {
            let problem = format!("{}@{version} may send an amount without it", self.file.from);
            let mend = "read another place, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &place, problem, mend);
        }
    }

    /// Whether every message that has the one has the other: what both stand in is there then.
    fn beside_it(&self, one: &Place, other: &Place, version: &str) -> bool {
        let common = one.steps.iter().zip(&other.steps).take_while(|(one, other)| one == other).count();
        let common = if one.space == other.space { common } else { 0 };
        self.always_from(other, common, version) && !self.may_be_empty(other, version)
    }

    /// The object that an amount is made into has its two members, and takes what is made of each.
    pub(super) fn amount(&mut self, rule: &Rule, target: &Schema) {
        let (Some(minor), Some(currency)) = (target.member("minor"), target.member("currency")) else {
            return self.another(rule);
        };
        if target.required.iter().any(|name| !["minor", "currency"].contains(&name.as_str())) {
            return self.another(rule);
        }
        for (name, member, made) in [("minor", minor, Type::Integer), ("currency", currency, Type::String)] {
            if !member.types.allow(made) {
                let (made, wanted) = (made.as_str(), &member.types);
                let problem = format!("its {name} is {made}, and {} wants {wanted}", self.file.to);
                let mend = "make its members by rules of their own";
                self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
            }
        }
        self.shaped(rule, ConversionName::Currency, currency);
        if minor.values.is_some() {
            self.any_may_come(rule, format!("{}.minor", rule.to));
        }
        let place = rule.currency.as_deref().and_then(Self::place);
        if let (Some(allowed), Some(place)) = (&currency.values, place) {
            self.currencies(rule, &place, allowed);
        }
    }

    fn another(&mut self, rule: &Rule) {
        let problem = format!("it makes an object of minor and currency, and {} wants another", self.file.to);
        let mend = "make its members by rules of their own";
        self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
    }

    fn currencies(&mut self, rule: &Rule, place: &Place, allowed: &[Value]) {
        let mend =
            "make the currency by a rule of its own with a value map, or list what comes in the contract";
        let Some(known) = self.known_values(std::slice::from_ref(place)) else {
            let problem = format!("{} takes certain currencies only, and any may come", self.file.to);
            return self.find(FindingKind::ValueUnmapped, &rule.to, place, problem, mend);
        };
        for value in known.iter().filter(|value| !allowed.contains(value)) {
            let came = Came::from(value);
            // What is none at all is told where it comes.
            if let Some(code) = came.as_key().filter(|code| is_currency(code)) {
                let problem =
                    format!("{} sends {code:?}, which {} does not take", self.file.from, self.file.to);
                let what = (FindingKind::ValueNotAllowed, code.as_ref());
                self.find(what, &rule.to, place, problem, mend);
            }
        }
    }
}

fn is_currency(text: &str) -> bool {
    Conversion::Currency.convert(&Came::Text(text.into()), None, false).is_ok()
}
