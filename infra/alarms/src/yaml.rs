//! A template's YAML as JSON: aliases resolved, short intrinsics (`!Ref`, `!Sub`, `!GetAtt` …) in their long form. Scalars are those of
//! YAML 1.2's core schema.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

use crate::Refused;

/// Of one document.
pub fn read(text: &str) -> Result<Value, Refused> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: BTreeMap::new() };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(_), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, line) => return Err(at(line, "no document")),
            (event, line) => return reader.node(event, line),
        }
    }
}

fn at(line: usize, what: impl Into<String>) -> Refused {
    Refused::new(format!("line {line}"), what)
}

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: BTreeMap<usize, Value>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), Refused> {
        let event = self.events.next().ok_or_else(|| Refused::new("end", "the document is not complete"))?;
        let (event, span) =
            event.map_err(|error| at(error.marker().line(), format!("not YAML: {}", error.info())))?;
        Ok((event, span.start.line()))
    }

    fn node(&mut self, event: Event<'a>, line: usize) -> Result<Value, Refused> {
        let (value, anchor, tag) = match event {
            Event::Alias(anchor) => {
                return self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| at(line, "an alias within its own anchor"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                (if plain { scalar(&text) } else { json!(text) }, anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (self.sequence()?, anchor, tag),
            Event::MappingStart(anchor, tag) => (self.mapping()?, anchor, tag),
            other => return Err(at(line, format!("unexpected {other:?}"))),
        };
        let value = match tag {
            Some(tag) => {
                long_form(&tag, value).ok_or_else(|| at(line, format!("tag {tag} on such a value")))?
            }
            None => value,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Value, Refused> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, line) => items.push(self.node(event, line)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, Refused> {
        let mut members = Map::new();
        loop {
            let (event, line) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Object(members)),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err(at(line, "a key that is no scalar")),
            };
            let (event, line) = self.next()?;
            let value = self.node(event, line)?;
            if members.insert(key.clone(), value).is_some() {
                return Err(at(line, format!("{key} twice")));
            }
        }
    }
}

fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => json!(true),
        "false" | "False" | "FALSE" => json!(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => text
            .parse::<i64>()
            .map(|number| json!(number))
            .or_else(|_| text.parse::<f64>().map(|number| json!(number)))
            .unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

fn long_form(tag: &Tag, value: Value) -> Option<Value> {
    if tag.is_yaml_core_schema() {
        return (tag.suffix == "str" && value.is_string()).then_some(value);
    }
    if tag.handle != "!" {
        return None;
    }
    match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => Some(json!({ name: value })),
        "GetAtt" => match &value {
            Value::String(path) => {
                let (resource, attribute) = path.split_once('.')?;
                Some(json!({ "Fn::GetAtt": [resource, attribute] }))
            }
            Value::Array(_) => Some(json!({ "Fn::GetAtt": value })),
            _ => None,
        },
        name @ ("Sub" | "If" | "Equals" | "Not" | "And" | "Or" | "Join" | "Select" | "FindInMap"
        | "Split" | "ImportValue" | "GetAZs" | "Base64" | "Cidr" | "Transform") => {
            Some(json!({ format!("Fn::{name}"): value }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_intrinsics_get_their_long_form_however_deep() {
        let text = "a: !Sub ${X}-dlq\nb: !GetAtt Flow.Outputs.QueueUrl\nc: !If [IsProd, !Ref X, !Ref AWS::NoValue]\nd: !Not [!Equals [!Ref X, '']]";
        assert_eq!(
            read(text).unwrap(),
            json!({
                "a": {"Fn::Sub": "${X}-dlq"},
                "b": {"Fn::GetAtt": ["Flow", "Outputs.QueueUrl"]},
                "c": {"Fn::If": ["IsProd", {"Ref": "X"}, {"Ref": "AWS::NoValue"}]},
                "d": {"Fn::Not": [{"Fn::Equals": [{"Ref": "X"}, ""]}]}
            })
        );
    }

    #[test]
    fn aliases_are_what_they_stand_for() {
        let text = "a: &one\n  - Name: F\n    Value: !Ref F\nb: *one";
        let read = read(text).unwrap();
        assert_eq!(read["a"], read["b"]);
        assert_eq!(read["b"], json!([{"Name": "F", "Value": {"Ref": "F"}}]));
    }

    #[test]
    fn plain_scalars_are_numbers_and_booleans_and_quoted_ones_are_text() {
        let read =
            read("a: 60\nb: \"60\"\nc: true\nd: 0.5\ne: 2012-10-17\nf:\ng: >-\n  two\n  lines").unwrap();
        let expected =
            json!({"a": 60, "b": "60", "c": true, "d": 0.5, "e": "2012-10-17", "f": null, "g": "two lines"});
        assert_eq!(read, expected);
    }

    #[test]
    fn a_key_twice_an_unknown_tag_and_broken_yaml_are_refused_with_their_line() {
        for (text, line) in
            [("a: 1\na: 2", "line 2"), ("a: 1\nb: !Rfe X", "line 2"), ("a: [1,\nb: }", "line 2")]
        {
            assert_eq!(read(text).unwrap_err().at, line, "{text}");
        }
        assert!(read("").is_err());
    }
}
