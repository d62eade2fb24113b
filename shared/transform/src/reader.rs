//! Reads a payload by its contract: a cursor that knows its path and notes every problem instead of stopping at
//! the first. A reading method returns `None` where it has noted one; [`read`] gives a result only if there is none.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use message::Code;
use serde_json::{Map, Value};

use crate::canonical::{Currency, Money, MoneyError};
use crate::problem::{Kind, MappingError, Problems};

/// What SQS carries in one message.
const MAX_PAYLOAD_BYTES: usize = 1_048_576;
/// The depth that serde_json reads.
const MAX_DEPTH: usize = 127;
/// Longest decimal or time that is looked at.
const MAX_SCALAR_CHARS: usize = 64;
/// RFC 5321, 4.5.3.1.3.
const MAX_EMAIL_CHARS: usize = 254;

/// Reads one payload whole: the mapped value, or every problem that was noted.
pub(crate) fn read<T>(
    mapping: &'static str,
    payload: &str,
    contract: impl FnOnce(&Object<'_>) -> Option<T>,
) -> Result<T, MappingError> {
    let refuse = |code, expected| Err(MappingError::one(mapping, code, "$", expected, Kind::Unreadable));
    if payload.len() > MAX_PAYLOAD_BYTES {
        return refuse(Code::LimitExceeded, "a payload of at most 1 MiB");
    }
    let Ok(value) = serde_json::from_str::<Value>(payload) else {
        return if depth(payload) > MAX_DEPTH {
            refuse(Code::LimitExceeded, "JSON of at most 127 levels")
        } else {
            refuse(Code::ValueInvalid, "JSON whose characters and numbers are in range")
        };
    };
    let problems = RefCell::new(Problems::default());
    let mapped = Field { value: Some(&value), path: Path::Root, problems: &problems }
        .object()
        .and_then(|root| contract(&root));
    problems.into_inner().into_result(mapping, mapped)
}

/// Levels of arrays and objects; only looked at where a payload could not be read.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Where a cursor stands, as a chain on the stack: written out only for a problem.
#[derive(Clone, Copy)]
enum Path<'c> {
    Root,
    Name(&'c Path<'c>, &'static str),
    Index(&'c Path<'c>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Name(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// An object that was there.
pub(crate) struct Object<'c> {
    members: &'c Map<String, Value>,
    path: Path<'c>,
    problems: &'c RefCell<Problems>,
}

impl Object<'_> {
    /// The member of that name, there or not.
    pub(crate) fn field(&self, name: &'static str) -> Field<'_> {
        Field { value: self.members.get(name), path: Path::Name(&self.path, name), problems: self.problems }
    }
}

/// An array that was there.
pub(crate) struct Items<'c> {
    values: &'c [Value],
    path: Path<'c>,
    problems: &'c RefCell<Problems>,
}

impl Items<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.values.iter().enumerate().map_while(|(index, value)| {
            let field =
                Field { value: Some(value), path: Path::Index(&self.path, index), problems: self.problems };
            (!self.problems.borrow().have_overflowed()).then_some(field)
        })
    }
}

/// A place in the payload, with what stands there.
pub(crate) struct Field<'c> {
    value: Option<&'c Value>,
    path: Path<'c>,
    problems: &'c RefCell<Problems>,
}

impl<'c> Field<'c> {
    /// Notes a problem with what stands here.
    pub(crate) fn refuse<T>(&self, code: Code, expected: impl Into<Cow<'static, str>>) -> Option<T> {
        let came = Kind::of(self.value);
        self.problems.borrow_mut().push(code, self.path.to_string(), expected.into(), came);
        None
    }

    /// Nothing or `null`: what contracts mean by "not set".
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.value, None | Some(Value::Null))
    }

    /// Refused as missing where nothing stands here, else as of another type.
    fn mismatch<T>(&self, expected: &'static str) -> Option<T> {
        let code = if self.is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
        self.refuse(code, expected)
    }

    pub(crate) fn object(&self) -> Option<Object<'c>> {
        match self.value {
            Some(Value::Object(members)) => {
                Some(Object { members, path: self.path, problems: self.problems })
            }
            _ => self.mismatch("an object"),
        }
    }

    pub(crate) fn items(&self, max: usize) -> Option<Items<'c>> {
        match self.value {
            Some(Value::Array(values)) if values.len() > max => {
                self.refuse(Code::LimitExceeded, format!("at most {max} items"))
            }
            Some(Value::Array(values)) => Some(Items { values, path: self.path, problems: self.problems }),
            _ => self.mismatch("an array"),
        }
    }

    /// Text without white space at its ends, and with blanks for its line breaks and tabs. Other control characters are
    /// refused: targets print and log it.
    pub(crate) fn text(&self, max_chars: usize) -> Option<String> {
        match self.value {
            Some(Value::String(text)) => match text.trim() {
                "" => self.refuse(Code::FieldMissing, "a string that is not empty"),
                trimmed => self.checked(trimmed.replace(['\n', '\r', '\t'], " "), max_chars),
            },
            _ => self.mismatch("a string"),
        }
    }

    /// As [`Self::text`]; missing, `null` and empty are all "not set".
    pub(crate) fn optional_text(&self, max_chars: usize) -> Option<String> {
        match Kind::of(self.value) {
            Kind::Missing | Kind::Null | Kind::EmptyString => None,
            _ => self.text(max_chars),
        }
    }

    /// As [`Self::text`], but it may be empty; it must still be there.
    pub(crate) fn text_or_empty(&self, max_chars: usize) -> Option<String> {
        match Kind::of(self.value) {
            Kind::EmptyString => Some(String::new()),
            _ => self.text(max_chars),
        }
    }

    fn checked(&self, text: String, max_chars: usize) -> Option<String> {
        if text.chars().count() > max_chars {
            return self.refuse(Code::LimitExceeded, format!("at most {max_chars} characters"));
        }
        if text.chars().any(char::is_control) {
            return self.refuse(Code::ValueInvalid, "a string without control characters");
        }
        Some(text)
    }

    /// Text that `parse` understands; its error is what was expected.
    pub(crate) fn parsed<T>(
        &self,
        max_chars: usize,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        match parse(&self.text(max_chars)?) {
            Ok(parsed) => Some(parsed),
            Err(expected) => self.refuse(Code::ValueInvalid, expected),
        }
    }

    /// An id that the source numbers: exact up to 64 bits, beyond 2^53 too.
    pub(crate) fn numeric_id(&self) -> Option<String> {
        match self.value.and_then(Value::as_u64) {
            Some(id) if id > 0 => Some(id.to_string()),
            Some(_) => self.refuse(Code::ValueInvalid, "a positive integer"),
            None if self.value.is_some_and(Value::is_i64) => {
                self.refuse(Code::ValueInvalid, "a positive integer")
            }
            None => self.mismatch("an integer of at most 64 bits"),
        }
    }

    /// A whole number within bounds. A fraction is refused, even `1.0`: it says that the contract has changed.
    pub(crate) fn integer(&self, bounds: RangeInclusive<u32>) -> Option<u32> {
        let Some(Value::Number(number)) = self.value else { return self.mismatch("an integer") };
        if number.is_f64() {
            return self.refuse(Code::TypeMismatch, "an integer");
        }
        match number.as_u64().map(u32::try_from) {
            Some(Ok(integer)) if bounds.contains(&integer) => Some(integer),
            Some(Ok(integer)) if integer < *bounds.start() => self.below(&bounds),
            Some(_) => self.refuse(Code::LimitExceeded, format!("at most {}", bounds.end())),
            None => self.below(&bounds),
        }
    }

    fn below<T>(&self, bounds: &RangeInclusive<u32>) -> Option<T> {
        self.refuse(Code::ValueInvalid, format!("at least {}", bounds.start()))
    }

    pub(crate) fn boolean_or(&self, default: bool) -> Option<bool> {
        match self.value {
            None | Some(Value::Null) => Some(default),
            Some(Value::Bool(boolean)) => Some(*boolean),
            Some(_) => self.refuse(Code::TypeMismatch, "a boolean"),
        }
    }

    /// RFC 3339 with an offset: a local time would have to be guessed.
    pub(crate) fn instant(&self) -> Option<Timestamp> {
        self.parsed(MAX_SCALAR_CHARS, |text| text.parse().map_err(|_| "an RFC 3339 time with an offset"))
    }

    pub(crate) fn currency(&self) -> Option<Currency> {
        self.parsed(MAX_SCALAR_CHARS, |text| {
            Currency::parse(text).map_err(|_| "a currency of three capital letters")
        })
    }

    /// A decimal in a string. A JSON number is refused: parsers read `0.1` as a float, and money never is one.
    pub(crate) fn money(&self, currency: Currency) -> Option<Money> {
        self.parsed(MAX_SCALAR_CHARS, |text| {
            let money = Money::parse(text, currency).map_err(|error| match error {
                MoneyError::TooPrecise => "no more decimals than the currency has",
                MoneyError::OutOfRange => "an amount within 64 bits of minor units",
                MoneyError::NotADecimal | MoneyError::NotACurrency => "a decimal number",
            })?;
            if money.minor < 0 { Err("an amount that is not negative") } else { Ok(money) }
        })
    }

    /// ISO 3166-1 alpha-2.
    pub(crate) fn country(&self) -> Option<String> {
        self.parsed(MAX_SCALAR_CHARS, |text| {
            let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            if is_code { Ok(text.to_owned()) } else { Err("a country of two capital letters") }
        })
    }

    /// As [`Self::optional_text`]. One that none could mail to is left out: targets would refuse the whole order for it.
    pub(crate) fn optional_email(&self) -> Option<String> {
        let text = match self.value {
            None | Some(Value::Null) => return None,
            Some(Value::String(text)) => text.trim(),
            Some(_) => return self.mismatch("a string"),
        };
        let well_formed = text.chars().count() <= MAX_EMAIL_CHARS
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        well_formed.then(|| text.to_owned())
    }
}
