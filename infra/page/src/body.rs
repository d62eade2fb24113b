//! A letter's body, laid out, with the places that were not taken marked. As it was written: neither numbers nor the order of members
//! are touched.

use std::fmt::Write;

use maud::{Escaper, Markup, PreEscaped};
use serde_json::Value;

use crate::path::{Step, reached};
use crate::words::visible;

/// A place that is told apart.
struct Mark {
    at: Vec<Step>,
    /// Of a place where nothing stands: what was looked for there. `at` is what should hold it.
    absent: Option<String>,
}

/// `marks`: places in the body, from its root on.
pub(crate) fn marked(body: &str, marks: &[Vec<Step>]) -> Markup {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        let mut html = String::new();
        escape(&mut html, body);
        return PreEscaped(html);
    };
    let marks = marks.iter().map(|steps| {
        let found = reached(&value, steps);
        let (at, beyond) = steps.split_at(found);
        let absent = beyond.first().map(|step| match step {
            Step::Member(name) => name.clone(),
            Step::Item(index) => format!("item {index}"),
        });
        Mark { at: at.to_vec(), absent }
    });
    let mut sheet = Sheet { html: true, marks: marks.collect(), at: Vec::new(), out: String::new() };
    sheet.value(&mut Source(body), 0);
    PreEscaped(sheet.out)
}

/// The same without marks and as text: for somebody to edit. What is no JSON as it is, but for signs that nobody sees.
pub(crate) fn laid_out(body: &str) -> String {
    if serde_json::from_str::<Value>(body).is_err() {
        return visible(body).into_owned();
    }
    let mut sheet = Sheet { html: false, marks: Vec::new(), at: Vec::new(), out: String::new() };
    sheet.value(&mut Source(body), 0);
    visible(&sheet.out).into_owned()
}

fn escape(html: &mut String, text: &str) {
    let _never_fails = Escaper::new(html).write_str(text);
}

/// What is left of a JSON text that is known to be right.
struct Source<'t>(&'t str);

impl<'t> Source<'t> {
    fn peek(&mut self) -> Option<char> {
        self.0 = self.0.trim_start();
        self.0.chars().next()
    }

    fn skip(&mut self) {
        let mut chars = self.0.chars();
        chars.next();
        self.0 = chars.as_str();
    }

    /// A text with its quotes, or a number or word.
    fn scalar(&mut self) -> &'t str {
        let mut escaped = false;
        let is_text = self.peek() == Some('"');
        let end = self.0.char_indices().skip(1).find_map(|(at, c)| {
            if !is_text {
                return (matches!(c, ',' | ']' | '}' | ':') || c.is_whitespace()).then_some(at);
            }
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends.then_some(at + 1)
        });
        let (scalar, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        scalar
    }
}

struct Sheet {
    /// Whether HTML is wanted, or text.
    html: bool,
    marks: Vec<Mark>,
    at: Vec<Step>,
    out: String,
}

impl Sheet {
    fn text(&mut self, text: &str) {
        if self.html {
            escape(&mut self.out, text);
        } else {
            self.out.push_str(text);
        }
    }

    fn tag(&mut self, tag: &str) {
        if self.html {
            self.out.push_str(tag);
        }
    }

    fn line(&mut self, depth: usize) {
        self.text("\n");
        self.text(&"  ".repeat(depth));
    }

    fn open(&mut self) {
        self.tag("<mark><span class=\"heard\">refused from here: </span>");
    }

    fn close(&mut self) {
        self.tag("<span class=\"heard\"> (to here)</span></mark>");
    }

    fn is_marked(&self) -> bool {
        !self.at.is_empty() && self.marks.iter().any(|mark| mark.absent.is_none() && mark.at == self.at)
    }

    /// Lines for what should stand here and does not.
    fn absent(&mut self, depth: usize) {
        let here = self.marks.iter().filter(|mark| mark.at == self.at);
        let mut names: Vec<_> = here.filter_map(|mark| mark.absent.clone()).collect();
        names.sort();
        names.dedup();
        for name in names {
            self.line(depth);
            self.tag("<mark class=\"absent\">");
            self.text(&format!("{name}: nothing stands here"));
            self.tag("</mark>");
        }
    }

    fn value(&mut self, source: &mut Source<'_>, depth: usize) {
        match source.peek() {
            Some('{') => self.container(source, depth, '}'),
            Some('[') => self.container(source, depth, ']'),
            _ => {
                let scalar = source.scalar().to_owned();
                self.text(&scalar);
                self.absent(depth + 1);
            }
        }
    }

    fn container(&mut self, source: &mut Source<'_>, depth: usize, end: char) {
        self.text(if end == '}' { "{" } else { "[" });
        source.skip();
        self.absent(depth + 1);
        let mut index = 0;
        while let Some(next) = source.peek() {
            if next == end {
                source.skip();
                break;
            }
            if next == ',' {
                source.skip();
                self.text(",");
                continue;
            }
            self.line(depth + 1);
            let key = (end == '}').then(|| source.scalar().to_owned());
            let step = match &key {
                Some(key) => Step::Member(serde_json::from_str(key).unwrap_or_default()),
                None => Step::Item(index),
            };
            index += 1;
            self.at.push(step);
            let marked = self.is_marked();
            if marked {
                self.open();
            }
            if let Some(key) = key {
                self.text(&key);
                self.text(": ");
                source.peek();
                source.skip();
            }
            self.value(source, depth + 1);
            if marked {
                self.close();
            }
            self.at.pop();
        }
        if index > 0 {
            self.line(depth);
        }
        self.text(&end.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::steps;

    const BODY: &str =
        r#"{"z":1.50,"data":{"items":[{"sku":"<a>\"}","n":12345678901234567890},{}],"none":[]}}"#;

    fn shown(paths: &[&str]) -> String {
        let marks: Vec<_> = paths.iter().map(|path| steps(path).unwrap()).collect();
        marked(BODY, &marks).into_string()
    }

    #[test]
    fn a_body_is_laid_out_as_it_was_written() {
        let text = laid_out(BODY);
        assert!(
            text.starts_with("{\n  \"z\": 1.50,\n  \"data\": {\n    \"items\": [\n      {\n        \"sku\""),
            "{text}"
        );
        assert!(text.contains("12345678901234567890") && text.contains("\"none\": []"), "{text}");
        let same = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(same(&text), same(BODY));
        assert_eq!(laid_out("no { JSON"), "no { JSON");
    }

    #[test]
    fn the_place_that_was_refused_is_marked_and_nothing_else() {
        let html = shown(&["$.data.items[0].sku"]);
        assert_eq!(html.matches("<mark>").count(), 1);
        let (_, inside) = html.split_once("<mark>").unwrap();
        let (inside, _) = inside.split_once("</mark>").unwrap();
        assert!(inside.contains("&quot;sku&quot;: &quot;&lt;a&gt;\\&quot;}&quot;"), "{inside}");
        assert!(inside.contains("refused from here") && !inside.contains("items"), "{inside}");
    }

    #[test]
    fn a_place_where_nothing_stands_is_told_where_it_should_be() {
        let html = shown(&["$.data.items[1].sku", "$.data.items[1].sku"]);
        assert_eq!(
            html.matches("<mark class=\"absent\">sku: nothing stands here</mark>").count(),
            1,
            "{html}"
        );
        assert!(shown(&["$.data.items[7].sku"]).contains("item 7: nothing stands here"));
        assert!(shown(&["$.absent"]).contains("absent: nothing stands here"));
        assert!(!shown(&[]).contains("<mark"));
    }

    #[test]
    fn what_is_no_json_is_shown_escaped() {
        assert_eq!(marked("<script>", &[]).into_string(), "&lt;script&gt;");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_laid_out_says_the_same(text in ".*", deep in 0_usize..8) {
            let mut value = serde_json::json!({ text.clone(): [text, 1, null, true, -1.5e3] });
            for _ in 0..deep {
                value = serde_json::json!([{ "k": value }]);
            }
            let again: Value = serde_json::from_str(&laid_out(&value.to_string())).unwrap();
            proptest::prop_assert_eq!(again, value);
        }
    }
}
