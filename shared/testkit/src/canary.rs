//! Values that stand for personal data and secrets, and where they are found again, however they are written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// In every value of [`canary`]; no name or sentence of ours has it.
pub const CANARY: &str = "Qzx7canary";

/// One for each place, so that what is found says where it came from.
pub fn canary(place: usize) -> String {
    format!("{CANARY}{place:04}")
}

/// The lines that hold one of these words: as it is in any case, in base64 wherever it begins, in hexadecimal, percent-encoded, or escaped as
/// JSON may be.
pub fn sightings<'t>(text: &'t str, words: &[&str]) -> Vec<&'t str> {
    let words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
    let encoded: Vec<_> = words.iter().flat_map(|word| [word.clone(), word.to_uppercase()]).collect();
    // As the first letter of a name is written.
    let capital = |word: &String| word.get(..1).unwrap().to_uppercase() + word.get(1..).unwrap();
    let cased: Vec<_> = encoded.into_iter().chain(words.iter().map(capital)).collect();
    let in_hex: Vec<_> = cased.iter().map(|word| hex(word)).collect();
    let in_base64: Vec<_> = cased.into_iter().flat_map(base64_of).collect();
    let holds = |line: &str| {
        let lower = [line.to_lowercase(), decoded(line, '%', 2), decoded(line, 'u', 4)];
        let has = |words: &[String]| words.iter().any(|word| lower.iter().any(|line| line.contains(word)));
        has(&words) || has(&in_hex) || in_base64.iter().any(|encoded| line.contains(encoded))
    };
    text.lines().filter(|line| holds(line)).collect()
}

/// What is the same of it in every text that has the word, for each of the three places where it may begin.
fn base64_of(word: String) -> Vec<String> {
    let engines = [&STANDARD, &URL_SAFE];
    let each = engines.into_iter().flat_map(|engine| (0..3).map(move |shift| (engine, shift)));
    let encoded = each.map(|(engine, shift)| {
        let text = engine.encode([vec![0; shift], word.clone().into_bytes()].concat());
        text[(shift * 8).div_ceil(6)..(shift + word.len()) * 8 / 6].to_owned()
    });
    encoded.collect()
}

fn hex(word: &str) -> String {
    word.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// In lower case, with each mark and so many hexadecimal digits read as what they stand for.
fn decoded(line: &str, mark: char, digits: usize) -> String {
    let mut parts = line.split(mark);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let read = part.get(..digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        match read.and_then(char::from_u32) {
            Some(read) => {
                // The backslash before the mark.
                if text.ends_with('\\') {
                    text.pop();
                }
                text.push(read);
                text.push_str(&part[digits..]);
            }
            None => text.extend([mark.to_string(), part.to_owned()]),
        }
    }
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_seen_however_it_is_written() {
        let value = canary(7);
        let escaped: String = value.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let percent: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut written = vec![value.clone(), value.to_uppercase(), escaped, percent, hex(&value)];
        for before in ["", "a", "ab", "Ann "] {
            for engine in [&STANDARD, &URL_SAFE] {
                written.push(engine.encode(format!("{before}{value}@example.com")));
            }
        }
        for text in written {
            let line = format!("{{\"message\":\"{text}\"}}");
            assert_eq!(sightings(&format!("{{}}\n{line}\n"), &[CANARY]), [line.as_str()], "{text}");
        }
    }

    #[test]
    fn what_holds_none_is_not_seen() {
        let text = "{\"message\":\"record ended\",\"code\":\"SPW2001\",\"path\":\"$.customer%2\\u00\"}\nU3BpbGx3YXk=\n";
        assert!(sightings(text, &[CANARY, "sandbox-key"]).is_empty());
    }
}
