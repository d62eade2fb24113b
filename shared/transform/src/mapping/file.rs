//! A mapping as it is written: TOML, one file a direction and entity. docs/mappings.md describes every key.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingFile {
    /// Kebab-case: `shopify-order`.
    pub mapping: String,
    /// Rises when the same input gives another output.
    pub version: u32,
    /// `<system>.<entity>` of what comes.
    pub from: String,
    /// Its versions, oldest first.
    pub accepts: Vec<String>,
    /// Where a message says which of them it is; not said where it is a value of this build.
    pub version_at: Option<String>,
    /// `<system>.<entity>@<version>` of what is made.
    pub to: String,
    /// Contract of what `@settings` holds.
    pub settings: Option<String>,
    /// Named lists for conditions.
    #[serde(default)]
    pub sets: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub values: BTreeMap<String, ValueMap>,
    #[serde(default)]
    pub list: Vec<ListRule>,
    #[serde(default)]
    pub refuse: Vec<Refuse>,
    #[serde(default)]
    pub rule: Vec<Rule>,
}

impl MappingFile {
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Name and version: `shopify-order/2`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.mapping, self.version)
    }

    /// What is stamped on messages, ledger items and dead letters: which mapping, and of which contract what it made
    /// is (`shopify-order/2 canonical.order@1`); with the revision of what is put over it, where there is something
    /// (`shopify-order/2+7 canonical.order@1`).
    pub fn stamp(&self, overrides: u64) -> String {
        let id = self.id();
        if overrides == 0 { format!("{id} {}", self.to) } else { format!("{id}+{overrides} {}", self.to) }
    }
}

/// A source's values and ours.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueMap {
    /// What becomes of a value that stands nowhere here.
    #[serde(default)]
    pub unknown: UnknownValue,
    /// By the source's value as text.
    #[serde(default)]
    pub map: BTreeMap<String, Value>,
    /// Known, and a reason not to go on: by value, what was expected instead.
    #[serde(default)]
    pub refuse: BTreeMap<String, String>,
}

impl ValueMap {
    /// Whether the value has an entry, or is known as a reason not to go on.
    pub(crate) fn knows(&self, value: &str) -> bool {
        self.map.contains_key(value) || self.refuse.contains_key(value)
    }
}

#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownValue {
    /// The message is a dead letter, to be redriven once the value is known.
    #[default]
    Park,
    /// As it came, and counted.
    Pass,
    /// This instead, and counted.
    Default(Value),
}

/// A list that is made of a list.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRule {
    /// `lines[]`.
    pub to: String,
    /// `line_items[]`.
    pub from: String,
    /// Items for which this is not true are left out unread.
    pub when: Option<String>,
    #[serde(default)]
    pub with: With,
    /// What is expected where none is left; where it is not said an empty list will do.
    pub none: Option<String>,
}

/// A reason not to go on.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// Where the problem is told.
    pub at: String,
    /// Refused where this is true …
    pub when: Option<String>,
    #[serde(default)]
    pub with: With,
    /// … or where the value map says so.
    pub values: Option<String>,
    /// What was expected instead.
    pub expected: Option<String>,
}

impl Refuse {
    /// As findings and coverage call it, as it makes nothing.
    pub fn name(&self) -> String {
        format!("refuse at {}", self.at)
    }
}

/// Names in a CEL expression, by the places that they stand for: the first that is set. Null where none is.
pub type With = BTreeMap<String, Places>;

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Places {
    One(String),
    FirstSet(Vec<String>),
}

impl Places {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::One(place) => (Some(place), [].as_slice()),
            Self::FirstSet(places) => (None, places.as_slice()),
        };
        one.into_iter().chain(several).map(String::as_str)
    }
}

/// One place of the target.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `lines[].sku`.
    pub to: String,
    /// Where it comes from: the first that is set.
    #[serde(default)]
    pub from: Sources,
    /// Always this.
    pub value: Option<Value>,
    /// A CEL expression over `with`, where a table cannot say it.
    pub expr: Option<String>,
    #[serde(rename = "as", default)]
    pub conversion: ConversionName,
    /// Of times and dates: `rfc3339` (what is not said), `rfc2822`, `unix-seconds`, `unix-milliseconds`, or a pattern of
    /// strptime's.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Offset of times that say none: `+01:00`.
    pub offset: Option<String>,
    /// Place of an amount's currency, or of a subdivision's country.
    #[serde(alias = "country")]
    pub currency: Option<String>,
    /// Digits behind the point, by currencies that are counted in other units than ISO 4217 has: `{ ISK = 2 }`.
    #[serde(default)]
    pub exponents: BTreeMap<String, u32>,
    /// `g -> kg`.
    pub unit: Option<String>,
    /// A regular expression whose first group is taken.
    #[serde(rename = "match")]
    pub pattern: Option<String>,
    /// What a problem says that it expected, for `match`.
    pub expected: Option<String>,
    /// Texts that mean yes and no.
    pub yes: Option<Vec<String>>,
    pub no: Option<Vec<String>>,
    /// An empty text is a value too.
    #[serde(default)]
    pub empty: bool,
    /// A value that cannot be converted is left out.
    #[serde(default)]
    pub lenient: bool,
    /// Name of a value map.
    pub values: Option<String>,
    pub default: Option<DefaultValue>,
    /// That a message may lack it is known: then it is a dead letter.
    pub missing: Option<Missing>,
    /// Needed wherever this place is set, though the target could do without.
    pub needed_with: Option<String>,
    pub when: Option<String>,
    #[serde(default)]
    pub with: With,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    Park,
}

/// `"a.b"`, or several, of which the first that is set is taken.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    #[default]
    None,
    One(Source),
    FirstSet(Vec<Source>),
}

impl Sources {
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        let (one, several) = match self {
            Self::None => (None, [].as_slice()),
            Self::One(source) => (Some(source), [].as_slice()),
            Self::FirstSet(sources) => (None, sources.as_slice()),
        };
        one.into_iter().chain(several)
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Source {
    Place(String),
    /// Those that are set, one after the other.
    Join {
        join: Vec<String>,
        #[serde(default = "blank")]
        by: String,
    },
    /// Text with places in braces; not set where one of them is not.
    Template {
        template: String,
    },
}

fn blank() -> String {
    " ".to_owned()
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum DefaultValue {
    When(DefaultWhen),
    Always(Value),
}

impl DefaultValue {
    /// Whether it stands wherever nothing is set.
    pub(crate) const fn is_unconditional(&self) -> bool {
        matches!(self, Self::Always(_) | Self::When(DefaultWhen { when: None, .. }))
    }
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultWhen {
    pub value: Value,
    pub when: Option<String>,
    #[serde(default)]
    pub with: With,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConversionName {
    #[default]
    String,
    /// A number or a text that names something: as text.
    Id,
    Integer,
    Decimal,
    /// A decimal in the currency's major unit -> canonical money.
    Money,
    /// An integer in the currency's minor unit -> canonical money.
    MinorMoney,
    /// An integer in the currency's minor unit -> the same in ISO 4217's.
    Minor,
    /// Canonical money -> a decimal in the major unit.
    Amount,
    Instant,
    Date,
    Country,
    /// Without its country: `JP-13` -> `13`.
    Subdivision,
    Currency,
    Boolean,
    Email,
    /// A quantity in another unit.
    Unit,
}
