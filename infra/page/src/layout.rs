use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::app::App;
use crate::words::visible;

pub(crate) const STYLE: &str = "/page.css";
pub(crate) const SCRIPT: &str = "/page.js";

/// The pages that every page leads to.
const PLACES: [(&str, &str); 5] = [
    ("/", "Groups"),
    ("/plans/new", "New plan"),
    ("/plans", "Plans"),
    ("/archive", "Archive"),
    ("/audit", "Audit"),
];

/// A page: where one is, and the way to everything else.
pub(crate) struct Layout<'a> {
    pub(crate) title: &'a str,
    /// Of the places that every page leads to, where this one is.
    pub(crate) place: &'a str,
    /// Seconds after which a browser without scripts asks again.
    pub(crate) again: Option<u32>,
}

impl Layout<'_> {
    pub(crate) fn show(&self, app: &App, content: Markup) -> Markup {
        let places = html! {
            nav aria-label="Pages" {
                ul {
                    @for (path, name) in PLACES {
                        li { a href=(path) aria-current=[(path == self.place).then_some("page")] { (name) } }
                    }
                }
            }
        };
        let by = html! { p class="by" { "You act as " code { (app.review.by) } } };
        let again = self.again.map(|seconds| seconds.to_string());
        document(self.title, again.as_deref(), &places, &by, &content)
    }
}

/// For whom we know nothing of.
pub(crate) fn bare(title: &str, content: Markup) -> Markup {
    document(title, None, &html! {}, &html! {}, &content)
}

/// Leads on at once: by the script, else by the browser itself, else by its link. Either way in place of the address that it has.
pub(crate) fn leading(title: &str, to: &str) -> Markup {
    let content = html! {
        h1 { (title) }
        p { a id="lead" href=(to) { "Go on to the groups" } }
    };
    document(title, Some(&format!("0; url={to}")), &html! {}, &html! {}, &content)
}

fn document(title: &str, refresh: Option<&str>, places: &Markup, by: &Markup, content: &Markup) -> Markup {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " · Spillway dead letters" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href=(STYLE);
                script src=(SCRIPT) defer {}
                @if let Some(refresh) = refresh {
                    noscript { meta http-equiv="refresh" content=(refresh); }
                }
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                header {
                    p class="name" { "Spillway " span { "dead letters" } }
                    (places)
                }
                main id="content" tabindex="-1" { (content) }
                footer {
                    (by)
                    p { "All times are UTC. Everything that is changed here is in the audit." }
                }
            }
        }
    };
    // Nothing of ours has such signs.
    PreEscaped(visible(page.into_string().as_str()).into_owned())
}

/// A table for whoever hears it as well: what it is, and what each column is.
pub(crate) fn table(caption: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { (rows) }
            }
        }
    }
}
