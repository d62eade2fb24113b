//! A condition as it may be kept: what it compares with is somebody's e-mail address, say.

/// What stands in a literal's place.
const HIDDEN: char = '…';

/// The condition without its literals of strings, bytes and numbers, and without comments. Read as the parser of `cel` reads it; whatever
/// that would refuse is hidden rather than shown.
pub(crate) fn hidden(condition: &str) -> String {
    let mut shown = String::new();
    let mut left = condition;
    while let Some(first) = left.chars().next() {
        let taken = match token(left) {
            Token::Shown(length) => {
                shown.push_str(left.get(..length).unwrap_or_default());
                length
            }
            Token::Hidden(length) => {
                // The sign of a number is part of it.
                if is_number(left) && ends_with_sign(&shown) {
                    shown.pop();
                }
                shown.push(HIDDEN);
                length
            }
        };
        left = left.get(taken.max(first.len_utf8())..).unwrap_or_default();
    }
    shown
}

/// How many bytes of what is left belong together.
enum Token {
    Shown(usize),
    Hidden(usize),
}

fn token(left: &str) -> Token {
    if let Some(length) = comment(left).or_else(|| text(left)).or_else(|| quoted_name(left)) {
        return Token::Hidden(length);
    }
    if is_number(left) {
        return Token::Hidden(number(left));
    }
    let name = until(left, |c| !is_of_name(c));
    if name > 0 {
        return Token::Shown(name);
    }
    let first = left.chars().next();
    let known = first.is_some_and(|c| c.is_ascii_whitespace() || c.is_ascii_punctuation());
    let length = first.map_or(0, char::len_utf8);
    if known { Token::Shown(length) } else { Token::Hidden(length) }
}

/// Until the end of its line.
fn comment(left: &str) -> Option<usize> {
    left.starts_with("//").then(|| until(left, |c| c == '\n'))
}

/// Of a string or of bytes, with what stands before its quotes.
fn text(left: &str) -> Option<usize> {
    let (prefix, quoted) = left.split_at_checked(until(left, |c| !matches!(c, 'r' | 'R' | 'b' | 'B')))?;
    let is_raw = prefix.contains(['r', 'R']);
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let three: String = [quote; 3].iter().collect();
    let end = if quoted.starts_with(&three) { three.as_str() } else { three.get(..1)? };
    let (mut at, mut escaped) = (end.len(), false);
    while let Some(rest) = quoted.get(at..).filter(|rest| !rest.is_empty()) {
        if !escaped && rest.starts_with(end) {
            return Some(prefix.len() + at + end.len());
        }
        let c = rest.chars().next()?;
        escaped = !is_raw && c == '\\' && !escaped;
        at += c.len_utf8();
    }
    Some(left.len())
}

/// It may be a member that is called like a person.
fn quoted_name(left: &str) -> Option<usize> {
    let name = left.strip_prefix('`')?;
    Some(name.find('`').map_or(left.len(), |end| end + 2))
}

fn is_number(left: &str) -> bool {
    let digits = left.strip_prefix('.').unwrap_or(left);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// With its exponent, and whatever else stands right beside it.
fn number(left: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = left.get(length..).unwrap_or_default();
        length += until(rest, |c| !(is_of_name(c) || c == '.'));
        let so_far = left.get(..length).unwrap_or_default();
        let signed = left.get(length..).is_some_and(|rest| rest.starts_with(['+', '-']));
        let is_hexadecimal = so_far.starts_with("0x") || so_far.starts_with("0X");
        if !(signed && so_far.ends_with(['e', 'E']) && !is_hexadecimal) {
            return length;
        }
        length += 1;
    }
}

fn ends_with_sign(shown: &str) -> bool {
    let Some(before) = shown.strip_suffix('-') else { return false };
    !before.trim_end().ends_with(|c: char| is_of_name(c) || matches!(c, ')' | ']' | '}' | HIDDEN))
}

const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn until(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use cel::parser::PrattParser;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_literal_is_hidden_and_the_rest_is_as_it_was_written() {
        for (condition, expected) in [
            (r#"body.email == "ann@example.org""#, "body.email == …"),
            ("body.email == 'ann' && letter.attempts > 3", "body.email == … && letter.attempts > …"),
            (r#"body.a == "a \" b" || body.c"#, "body.a == … || body.c"),
            (r#"body.a == r"a\" || body.c == "d""#, "body.a == … || body.c == …"),
            (r#"body.a == R'\' && body.b == bR"\" && rb'x'"#, "body.a == … && body.b == … && …"),
            ("body.a == \"\"\"ann \"and\" bob\n\\\"\"\"\" || body.c", "body.a == … || body.c"),
            ("body.a == r'''ann's \\''' || body.c", "body.a == … || body.c"),
            ("body.a == '' || body.b == ''''''", "body.a == … || body.b == …"),
            ("body.a in ['x', b\"y\", 1, 0x1Fu, 2.5e-3, .5, -7]", "body.a in […, …, …, …, …, …, …]"),
            ("body.total - 5 > -1.5 && body.n -3 == 2e+7", "body.total - … > … && body.n -… == …"),
            ("body.a == 1 // as ann@example.org says\n&& body.b", "body.a == … …\n&& body.b"),
            ("body[\"ann\"].`bob`.exists(i, i.v2 == true)", "body[…].….exists(i, i.v2 == true)"),
            ("duration('1h') < timestamp(body.at) - now", "duration(…) < timestamp(body.at) - now"),
            ("'open", "…"),
            ("r'''open'", "…"),
            ("b\"", "…"),
            ("ü", "…"),
        ] {
            assert_eq!(hidden(condition), expected, "{condition}");
        }
    }

    /// Of signs that mean nothing, or a literal, where they stand outside of quotes.
    fn literal() -> impl Strategy<Value = String> {
        let prefixes = proptest::sample::select(&["", "", "r", "R", "b", "B", "bR", "rb"][..]);
        let quotes = proptest::sample::select(&["\"", "'", "\"\"\"", "'''"][..]);
        let inner = r#"(\\\\|\\"|\\'|\\|"|'|[ÄÖ@`/ -]|//|[0-9]){0,12}"#;
        let text = (prefixes, quotes, inner);
        let text = text.prop_map(|(prefix, quotes, inner)| format!("{prefix}{quotes}{inner}{quotes}"));
        let whole = "-?(0x[0-9A-F]{1,8}|[0-9]{1,9})u?";
        let broken = "-?([0-9]{0,4}\\.[0-9]{1,6}([eE][+-]?[0-9]{1,2})?|[0-9]{1,3}[eE][+-]?[0-9]{1,2})";
        prop_oneof![4 => text, 1 => whole, 1 => broken]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4_096, max_global_rejects: 1_000_000, ..ProptestConfig::default()
        })]

        #[test]
        fn no_sign_of_a_literal_survives(literals in proptest::collection::vec(literal(), 1..4)) {
            let parts: Vec<_> = literals.iter().map(|literal| format!("w.q == {literal}")).collect();
            let condition = parts.join(" || ");
            // What the parser does not take is stored nowhere.
            prop_assume!(PrattParser::new().parse(&condition).is_ok());
            let shown = hidden(&condition);
            prop_assert!(shown.starts_with("w.q == …"), "{condition}: {shown}");
            let may_stand = |c: char| matches!(c, 'w' | '.' | 'q' | '=' | '|' | ' ' | '-' | '/' | HIDDEN);
            prop_assert!(shown.chars().all(may_stand), "{condition}: {shown}");
        }

        #[test]
        fn any_text_is_hidden_without_a_panic(text in "\\PC{0,40}") {
            let shown = hidden(&text);
            prop_assert!(!shown.contains(['"', '\'', '`']), "{text}: {shown}");
        }
    }
}
