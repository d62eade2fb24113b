use std::fmt;

use serde::{Deserialize, Serialize};

/// ISO 4217 alphabetic code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::NotACurrency),
        }
    }

    pub fn as_str(&self) -> &str {
        // The bytes are ASCII capitals by construction.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Decimal digits of the minor unit (ISO 4217 list one); two where the list says nothing else.
    pub fn exponent(&self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
            | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// An amount in the currency's minor unit: never a float.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoneyError {
    /// Not three capital letters.
    NotACurrency,
    /// Not `-?digits(.digits)?`.
    NotADecimal,
    /// More significant decimals than the currency's minor unit has: rounding would change the amount.
    TooPrecise,
    /// Beyond 64 bits of minor units.
    OutOfRange,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotACurrency => "expected a currency of three capital letters",
            Self::NotADecimal => "expected a decimal number",
            Self::TooPrecise => "expected no more decimals than the currency has",
            Self::OutOfRange => "expected an amount within 64 bits",
        })
    }
}

impl Money {
    /// From a decimal as shops write it (`"19.90"`), exactly: nothing is rounded.
    pub fn parse(decimal: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (negative, digits) = match decimal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, decimal),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || digits.ends_with('.') {
            return Err(MoneyError::NotADecimal);
        }
        let exponent = currency.exponent() as usize;
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > exponent {
            return Err(MoneyError::TooPrecise);
        }
        let minor: i64 =
            format!("{whole}{fraction:0<exponent$}").parse().map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    /// The decimal form with exactly the currency's decimals: `1990 EUR` is `19.90`.
    pub fn to_decimal(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(decimal: &str, currency: &str) -> Result<i64, MoneyError> {
        Money::parse(decimal, Currency::parse(currency).unwrap()).map(|money| money.minor)
    }

    #[test]
    fn decimals_become_minor_units_exactly() {
        assert_eq!(money("19.90", "EUR"), Ok(1_990));
        assert_eq!(money("19.9", "EUR"), Ok(1_990));
        assert_eq!(money("0.1", "EUR"), Ok(10));
        assert_eq!(money("-3", "EUR"), Ok(-300));
        assert_eq!(money("19.900", "EUR"), Ok(1_990));
        assert_eq!(money("500", "JPY"), Ok(500));
        assert_eq!(money("1.234", "KWD"), Ok(1_234));
    }

    #[test]
    fn what_would_have_to_be_rounded_or_guessed_is_refused() {
        assert_eq!(money("19.905", "EUR"), Err(MoneyError::TooPrecise));
        assert_eq!(money("0.5", "JPY"), Err(MoneyError::TooPrecise));
        for text in ["", "-", ".", ".5", "5.", "1,5", "1e3", " 1", "+1", "--1", "1.2.3", "٣"] {
            assert_eq!(money(text, "EUR"), Err(MoneyError::NotADecimal), "{text}");
        }
        assert_eq!(money("92233720368547758.08", "EUR"), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn only_three_capitals_are_a_currency() {
        for text in ["", "EU", "eur", "EURO", "E1R", "€"] {
            assert_eq!(Currency::parse(text), Err(MoneyError::NotACurrency));
        }
    }

    proptest! {
        #[test]
        fn decimal_form_reads_back_as_the_same_amount(minor in -i64::MAX..=i64::MAX, currency in prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF"])) {
            let money = Money { minor, currency: Currency::parse(currency).unwrap() };
            prop_assert_eq!(Money::parse(&money.to_decimal(), money.currency), Ok(money));
        }
    }
}
