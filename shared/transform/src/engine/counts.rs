//! Minor units, as a system counts them. Most count in those of ISO 4217.

use std::collections::BTreeMap;

use message::Code;

use super::convert::{Refused, invalid, refuse};
use crate::canonical::Currency;

/// Beyond any currency's.
const MOST_EXPONENT: u32 = 9;

/// Currencies that are counted in other units than ISO 4217 has: times the first, by the second.
#[derive(Debug, Default)]
pub(crate) struct Counts(Vec<(Currency, i128, i128)>);

impl Counts {
    pub(super) fn of(exponents: &BTreeMap<String, u32>) -> Result<Self, String> {
        let count = |(code, exponent): (&String, &u32)| {
            let currency = Currency::parse(code).map_err(|error| format!("exponents, {code:?}: {error}"))?;
            if *exponent > MOST_EXPONENT {
                return Err(format!("exponents, {code}: expected at most {MOST_EXPONENT}"));
            }
            if *exponent == currency.exponent() {
                return Err(format!("exponents, {code}: {exponent} is what ISO 4217 says: take it out"));
            }
            let power = |exponent: u32| 10_i128.pow(exponent);
            Ok((
                currency,
                power(currency.exponent().saturating_sub(*exponent)),
                power(exponent.saturating_sub(currency.exponent())),
            ))
        };
        exponents.iter().map(count).collect::<Result<_, _>>().map(Self)
    }

    /// ISO's minor units of so many of the system's, exactly or not at all.
    pub(super) fn iso(&self, count: i128, currency: &str) -> Result<i64, Refused> {
        let other = self.0.iter().find(|(it, ..)| it.as_str().eq_ignore_ascii_case(currency));
        let (times, by) = other.map_or((1, 1), |(_, times, by)| (*times, *by));
        if count.checked_rem(by) != Some(0) {
            return invalid("no more decimals than the currency has");
        }
        let minor = count.checked_div(by).and_then(|count| count.checked_mul(times));
        match minor.and_then(|minor| i64::try_from(minor).ok()) {
            Some(minor) => Ok(minor),
            None => refuse(Code::LimitExceeded, "an amount within 64 bits of minor units"),
        }
    }
}
