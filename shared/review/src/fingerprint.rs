//! What letters of one cause have in common.

use std::fmt;

use channel::Reason;
use serde::{Deserialize, Serialize};
use transform::without_indices;

use crate::letter::digest;

/// Digits that are shown and stored.
const DIGITS: usize = 12;

/// Of a group of letters: flow, code, path, what the message says without what is this letter's alone, and mapping.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn of(reason: &Reason) -> Self {
        let parts = [
            reason.flow.as_str(),
            &reason.code,
            &without_indices(&reason.path),
            &normalised(&reason.summary),
            &reason.mapping,
        ];
        // Each with its length, so that no two sets of parts read the same.
        let text: String = parts.iter().map(|part| format!("{}:{part}/", part.len())).collect();
        Self(digest(text.as_bytes()).chars().take(DIGITS).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Before a status of HTTP, which tells one cause from another.
const BEFORE_STATUS: [&str; 2] = ["status", "http"];

/// The summary without what differs between letters of one cause: words with digits in them but for a status, what is quoted, indices.
pub(crate) fn normalised(summary: &str) -> String {
    let mut words = Vec::new();
    let mut quoted: Option<char> = None;
    let mut before = "";
    for word in summary.split_whitespace() {
        if let Some(quote) = quoted {
            if word.trim_end_matches([',', '.', ';', ':', ')']).ends_with(quote) {
                quoted = None;
            }
            continue;
        }
        let bare = word.trim_matches(['(', ')', ',', '.', ';', ':']);
        let is_status = BEFORE_STATUS.iter().any(|name| name.eq_ignore_ascii_case(before))
            && bare.len() == 3
            && bare.bytes().all(|digit| digit.is_ascii_digit());
        before = bare;
        let opens = bare.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        if let Some(quote) = opens {
            words.push("…".to_owned());
            if bare.chars().count() < 2 || !bare.ends_with(quote) {
                quoted = Some(quote);
            }
        } else if word.starts_with('$') {
            words.push(without_indices(word));
        } else if is_status {
            words.push(bare.to_owned());
        } else if word.chars().any(|c| c.is_ascii_digit()) {
            words.push("#".to_owned());
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn reason(code: &str, path: &str, summary: &str) -> Reason {
        let at = "2026-11-24T10:00:00Z".parse().unwrap();
        Reason {
            code: code.to_owned(),
            path: path.to_owned(),
            flow: "orders-to-inventory".to_owned(),
            mapping: "shopify-order/2 canonical.order@1".to_owned(),
            summary: summary.to_owned(),
            source_queue: String::new(),
            original_message_id: String::new(),
            correlation_id: String::new(),
            attempts: 1,
            first_failed_at: at,
            last_failed_at: at,
        }
    }

    #[test]
    fn what_is_one_letters_alone_does_not_tell_it_from_others_of_its_cause() {
        let one = Fingerprint::of(&reason(
            "SPW2001",
            "$.lines[0].sku",
            "expected a string, came nothing; 2 problems, also at $.lines[7].grams",
        ));
        let other = Fingerprint::of(&reason(
            "SPW2001",
            "$.lines[12].sku",
            "expected a string, came nothing; 3 problems, also at $.lines[2].grams",
        ));
        assert_eq!(one, other);
        // Somebody has acknowledged it by this.
        assert_eq!(one.as_str(), "ea7caa953f4f");
    }

    #[test]
    fn another_code_path_text_or_mapping_is_another_cause() {
        let base = reason("SPW2001", "$.sku", "expected a string");
        let others = [
            reason("SPW2002", "$.sku", "expected a string"),
            reason("SPW2001", "$.id", "expected a string"),
            reason("SPW2001", "$.sku", "expected a number"),
            Reason { mapping: "shopify-order/2+1 canonical.order@1".to_owned(), ..base.clone() },
            Reason { flow: "crm-to-erp".to_owned(), ..base.clone() },
        ];
        for other in &others {
            assert_ne!(Fingerprint::of(&base), Fingerprint::of(other), "{other:?}");
        }
    }

    #[test]
    fn another_status_of_the_target_is_another_cause_and_another_record_is_not() {
        let of = |summary: &str| Fingerprint::of(&reason("SPW4005", "$", summary));
        let answered = |status: u16| of(&format!("the target answered with status {status}"));
        assert_eq!([404, 422, 413].map(answered).iter().collect::<BTreeSet<_>>().len(), 3);
        let record = |number: usize| of(&format!("the target answered 422: record {number}"));
        assert_eq!((0..1_000).map(record).collect::<BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn names_in_brackets_are_told_apart() {
        let of = |path: &str| Fingerprint::of(&reason("SPW2001", path, "expected a string"));
        assert_ne!(of(r#"$["net.price"]"#), of(r#"$["net.weight"]"#));
        assert_eq!(of(r#"$["net.price"][0]"#), of(r#"$["net.price"][1]"#));
    }

    #[test]
    fn numbers_and_quoted_parts_are_left_out_of_a_summary() {
        for (summary, expected) in [
            ("the target answered 422", "the target answered #"),
            ("no product \"SKU 17\" at the target", "no product … at the target"),
            ("status 'a b c', tried 3 times", "status … tried # times"),
            ("order 4f1c-99: gone", "order # gone"),
            ("an open \"quote", "an open …"),
            ("the target answered with status 404", "the target answered with status 404"),
            (
                "Redmine answered with status 422: record 12 is gone",
                "Redmine answered with status 422 record # is gone",
            ),
            ("answered (HTTP 503), 3 times", "answered (HTTP 503 # times"),
            ("status: 413.", "status: 413"),
            ("status 4040 of order 404", "status # of order #"),
            ("status \"404\" or status 40a", "status … or status #"),
        ] {
            assert_eq!(normalised(summary), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_fingerprint(code in "\\PC*", path in "\\PC*", summary in "\\PC*") {
            prop_assert_eq!(Fingerprint::of(&reason(&code, &path, &summary)).as_str().len(), 12);
        }
    }
}
