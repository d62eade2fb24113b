//! Messages out of a file: as `aws sqs receive-message` prints them, or bodies alone.

use std::collections::BTreeMap;

use message::Code;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A message, byte for byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Letter {
    /// SQS's, or the number in the file.
    pub(super) id: String,
    pub(super) body: String,
    /// Why it was a dead letter, where it says so.
    pub(super) was: Option<(Code, String)>,
}

/// Documents one after the other, each `{"Messages": [...]}`, a message, a body, or an array of them.
pub(super) fn letters(text: &str) -> Result<Vec<Letter>, String> {
    let mut letters = Vec::new();
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>();
    while let Some(document) = documents.next() {
        let at = documents.byte_offset();
        let line = || text.get(..at).map_or(1, |before| before.lines().count().max(1));
        let document =
            document.map_err(|error| format!("line {}: not JSON: {:?}", error.line(), error.classify()))?;
        add(document.get(), &mut letters, MOST_ARRAYS)
            .map_err(|problem| format!("line {}: {problem}", line()))?;
    }
    Ok(letters)
}

/// What AWS has printed, several of it in an array.
const MOST_ARRAYS: usize = 2;
const EXPECTED: &str = "expected messages as `aws sqs receive-message` prints them, or bodies";

/// `arrays`: so many may still stand in each other. Of a file that is deeper no message is made, and no stack filled.
fn add(document: &str, letters: &mut Vec<Letter>, arrays: usize) -> Result<(), String> {
    if document.starts_with('[') {
        let inner = arrays.checked_sub(1).ok_or(EXPECTED)?;
        let items: Vec<Box<RawValue>> = serde_json::from_str(document).map_err(|_| EXPECTED)?;
        return items.iter().try_for_each(|item| add(item.get(), letters, inner));
    }
    if document.starts_with('{')
        && let Some(messages) = members(document)?.get("Messages")
    {
        let array = Some(messages.get()).filter(|messages| messages.starts_with('['));
        return add(array.ok_or(EXPECTED)?, letters, arrays);
    }
    letters.push(letter(document, letters.len() + 1)?);
    Ok(())
}

/// As they are written: numbers in a body are not ours to round.
fn members(document: &str) -> Result<BTreeMap<String, Box<RawValue>>, String> {
    serde_json::from_str(document).map_err(|_| EXPECTED.to_owned())
}

fn letter(document: &str, number: usize) -> Result<Letter, String> {
    let number = format!("#{number}");
    if document.starts_with('"') {
        let body = serde_json::from_str(document).map_err(|_| EXPECTED.to_owned())?;
        return Ok(Letter { id: number, body, was: None });
    }
    let members = members(document)?;
    let Some(body) = members.get("Body") else {
        return Ok(Letter { id: number, body: document.to_owned(), was: None });
    };
    let body = serde_json::from_str(body.get()).map_err(|_| "Body: expected a string".to_owned())?;
    let id = members.get("MessageId").and_then(|id| serde_json::from_str(id.get()).ok()).unwrap_or(number);
    let attributes = members.get("MessageAttributes");
    let was = attributes.and_then(|attributes| was(&serde_json::from_str(attributes.get()).ok()?));
    Ok(Letter { id, body, was })
}

fn was(attributes: &Map<String, Value>) -> Option<(Code, String)> {
    let text = |name: &str| attributes.get(name)?.get("StringValue")?.as_str();
    Some((Code::parse(text("Code")?)?, text("Path").unwrap_or("$").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(text: &str) -> Vec<(String, String)> {
        letters(text).unwrap().into_iter().map(|letter| (letter.id, letter.body)).collect()
    }

    fn expected(letters: &[(&str, &str)]) -> Vec<(String, String)> {
        letters.iter().map(|(id, body)| ((*id).to_owned(), (*body).to_owned())).collect()
    }

    #[test]
    fn what_aws_prints_once_or_several_times() {
        let text = r#"{"Messages": [{"MessageId": "a", "Body": "{\"n\": 1.0}"}, {"MessageId": "b", "Body": "no JSON"}]}
            {"Messages": []}
            {"Messages": [{"MessageId": "c", "Body": "{}", "MessageAttributes": {
                "Code": {"StringValue": "SPW2001", "DataType": "String"}, "Path": {"StringValue": "$.id"}}}]}"#;
        assert_eq!(bodies(text), expected(&[("a", "{\"n\": 1.0}"), ("b", "no JSON"), ("c", "{}")]));
        assert_eq!(letters(text).unwrap()[2].was, Some((Code::FieldMissing, "$.id".to_owned())));
    }

    #[test]
    fn bodies_by_the_line_and_in_an_array_byte_for_byte() {
        let big = r#"{"id": 12345678901234567890123, "total": 10.00}"#;
        assert_eq!(bodies(&format!("{big}\n{{}}\n")), expected(&[("#1", big), ("#2", "{}")]));
        assert_eq!(bodies(&format!("[{big}, \"{{}}\"]")), expected(&[("#1", big), ("#2", "{}")]));
        assert_eq!(bodies(""), []);
    }

    #[test]
    fn what_is_no_message_is_named_by_its_line_and_not_quoted() {
        for (text, line) in
            [("{}\n7", "line 2: expected messages"), ("{}\n{canary", "line 2: not JSON: Syntax")]
        {
            let problem = letters(text).unwrap_err();
            assert!(problem.starts_with(line) && !problem.contains("canary"), "{problem}");
        }
        assert_eq!(letters("{\"Body\": {}}").unwrap_err(), "line 1: Body: expected a string");
    }

    #[test]
    fn arrays_in_arrays_are_no_messages_however_deep_they_are() {
        let deep = "[".repeat(60_000) + &"]".repeat(60_000);
        assert_eq!(
            bodies(r#"[{"Messages": [{}]}, {"Messages": ["{}"]}]"#),
            expected(&[("#1", "{}"), ("#2", "{}")])
        );
        for text in ["[[[{}]]]", r#"{"Messages": [[[{}]]]}"#, r#"{"Messages": {"Messages": []}}"#, &deep] {
            let problem = letters(text).unwrap_err();
            assert!(problem.starts_with("line 1: expected messages"), "{problem}");
        }
    }
}
