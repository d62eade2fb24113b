use std::fmt;

use crate::contract::Type;

/// A place: `line_items[].sku`, `@envelope.source`, `@settings.ship_from.name`, `addresses[0].city`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) space: Space,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Space {
    Payload,
    Envelope,
    Settings,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    Name(String),
    Each,
    Index(usize),
}

impl Place {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (space, rest) = match text.strip_prefix('@') {
            None => (Space::Payload, text),
            Some(rest) => match rest.split_once('.') {
                Some(("envelope", rest)) => (Space::Envelope, rest),
                Some(("settings", rest)) => (Space::Settings, rest),
                _ => return Err(format!("{text}: after @ comes envelope. or settings.")),
            },
        };
        let mut steps = Vec::new();
        for part in rest.split('.') {
            let (name, mut indices) = match part.find('[') {
                Some(at) => part.split_at(at),
                None => (part, ""),
            };
            if name.is_empty() {
                return Err(format!("{text}: a name is missing"));
            }
            steps.push(Step::Name(name.to_owned()));
            while !indices.is_empty() {
                let closed = indices.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                let Some((index, rest)) = closed else { return Err(format!("{text}: [ without ]")) };
                steps.push(match index {
                    "" => Step::Each,
                    digits => {
                        Step::Index(digits.parse().map_err(|_| format!("{text}: expected [] or [number]"))?)
                    }
                });
                indices = rest;
            }
        }
        Ok(Self { space, steps })
    }

    /// The lists that it goes through: the places of their items.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &[Step]> {
        self.steps
            .iter()
            .enumerate()
            .filter(|(_, step)| **step == Step::Each)
            .filter_map(|(index, _)| self.steps.get(..=index))
    }

    /// The list whose items this is the place of.
    pub(crate) fn list(&self) -> Option<Self> {
        let (last, list) = self.steps.split_last()?;
        (*last == Step::Each).then(|| Self { space: self.space, steps: list.to_vec() })
    }

    /// What it stands in, from the outermost: each place, and whether that is an object or an array.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (Self, Type)> {
        self.steps.iter().enumerate().skip(1).map(|(depth, step)| {
            let steps = self.steps.iter().take(depth).cloned().collect();
            let holder = if matches!(step, Step::Name(_)) { Type::Object } else { Type::Array };
            (Self { space: self.space, steps }, holder)
        })
    }

    /// As [`crate::contract::Schema::at`] walks.
    pub(crate) fn in_schema(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| match step {
            Step::Name(name) => name.as_str(),
            Step::Each | Step::Index(_) => "[]",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.space {
            Space::Payload => f.write_str("$")?,
            Space::Envelope => f.write_str("@envelope")?,
            Space::Settings => f.write_str("@settings")?,
        }
        for step in &self.steps {
            match step {
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Each => f.write_str("[]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// `$.line_items[7].sku` -> `$.line_items[].sku`: the field, of whichever item. A name in brackets is none of an item: `$["a.b"][7]` ->
/// `$["a.b"][]`.
pub fn without_indices(path: &str) -> String {
    let mut shown = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, within)) = rest.split_once('[') {
        shown.extend([before, "["]);
        rest = within;
        if let Some((name, after)) = within.strip_prefix('"').and_then(|name| name.split_once("\"]")) {
            shown.extend(["\"", name, "\"]"]);
            rest = after;
        } else if let Some((index, _)) = within.split_once(']')
            && index.bytes().all(|c| c.is_ascii_digit())
        {
            rest = within.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_was_read() {
        for (text, shown) in [
            ("line_items[].sku", "$.line_items[].sku"),
            ("@envelope.source", "@envelope.source"),
            ("@settings.ship_from.name", "@settings.ship_from.name"),
            ("addresses[0].lines[][2]", "$.addresses[0].lines[][2]"),
        ] {
            assert_eq!(Place::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", ".a", "a.", "a[", "a[x]", "a]b[", "@other.a", "@envelope", "a[-1]"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_field_is_the_same_whichever_item_it_is_of() {
        for (path, field) in [
            ("$.line_items[12].taxes[0].rate", "$.line_items[].taxes[].rate"),
            ("$[0][1]", "$[][]"),
            ("$.lines[].sku", "$.lines[].sku"),
            ("$.id", "$.id"),
            ("", ""),
        ] {
            assert_eq!(without_indices(path), field);
        }
    }

    #[test]
    fn names_are_no_indices_whatever_is_in_them() {
        for (path, field) in [
            (r#"$["a.b"].lines[3]"#, r#"$["a.b"].lines[]"#),
            (r#"$["7"]["a[7].b"][7]"#, r#"$["7"]["a[7].b"][]"#),
            (r#"$["]x"][7]"#, r#"$["]x"][]"#),
            ("$.tax[DE].rate[2]", "$.tax[DE].rate[]"),
            ("$.size[7x].lines[7]", "$.size[7x].lines[]"),
            // Broken off, as a summary's words may be.
            ("$.lines[7", "$.lines[7"),
            (r#"$["a"#, r#"$["a"#),
        ] {
            assert_eq!(without_indices(path), field);
        }
    }
}
