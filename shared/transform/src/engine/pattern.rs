//! Patterns that a text is taken out of.

use regex_lite::{Regex, RegexBuilder};

#[derive(Debug)]
pub(crate) enum Pattern {
    /// `^before([a-z0-9.-]+)$`: ids and names behind a fixed text, as nearly all are. A regex takes longer for one of these
    /// than all else that a message's members cost.
    Behind {
        before: Box<str>,
        class: Class,
    },
    Regex(Regex),
}

/// Of a pattern, compiled: a text takes as long as this times its length.
const MOST_BYTES: usize = 65_536;

pub(crate) fn regex(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(MOST_BYTES).build()
}

/// Which of ASCII's characters, a bit each.
#[derive(Debug)]
pub(crate) struct Class(u128);

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, regex_lite::Error> {
        match Self::behind(text) {
            Some(behind) => Ok(behind),
            None => Ok(Self::Regex(regex(text)?)),
        }
    }

    fn behind(text: &str) -> Option<Self> {
        let (before, class) = text.strip_prefix('^')?.strip_suffix("]+)$")?.split_once("([")?;
        let meta = |c: char| "\\.+*?()|[]{}^$".contains(c);
        (!before.contains(meta)).then_some(())?;
        Some(Self::Behind { before: before.into(), class: Class::parse(class)? })
    }

    /// The pattern's first group.
    pub(crate) fn group<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Behind { before, class } => {
                let rest = text.strip_prefix(&**before)?;
                (!rest.is_empty() && rest.bytes().all(|byte| class.has(byte))).then_some(rest)
            }
            Self::Regex(regex) => Some(regex.captures(text)?.get(1)?.as_str()),
        }
    }
}

impl Class {
    /// What stands between the brackets: letters and digits, ranges of them, and signs that mean themselves.
    fn parse(text: &str) -> Option<Self> {
        let mut bits = 0;
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let (last, after) = match after {
                [b'-', last, after @ ..] if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
                    (last, after)
                }
                _ => (first, after),
            };
            let itself = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:/@-".contains(byte);
            // A sign between two others could be anything; at the end it is itself.
            let plain = itself(first) && (*first != b'-' || after.is_empty());
            if !plain || first > last {
                return None;
            }
            bits = (*first..=*last).fold(bits, |bits, byte| bits | 1_u128 << byte);
            rest = after;
        }
        (bits != 0).then_some(Self(bits))
    }

    const fn has(&self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_that_would_take_seconds_of_one_text_is_refused() {
        for pattern in [r"^.{1,500}$", r"^\S+@\S+$", "(a{1,20}){1,20}"] {
            assert!(regex(pattern).is_ok(), "{pattern}");
        }
        for pattern in ["(a{1,40}){1,40}", "((a{1,20}){1,20}){1,20}"] {
            assert!(regex(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn ids_behind_a_fixed_text_need_no_regex() {
        for (pattern, text, group) in [
            ("^/shopify/([a-z0-9.-]+)$", "/shopify/acme.myshopify.com", Some("acme.myshopify.com")),
            ("^/shopify/([a-z0-9.-]+)$", "/shopify/", None),
            ("^/shopify/([a-z0-9.-]+)$", "/shopify/acme/x", None),
            ("^gid://shopify/Order/([0-9]+)$", "gid://shopify/Order/42", Some("42")),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert!(matches!(pattern, Pattern::Behind { .. }), "{pattern:?}");
            assert_eq!(pattern.group(text), group);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn the_group_is_the_regex_s(
            pattern in r"\^[a/.-]{0,2}\(\[[a-c0-9A.&~/:@_^\\-]{1,6}\]\+\)\$",
            text in r"[ab/.]{0,2}[a-c0-9A.&~/:@_^\\ä\n-]{0,4}",
        ) {
            if let (Ok(regex), Ok(pattern)) = (Regex::new(&pattern), Pattern::parse(&pattern)) {
                let group = regex.captures(&text).and_then(|captures| captures.get(1)).map(|group| group.as_str());
                prop_assert_eq!(pattern.group(&text), group, "{:?}", pattern);
            }
        }
    }
}
