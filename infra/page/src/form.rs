//! Forms: each field with its label, its hint and what is wrong with it, tied together for whoever does not see them side by side.

use maud::{Markup, html};

use crate::session::Session;

/// What was entered, in its order.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) const fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// Empty where there is none.
    pub(crate) fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// Those that are not empty.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// Its words: what was entered with blanks, commas or lines between.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        let words = self.one(name).split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    /// With line ends as they are outside of forms.
    pub(crate) fn text(&self, name: &str) -> String {
        self.one(name).replace("\r\n", "\n")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// `None` where nothing was entered.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        Some(self.one(name)).filter(|value| !value.is_empty())
    }
}

/// A form that came and was not right: what was entered, and what is wrong with it by field.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    form: &'static str,
    pub(crate) fields: Fields,
    wrong: Vec<(&'static str, String)>,
}

impl Sent {
    pub(crate) const fn new(form: &'static str, fields: Fields) -> Self {
        Self { form, fields, wrong: Vec::new() }
    }

    pub(crate) fn wrong(&mut self, field: &'static str, what: impl Into<String>) {
        self.wrong.push((field, what.into()));
    }

    pub(crate) const fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Every change needs one.
    pub(crate) fn reason(&mut self) -> String {
        match review::reason(self.fields.one("reason")) {
            Ok(reason) => reason,
            Err(error) => {
                self.wrong("reason", error.to_string());
                String::new()
            }
        }
    }

    /// What stands above the page: each fault leads to its field.
    pub(crate) fn summary(&self) -> Markup {
        html! {
            @if !self.is_right() {
                div id="faults" role="alert" tabindex="-1" class="notice bad" {
                    h2 { "Nothing was done" }
                    ul {
                        @for (field, what) in &self.wrong {
                            li { a href=(format!("#{}-{field}", self.form)) { (what) } }
                        }
                    }
                }
            }
        }
    }

    fn of<'s>(&'s self, form: &str, field: &str) -> (Option<&'s str>, Option<&'s str>) {
        if self.form != form {
            return (None, None);
        }
        let wrong = self.wrong.iter().find(|(known, _)| *known == field).map(|(_, what)| what.as_str());
        (Some(self.fields.one(field)), wrong)
    }
}

/// One form of a page.
#[derive(Clone, Copy)]
pub(crate) struct Form<'a> {
    pub(crate) name: &'static str,
    pub(crate) action: &'a str,
    pub(crate) session: &'a Session,
    pub(crate) sent: &'a Sent,
}

/// What kind of input a field takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    /// With the least and the most.
    Number(u64, u64),
    Date,
    /// Of so many lines.
    Area(usize),
}

pub(crate) struct Field<'a> {
    pub(crate) name: &'static str,
    pub(crate) label: &'a str,
    pub(crate) hint: &'a str,
    /// What stands there before anything is entered.
    pub(crate) value: &'a str,
    pub(crate) kind: Kind,
    pub(crate) needed: bool,
}

impl Form<'_> {
    /// `button` says what is done.
    pub(crate) fn show(&self, fields: Markup, button: &str) -> Markup {
        self.show_with(fields, html! { button { (button) } })
    }

    /// The first button is what the enter key does.
    pub(crate) fn show_with(&self, fields: Markup, buttons: Markup) -> Markup {
        html! {
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.session.csrf);
                (fields)
                (buttons)
            }
        }
    }

    /// What the form was shown with; one that is shown again has what it came with.
    pub(crate) fn hidden(&self, name: &'static str, value: &str) -> Markup {
        let is_again = self.sent.form == self.name && self.sent.fields.has(name);
        let value = if is_again { self.sent.fields.one(name) } else { value };
        html! { input type="hidden" name=(name) value=(value); }
    }

    pub(crate) fn reason(&self) -> Markup {
        self.field(&Field {
            name: "reason",
            label: "Reason",
            hint: "A sentence for the audit. No personal data.",
            value: "",
            kind: Kind::Text,
            needed: true,
        })
    }

    pub(crate) fn field(&self, field: &Field<'_>) -> Markup {
        let Field { name, label, hint, value, kind, needed } = *field;
        let (entered, wrong) = self.sent.of(self.name, name);
        let value = entered.unwrap_or(value);
        let id = format!("{}-{name}", self.name);
        let (hint_id, wrong_id) = (format!("{id}-hint"), format!("{id}-wrong"));
        let mut told = Vec::new();
        if !hint.is_empty() {
            told.push(hint_id.as_str());
        }
        if wrong.is_some() {
            told.push(wrong_id.as_str());
        }
        let told = Some(told.join(" ")).filter(|told| !told.is_empty());
        let invalid = wrong.map(|_| "true");
        let required = needed.then_some("true");
        html! {
            div class="field" {
                label for=(id) { (label) @if needed { " (needed)" } }
                @if !hint.is_empty() { p class="hint" id=(hint_id) { (hint) } }
                @if let Some(wrong) = wrong { p class="wrong" id=(wrong_id) { "Not right: " (wrong) } }
                @match kind {
                    Kind::Text => input id=(id) name=(name) value=(value) type="text" autocomplete="off"
                        aria-describedby=[told] aria-invalid=[invalid] aria-required=[required];,
                    Kind::Date => input id=(id) name=(name) value=(value) type="date"
                        aria-describedby=[told] aria-invalid=[invalid] aria-required=[required];,
                    Kind::Number(least, most) => input id=(id) name=(name) value=(value) type="number" min=(least) max=(most)
                        aria-describedby=[told] aria-invalid=[invalid] aria-required=[required];,
                    // A browser drops the first line end.
                    Kind::Area(rows) => textarea id=(id) name=(name) rows=(rows) spellcheck="false" autocomplete="off"
                        aria-describedby=[told] aria-invalid=[invalid] aria-required=[required] { "\n" (value) },
                }
            }
        }
    }

    pub(crate) fn check(&self, name: &'static str, value: &str, label: Markup) -> Markup {
        let id = format!("{}-{name}-{value}", self.name);
        let checked = self.sent.form == self.name && self.sent.fields.all(name).iter().any(|it| it == value);
        html! {
            div class="check" {
                input type="checkbox" id=(id) name=(name) value=(value) checked[checked];
                " " label for=(id) { (label) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_were_meant() {
        let pairs = [("id", " a,b\r\nc "), ("flow", "x"), ("flow", ""), ("flow", "y"), ("body", "{\r\n}")];
        let fields = Fields::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        assert_eq!(fields.words("id"), ["a", "b", "c"]);
        assert_eq!(fields.all("flow"), ["x", "y"]);
        assert_eq!(
            (fields.text("body").as_str(), fields.one("none"), fields.some("none")),
            ("{\n}", "", None)
        );
        assert!(fields.has("body") && !fields.has("none"));
    }
}
