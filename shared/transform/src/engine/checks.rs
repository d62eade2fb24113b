//! What the target's contract says of one value. It stands in no mapping: a contract that changes is enough.

use message::Code;
use regex_lite::Regex;
use serde_json::Value;

use super::convert::Refused;
use super::pattern::regex;
use crate::contract::{Schema, Type};

pub(crate) const CURRENCY: &str = "^[A-Z]{3}$";
pub(crate) const COUNTRY: &str = "^[A-Z]{2}$";

#[derive(Debug, Default)]
pub(crate) struct Checks {
    most_chars: Option<usize>,
    least_chars: usize,
    most: Option<i64>,
    least: Option<i64>,
    values: Option<Vec<Value>>,
    pattern: Option<Regex>,
    /// Of an amount's currency.
    currency: Option<Box<Self>>,
}

impl Checks {
    /// Of an amount: of both its members.
    pub(crate) fn of_money(schema: &Schema) -> Result<Self, String> {
        let currency =
            schema.member("currency").map(|schema| Self::of(schema, Some(CURRENCY))).transpose()?;
        let minor = Self::of(schema.member("minor").unwrap_or(schema), None)?;
        Ok(Self { currency: currency.map(Box::new), ..minor })
    }

    /// `form`: the pattern of all that the conversion makes, which need not be held again.
    pub(crate) fn of(schema: &Schema, form: Option<&str>) -> Result<Self, String> {
        let chars = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
        let pattern =
            schema.pattern.as_deref().filter(|pattern| Some(*pattern) != form).map(regex).transpose();
        Ok(Self {
            most_chars: chars(schema.max_length),
            least_chars: chars(schema.min_length).unwrap_or(0),
            most: schema.maximum,
            least: schema.minimum,
            values: schema.values.clone(),
            pattern: pattern.map_err(|error| format!("the contract's pattern cannot be used: {error}"))?,
            currency: None,
        })
    }

    pub(crate) fn check(&self, value: &Value) -> Result<(), Refused> {
        let refuse = |code, expected: String| Err(Refused::new(code, expected));
        if let Some(values) = &self.values
            && !values.contains(value)
        {
            return refuse(Code::ValueInvalid, "one of the values that the target knows".to_owned());
        }
        match value {
            Value::String(text) => {
                let chars = || text.chars().count();
                if let Some(most) = self.most_chars.filter(|most| text.len() > *most && chars() > *most) {
                    return refuse(Code::LimitExceeded, format!("at most {most} characters"));
                }
                if self.least_chars > 0 && chars() < self.least_chars {
                    return refuse(Code::ValueInvalid, format!("at least {} characters", self.least_chars));
                }
                if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
                    return refuse(Code::ValueInvalid, "what the target's pattern allows".to_owned());
                }
            }
            Value::Number(number) => {
                let above = |most: i64| {
                    let fraction = number.is_f64() && number.as_f64() > most.to_string().parse().ok();
                    fraction
                        || number.as_u64().is_some_and(|it| i64::try_from(it).map_or(true, |it| it > most))
                };
                if let Some(most) = self.most.filter(|most| above(*most)) {
                    return refuse(Code::LimitExceeded, format!("at most {most}"));
                }
                let below = |least: i64| {
                    number.as_i64().map_or_else(
                        || number.is_f64() && number.as_f64() < least.to_string().parse().ok(),
                        |it| it < least,
                    )
                };
                if let Some(least) = self.least.filter(|least| below(*least)) {
                    return refuse(Code::ValueInvalid, format!("at least {least}"));
                }
            }
            Value::Object(members) => {
                if let Some((currency, code)) = self.currency.as_ref().zip(members.get("currency")) {
                    currency.check(code).map_err(|refused| Refused { beside: true, ..refused })?;
                }
                if let Some(minor) = members.get("minor") {
                    return self.check(minor);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether the target's contract lets this value stand there; otherwise what it wants.
pub(crate) fn allows(schema: &Schema, value: &Value) -> Result<(), String> {
    let one = match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Number(number) if number.is_f64() => Type::Number,
        Value::Number(_) => Type::Integer,
        Value::String(_) => Type::String,
        Value::Array(_) => Type::Array,
        Value::Object(_) => Type::Object,
    };
    if !schema.types.allow(one) {
        return Err(schema.types.to_string());
    }
    Checks::of(schema, None)?.check(value).map_err(|refused| refused.expected.into_owned())
}
