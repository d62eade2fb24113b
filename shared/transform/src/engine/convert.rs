//! What came -> what the target holds. Each conversion says what it expected; none says what it was given.

use std::borrow::Cow;

use message::Code;
use serde_json::{Number, Value};

use super::came::Came;
use super::counts::Counts;
use super::decimal::Decimal;
use super::pattern::Pattern;
use super::plan::Ref;
use super::times::{TimeFormat, date, instant};
use crate::canonical::{Currency, Money, MoneyError};

/// Longest number, time or code that is looked at.
const MAX_SCALAR_BYTES: usize = 64;
/// 2^53.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
/// A double tells any two numbers of so many digits apart; one that needs more has been rounded before we saw it.
const MOST_DIGITS: usize = 15;
/// RFC 5321, 4.5.3.1.3.
const MAX_EMAIL_CHARS: usize = 254;
/// Texts beyond this are in no contract.
const MAX_TEXT_BYTES: usize = 65_536;

/// Why a value was not converted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) expected: Cow<'static, str>,
    /// Not what came is wrong, but what stands beside it: the currency of an amount.
    pub(crate) beside: bool,
    /// Where it is told, if not where the rule reads: a place that a condition is about.
    pub(crate) at: Option<Ref>,
}

impl Refused {
    pub(crate) fn new(code: Code, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { code, expected: expected.into(), beside: false, at: None }
    }
}

pub(super) fn refuse<T>(code: Code, expected: impl Into<Cow<'static, str>>) -> Result<T, Refused> {
    Err(Refused::new(code, expected))
}

pub(super) fn mismatch<T>(expected: &'static str) -> Result<T, Refused> {
    refuse(Code::TypeMismatch, expected)
}

pub(super) fn invalid<T>(expected: impl Into<Cow<'static, str>>) -> Result<T, Refused> {
    refuse(Code::ValueInvalid, expected)
}

#[derive(Debug)]
pub(crate) enum Conversion {
    String {
        pattern: Option<(Pattern, Cow<'static, str>)>,
    },
    Id,
    Integer,
    Decimal,
    Money,
    MinorMoney(Counts),
    Minor(Counts),
    Amount(Counts),
    Instant(Vec<TimeFormat>),
    Date(Vec<TimeFormat>),
    Country,
    Subdivision,
    Currency,
    Boolean {
        yes: Vec<String>,
        no: Vec<String>,
    },
    Email,
    /// Times the first, by the second.
    Unit(i128, i128),
}

impl Conversion {
    /// `beside` is what stands at the rule's currency or country. A text that a template or a join has `composed` may have line
    /// breaks of the mapping's: the message's are blanks already.
    pub(crate) fn convert(
        &self,
        came: &Came<'_>,
        beside: Option<&Came<'_>>,
        composed: bool,
    ) -> Result<Value, Refused> {
        match self {
            Self::String { pattern: None } => {
                let text = if composed { trimmed(came)?.into() } else { text(came)? };
                Ok(Value::String(text.into_owned()))
            }
            Self::String { pattern: Some(pattern) } => group(came, pattern),
            Self::Id => id(came),
            Self::Integer => integer(came),
            Self::Decimal => Ok(Value::String(decimal(came)?.to_string())),
            Self::Money => money(came, beside),
            Self::MinorMoney(counts) => minor_money(came, counts, beside),
            Self::Minor(counts) => minor(came, counts, beside),
            Self::Amount(counts) => amount(came, counts, beside),
            Self::Instant(formats) => instant(came, formats),
            Self::Date(formats) => date(came, formats),
            Self::Country => country(came),
            Self::Subdivision => Ok(Value::String(subdivision(came, beside)?)),
            Self::Currency => Ok(Value::String(currency(came)?.as_str().to_owned())),
            Self::Boolean { yes, no } => boolean(came, yes, no),
            Self::Email => email(came),
            Self::Unit(times, by) => unit(came, *times, *by),
        }
    }
}

/// What every text obeys, whatever it is made of: no white space at its ends, and a length that some contract might have.
fn trimmed<'c>(came: &'c Came<'_>) -> Result<&'c str, Refused> {
    let Came::Text(text) = came else { return mismatch("a string") };
    let text = text.trim();
    if text.len() > MAX_TEXT_BYTES { refuse(Code::LimitExceeded, "at most 65536 bytes") } else { Ok(text) }
}

/// And what one of a message does: blanks for its line breaks and tabs. Other control characters are refused: targets print and
/// log it.
pub(crate) fn text<'c>(came: &'c Came<'_>) -> Result<Cow<'c, str>, Refused> {
    let text = trimmed(came)?;
    if !text.chars().any(char::is_control) {
        return Ok(Cow::Borrowed(text));
    }
    let text = text.replace(['\n', '\r', '\t'], " ");
    if text.chars().any(char::is_control) {
        return invalid("a string without control characters");
    }
    Ok(Cow::Owned(text))
}

/// Text of a length that is worth looking at.
pub(super) fn scalar<'c>(came: &'c Came<'_>) -> Result<Cow<'c, str>, Refused> {
    let text = text(came)?;
    if text.len() > MAX_SCALAR_BYTES {
        return refuse(Code::LimitExceeded, "at most 64 bytes");
    }
    Ok(text)
}

fn group(came: &Came<'_>, (pattern, expected): &(Pattern, Cow<'static, str>)) -> Result<Value, Refused> {
    match pattern.group(&text(came)?) {
        Some(group) => Ok(Value::String(group.trim().to_owned())),
        None => invalid(expected.clone()),
    }
}

/// Exact up to 64 bits, beyond 2^53 too.
fn id(came: &Came<'_>) -> Result<Value, Refused> {
    match came {
        Came::Integer(id) if *id > 0 => Ok(Value::String(id.to_string())),
        Came::Integer(_) => invalid("a positive integer"),
        Came::Text(_) => {
            let text = scalar(came)?;
            if is_no_id(&text) { invalid("a positive integer") } else { Ok(Value::String(text.into_owned())) }
        }
        _ => mismatch("an integer of at most 64 bits, or a string"),
    }
}

/// A number that would be refused as one: a fraction, or one that is not above 0.
fn is_no_id(text: &str) -> bool {
    let (below, number) = text.strip_prefix('-').map_or((false, text), |number| (true, number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = whole == number;
    is_number(whole) && is_number(fraction) && (below || !is_whole || whole.bytes().all(|byte| byte == b'0'))
}

/// A fraction is refused, even `1.0`: it says that the contract has changed.
fn integer(came: &Came<'_>) -> Result<Value, Refused> {
    let integer = match came {
        Came::Integer(integer) => *integer,
        Came::Text(_) => match scalar(came)?.parse() {
            Ok(integer) => integer,
            Err(_) => return mismatch("an integer"),
        },
        _ => return mismatch("an integer"),
    };
    match (i64::try_from(integer), u64::try_from(integer)) {
        (Ok(integer), _) => Ok(Value::from(integer)),
        (_, Ok(integer)) => Ok(Value::from(integer)),
        _ => refuse(Code::LimitExceeded, "an integer of at most 64 bits"),
    }
}

fn decimal(came: &Came<'_>) -> Result<Decimal, Refused> {
    let decimal = match came {
        Came::Integer(integer) => Some(Decimal::from(*integer)),
        // Up to there a double tells whole numbers apart; what is beyond has been rounded before we saw it.
        Came::Fraction(fraction) if fraction.abs() >= LARGEST_EXACT => {
            return refuse(Code::LimitExceeded, "a number that a double can say exactly, or a string");
        }
        Came::Fraction(fraction) => {
            let shortest = fraction.to_string();
            if significant(&shortest) > MOST_DIGITS {
                return refuse(Code::LimitExceeded, "a number that a double can say exactly, or a string");
            }
            Decimal::parse(&shortest)
        }
        Came::Text(_) => Decimal::parse(&scalar(came)?),
        _ => return mismatch("a decimal number"),
    };
    decimal.map_or_else(|| invalid("a decimal number"), Ok)
}

/// Digits of a number, without the zeros that only say where its point is.
fn significant(number: &str) -> usize {
    let digits = number.trim_start_matches(['-', '0', '.']);
    let digits = if number.contains('.') { digits } else { digits.trim_end_matches('0') };
    digits.bytes().filter(u8::is_ascii_digit).count()
}

fn currency(came: &Came<'_>) -> Result<Currency, Refused> {
    Currency::parse(&scalar(came)?).or_else(|_| invalid("a currency of three capital letters"))
}

/// What stands beside an amount.
fn currency_beside(came: Option<&Came<'_>>) -> Result<Currency, Refused> {
    currency(came.unwrap_or(&Came::Missing)).map_err(|refused| Refused { beside: true, ..refused })
}

/// A decimal in a string. A JSON number in major units is refused: parsers read `0.1` as a float, and money never is one.
fn money(came: &Came<'_>, currency_came: Option<&Came<'_>>) -> Result<Value, Refused> {
    let text = scalar(came)?;
    if Decimal::parse(&text).is_none() {
        return invalid("a decimal number");
    }
    let money = Money::parse(&text, currency_beside(currency_came)?);
    canonical(money.or_else(|error| {
        invalid(match error {
            MoneyError::TooPrecise => "no more decimals than the currency has",
            MoneyError::OutOfRange => "an amount within 64 bits of minor units",
            MoneyError::NotADecimal | MoneyError::NotACurrency => "a decimal number",
        })
    })?)
}

fn minor_money(came: &Came<'_>, counts: &Counts, currency_came: Option<&Came<'_>>) -> Result<Value, Refused> {
    let Came::Integer(count) = came else { return mismatch("an integer of minor units") };
    let currency = currency_beside(currency_came)?;
    canonical(Money { minor: counts.iso(*count, currency.as_str())?, currency })
}

fn canonical(money: Money) -> Result<Value, Refused> {
    Ok(serde_json::json!({ "minor": money.minor, "currency": money.currency.as_str() }))
}

/// The amount alone, whose currency another rule makes: of that it is enough here which one it is.
fn minor(came: &Came<'_>, counts: &Counts, currency_came: Option<&Came<'_>>) -> Result<Value, Refused> {
    let Came::Integer(count) = came else { return mismatch("an integer of minor units") };
    let beside = |refused| Refused { beside: true, ..refused };
    let currency = scalar(currency_came.unwrap_or(&Came::Missing)).map_err(beside)?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return invalid("a currency of three letters").map_err(beside);
    }
    Ok(Value::from(counts.iso(*count, &currency)?))
}

/// Minor units back to a decimal of the currency.
fn amount(came: &Came<'_>, counts: &Counts, currency_came: Option<&Came<'_>>) -> Result<Value, Refused> {
    let Came::Integer(count) = came else { return mismatch("an integer of minor units") };
    let currency = currency_beside(currency_came)?;
    let minor = counts.iso(*count, currency.as_str())?;
    Ok(Value::String(Money { minor, currency }.to_decimal()))
}

/// ISO 3166-1 alpha-2.
fn country(came: &Came<'_>) -> Result<Value, Refused> {
    let text = scalar(came)?;
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(Value::String(text.into_owned()));
    }
    invalid("a country of two capital letters")
}

/// Some countries' are written with the country (`JP-13`), most without (`CA`). Empty where nothing is left.
fn subdivision(came: &Came<'_>, country: Option<&Came<'_>>) -> Result<String, Refused> {
    let region = text(came)?;
    let bare = match country {
        Some(Came::Text(country)) => {
            region.strip_prefix(country.trim()).and_then(|rest| rest.strip_prefix('-'))
        }
        _ => None,
    };
    Ok(bare.unwrap_or(&region).trim().to_owned())
}

fn boolean(came: &Came<'_>, yes: &[String], no: &[String]) -> Result<Value, Refused> {
    match came {
        Came::Boolean(boolean) => Ok(Value::Bool(*boolean)),
        _ if yes.is_empty() && no.is_empty() => mismatch("a boolean"),
        _ => match came.as_key() {
            Some(key) if yes.iter().any(|text| *text == key) => Ok(Value::Bool(true)),
            Some(key) if no.iter().any(|text| *text == key) => Ok(Value::Bool(false)),
            _ => invalid("one of the texts that mean yes or no"),
        },
    }
}

fn email(came: &Came<'_>) -> Result<Value, Refused> {
    let Came::Text(text) = came else { return mismatch("a string") };
    let text = text.trim();
    let well_formed = text.chars().count() <= MAX_EMAIL_CHARS
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if well_formed { Ok(Value::String(text.to_owned())) } else { invalid("an e-mail address") }
}

/// Exactly, or not at all: a quantity that would have to be rounded is for the mapping to decide.
fn unit(came: &Came<'_>, times: i128, by: i128) -> Result<Value, Refused> {
    let converted = decimal(came)?.scaled(times, by);
    let number = converted.as_ref().and_then(Decimal::as_number);
    number.map_or_else(
        || invalid("a quantity that the unit can say exactly"),
        |number: Number| Ok(number.into()),
    )
}
