//! The body of a letter as text: nothing of it is rounded, reordered or left out, as no value is read that need not be.

use std::fmt;

use message::Envelope;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::words::is_obeyed;

/// What is deeper stands in one line.
const DEEPEST: usize = 64;

/// A line of a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// Where its value stands: `$.data.lines[0].sku`.
    at: String,
    pub(super) marked: bool,
}

/// Members in their order, those of one name as well.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Each).map(Members)
    }
}

fn members(text: &str) -> Option<Vec<(String, &RawValue)>> {
    serde_json::from_str::<Members<'_>>(text).ok().map(|members| members.0)
}

/// The member of an envelope that is its payload; an event of EventBridge's has it in `detail`, or in what a partner wraps there.
fn payload(body: &str) -> Option<(&'static str, &str)> {
    let envelope = Envelope::decode(body).ok()?;
    let of = |text, name: &str| members(text)?.into_iter().find(|it| it.0 == name).map(|(_, raw)| raw.get());
    let detail = of(body, "detail");
    let candidates = [
        ("data", of(body, "data")),
        ("detail", detail),
        ("detail.payload", detail.and_then(|detail| of(detail, "payload"))),
    ];
    candidates
        .into_iter()
        .find_map(|(name, raw)| Some((name, raw.filter(|raw| *raw == envelope.data.get())?)))
}

/// The payload alone.
pub(super) fn data(body: &str) -> Option<&str> {
    payload(body).map(|(_, data)| data)
}

/// The body with another payload; the rest of it byte for byte.
pub(super) fn with_data(body: &str, data: &str) -> Option<String> {
    let (_, old) = payload(body)?;
    let begin = (old.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    let (before, after) = (body.get(..begin)?, body.get(begin + old.len()..)?);
    Some(format!("{before}{data}{after}"))
}

/// Where a path of a letter's reason leads in its body: paths are the payload's, but for those of an envelope that is none.
pub(super) fn place(body: &str, path: &str) -> String {
    if let Some(name) = path.strip_prefix("@envelope.") {
        return format!("$.{name}");
    }
    match (path.strip_prefix('$'), payload(body)) {
        (Some(rest), Some((name, _))) => format!("$.{name}{rest}"),
        _ => path.to_owned(),
    }
}

/// Line by line, as deep as it goes. What is no JSON stays as it is.
pub(super) fn lines(body: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    match serde_json::from_str::<&RawValue>(body) {
        Ok(value) => add(&mut lines, 0, String::new(), value.get(), "$", ""),
        Err(_) => lines.extend(body.lines().map(|text| line(0, text, "$"))),
    }
    lines
}

fn line(depth: usize, text: &str, at: &str) -> Line {
    Line {
        text: format!("{:width$}{}", "", visible(text), width = depth * 2),
        at: at.to_owned(),
        marked: false,
    }
}

/// The same text with JSON's escapes for signs that a terminal obeys: an editor shows them, and gives them back as they were.
fn visible(text: &str) -> String {
    let (mut shown, mut in_text, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if !is_obeyed(c) {
            shown.push(c);
        } else if in_text || !c.is_ascii_whitespace() {
            shown += &format!("\\u{:04x}", u32::from(c));
        } else {
            // Between values, of what stands in one line.
            shown.push(' ');
        }
        in_text = if in_text { escaped || c != '"' } else { c == '"' };
        escaped = in_text && !escaped && c == '\\';
    }
    shown
}

fn add(lines: &mut Vec<Line>, depth: usize, name: String, value: &str, at: &str, end: &str) {
    let is = |sign: char| value.starts_with(sign) && depth < DEEPEST;
    let items: Option<Vec<&RawValue>> = is('[').then(|| serde_json::from_str(value).ok()).flatten();
    let members = is('{').then(|| members(value)).flatten();
    let (signs, inner): (_, Vec<(String, String, &str)>) = match (items, members) {
        (Some(items), _) if !items.is_empty() => {
            let each = items.iter().enumerate();
            (('[', ']'), each.map(|(i, it)| (String::new(), format!("{at}[{i}]"), it.get())).collect())
        }
        (_, Some(members)) if !members.is_empty() => {
            let each = members.iter().map(|(name, it)| {
                let shown = serde_json::Value::from(name.as_str());
                (format!("{shown}: "), format!("{at}.{name}"), it.get())
            });
            (('{', '}'), each.collect())
        }
        (items, members) => {
            let value = if items.is_some() {
                "[]"
            } else if members.is_some() {
                "{}"
            } else {
                value
            };
            lines.push(line(depth, &format!("{name}{value}{end}"), at));
            return;
        }
    };
    lines.push(line(depth, &format!("{name}{}", signs.0), at));
    let last = inner.len().saturating_sub(1);
    for (number, (name, at, value)) in inner.into_iter().enumerate() {
        add(lines, depth + 1, name, value, &at, if number == last { "" } else { "," });
    }
    lines.push(line(depth, &format!("{}{end}", signs.1), ""));
}

/// As one text.
pub(super) fn pretty(body: &str) -> String {
    lines(body).into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
}

/// Marks what stands at the place; where nothing does, the nearest that it would stand in. Whether it stands there.
pub(super) fn mark(lines: &mut [Line], place: &str) -> bool {
    let leads = |at: &str| {
        !at.is_empty()
            && place.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let nearest = lines.iter().filter(|line| leads(&line.at)).map(|line| line.at.len()).max();
    for line in lines.iter_mut() {
        line.marked = leads(&line.at) && Some(line.at.len()) == nearest;
    }
    nearest == Some(place.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"specversion":"1.0","id":"e-1","source":"/s","type":"t","time":"2026-11-24T10:00:00Z","correlationid":"e-1","data":{"total":10.00,"id":12345678901234567890123,"lines":[{"sku":null},{}],"none":[]}}"#;

    fn marked(place: &str) -> (bool, Vec<String>) {
        let mut lines = lines(BODY);
        let there = mark(&mut lines, place);
        (there, lines.iter().filter(|it| it.marked).map(|it| it.text.trim().to_owned()).collect())
    }

    #[test]
    fn a_body_is_written_line_by_line_and_every_number_as_it_came() {
        let text = pretty(BODY);
        for line in [
            "    \"total\": 10.00,",
            "    \"id\": 12345678901234567890123,",
            "    \"none\": []",
            "      {},",
            "  }",
        ] {
            assert!(
                text.lines().any(|it| it == line || it == line.trim_end_matches(',')),
                "{line} in {text}"
            );
        }
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&text), same(BODY));
    }

    #[test]
    fn a_path_is_of_the_payload_and_is_marked_where_it_stands_or_would_stand() {
        assert_eq!(place(BODY, "$.lines[0].sku"), "$.data.lines[0].sku");
        assert_eq!(place(BODY, "@envelope.source"), "$.source");
        assert_eq!(place("{\"id\": 1}", "$.time"), "$.time");
        assert_eq!(marked("$.data.lines[0].sku"), (true, vec!["\"sku\": null".to_owned()]));
        assert_eq!(marked("$.data.lines[1].sku"), (false, vec!["{}".to_owned()]));
        assert_eq!(marked("$.data.linesman"), (false, vec!["\"data\": {".to_owned()]));
    }

    #[test]
    fn an_event_of_eventbridge_has_its_payload_elsewhere() {
        let body = |source: &str, detail: &str| {
            format!(
                r#"{{"id":"e-1","detail-type":"made","source":"{source}","time":"2026-11-24T10:00:00Z","detail":{detail}}}"#
            )
        };
        let own = body("shop.example", r#"{"sku": 1}"#);
        assert_eq!((data(&own), place(&own, "$.sku").as_str()), (Some(r#"{"sku": 1}"#), "$.detail.sku"));
        let wrapped =
            body("aws.partner/salesforce.com/acme", r#"{"payload":{"sku": 1, "EventUuid": "u-1"}}"#);
        assert_eq!(place(&wrapped, "$.sku"), "$.detail.payload.sku");
        assert_eq!(
            with_data(&wrapped, "2"),
            Some(body("aws.partner/salesforce.com/acme", r#"{"payload":2}"#))
        );
    }

    #[test]
    fn another_payload_leaves_the_rest_byte_for_byte() {
        let other = with_data(BODY, "{\"id\": 1}").unwrap();
        assert_eq!(other, BODY.replace(data(BODY).unwrap(), "{\"id\": 1}"));
        assert_eq!(with_data("no JSON", "{}"), None);
    }

    #[test]
    fn what_is_no_json_is_shown_without_commanding_the_terminal() {
        assert_eq!(pretty("a\u{1b}[2Jb\nc"), "a\\u001b[2Jb\nc");
    }

    #[test]
    fn signs_that_nobody_sees_are_written_as_escapes_and_come_back_as_they_were() {
        let body = "{\"a\u{7f}\": \"\u{200e}x\u{200f}\u{202e}\u{9b}\u{2066}\", \"q\": \"\\\\\\\"\u{85}\", \"u\": \"ü\\u00fc\\ud83d\"}";
        let text = pretty(body);
        for line in [
            r#"  "a\u007f": "\u200ex\u200f\u202e\u009b\u2066","#,
            r#"  "q": "\\\"\u0085","#,
            r#"  "u": "ü\u00fc\ud83d""#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
        let same =
            |text: &str| serde_json::from_str::<serde_json::Value>(&text.replace("\\ud83d", "")).unwrap();
        assert_eq!(same(&text), same(body));
        // As deep as this a value stands in one line, whatever was between its parts.
        let deep = format!("{}[ 1,\r\n\"\u{200f}\"]{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        let nested = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(nested(&pretty(&deep)), nested(&deep));
    }

    #[test]
    fn however_deep_a_body_is_it_is_shown() {
        let deep = "[".repeat(60_000) + &"]".repeat(60_000);
        assert_eq!(lines(&deep).len(), 2 * DEEPEST + 1);
        assert_eq!(pretty("{ \"a\": [ ], \"b\": {\n} }"), "{\n  \"a\": [],\n  \"b\": {}\n}");
    }
}
