use std::io::IsTerminal as _;

use anyhow::Result;
use clap::Args;
use review::{Review, Shown, Stop, Verdict, Wrong};
use serde_json::{Value, json};

use super::arguments::{Scope, Settings, id};
use super::body::{self, Line};
use super::words::{clean, code, left, title, when};
use crate::answer::Answer;
use crate::mapping::explain;
use crate::table::table;
use crate::trace::{Journey, Journeys};

/// Items of a list whose rules are shown.
const MOST_ITEMS: usize = 20;

#[derive(Args)]
pub(crate) struct Show {
    /// Its id, the one that it had before it was first redriven, or the first six characters or more of either.
    #[arg(value_parser = id)]
    id: String,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// How many days back its journey is looked for.
    #[arg(long, default_value_t = page::JOURNEY_DAYS, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// Cut nothing.
    #[arg(long)]
    wide: bool,
}

/// What happened to a letter's event so far: read, or why it could not be.
type Travelled = Result<Journey, String>;

impl Show {
    /// `journeys`: where its journey is read of.
    pub(crate) async fn run(
        &self,
        review: &Review,
        journeys: Option<&Journeys>,
        stop: &Stop,
    ) -> Result<Answer> {
        let shown = review.show(&self.id, &self.scope.flows, stop).await?;
        let correlation_id = shown.letter.reason(&shown.flow).correlation_id;
        let journey = match journeys {
            // A letter is worth showing without its logs.
            Some(journeys) if correlation_id.len() >= 3 => {
                Some(journeys.follow(&correlation_id, self.days).await.map_err(|error| format!("{error:#}")))
            }
            Some(_) => Some(Err("no correlation id is known of it".to_owned())),
            None => None,
        };
        let text = self.text(&shown, journey.as_ref(), review, std::io::stdout().is_terminal());
        let good = matches!(shown.verdict, Verdict::Passes(_));
        Ok(Answer { text, json: json(&shown, journey.as_ref()), good })
    }

    fn text(&self, shown: &Shown, journey: Option<&Travelled>, review: &Review, colour: bool) -> String {
        let mut parts = vec![why(shown, review)];
        parts.extend(shown.edit.as_ref().map(|edit| {
            format!(
                "edited {} by {}: {}\nThe body below is the edited one: spillway dlq redrive sends it. A redrive in the console sends the \
                 body as it was.",
                when(edit.at),
                clean(&edit.by),
                clean(&edit.why)
            )
        }));
        let (lines, said) = marked(shown);
        let body = lines.iter().map(|line| printed(line, colour)).collect::<Vec<_>>().join("\n");
        parts.push(format!("body{said}\n{body}"));
        parts.push(verdict(&shown.verdict));
        for (stamp, explanation) in &shown.explained {
            let rules = explain::side_by_side(explanation, MOST_ITEMS, self.wide);
            let rules = rules.lines().map(clean).collect::<Vec<_>>().join("\n");
            parts.push(format!("{stamp}\n{rules}"));
        }
        match journey {
            Some(Ok(journey)) => {
                let told = journey.answer(&shown.letter.reason(&shown.flow).correlation_id).text;
                parts.push(format!("journey\n{}", told.lines().map(clean).collect::<Vec<_>>().join("\n")));
                parts.push(journey.last_call().map_or_else(
                    || "the target was not called".to_owned(),
                    |(call, answer)| format!("the target said: {}: {}", clean(&call), clean(&answer)),
                ));
            }
            Some(Err(problem)) => parts.push(format!("journey: {problem}")),
            None => {}
        }
        parts.join("\n\n")
    }
}

/// The letter as a table of what is known of it.
fn why(shown: &Shown, review: &Review) -> String {
    let (letter, reason) = (&shown.letter, shown.letter.reason(&shown.flow));
    let mut rows = vec![
        ["letter".to_owned(), letter.id.clone()],
        ["flow".to_owned(), clean(&shown.flow)],
        ["why".to_owned(), code(&reason.code)],
        ["at".to_owned(), clean(&reason.path)],
        ["says".to_owned(), clean(&reason.summary)],
        ["mapping".to_owned(), clean(&reason.mapping)],
        ["group".to_owned(), shown.fingerprint.to_string()],
    ];
    rows.extend(shown.ack.as_ref().map(|ack| {
        let known = format!("until {} by {}: {}", when(ack.until), clean(&ack.by), clean(&ack.reason));
        ["acknowledged".to_owned(), known]
    }));
    let failed = match reason.attempts {
        0 => "SQS has moved it: how often and when it failed nobody has said".to_owned(),
        1 => format!("once, {}", when(reason.last_failed_at)),
        attempts => format!(
            "{attempts} times, first {}, last {}",
            when(reason.first_failed_at),
            when(reason.last_failed_at)
        ),
    };
    let dropped = format!("{}, in {}", when(shown.expires_at), left(review.clock.now(), shown.expires_at));
    rows.extend([
        ["failed".to_owned(), failed],
        ["sent".to_owned(), when(letter.sent_at)],
        ["dropped".to_owned(), dropped],
        ["received here".to_owned(), format!("{}, by looks as well", times(letter.receive_count))],
        ["first id".to_owned(), clean(&reason.original_message_id)],
        ["correlation id".to_owned(), clean(&reason.correlation_id)],
        ["came from".to_owned(), clean(&reason.source_queue)],
    ]);
    rows.retain(|[_, value]| !value.is_empty());
    table(["", ""], &rows, true).trim_start().to_owned()
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The body with the place marked that failed, and what is to be said of that place.
fn marked(shown: &Shown) -> (Vec<Line>, String) {
    let reason = shown.letter.reason(&shown.flow);
    let mut lines = body::lines(&shown.body);
    let path = clean(&reason.path);
    // The second mapping reads what the first has made.
    let of_body = !reason.mapping.contains(", ");
    let said = match path.as_str() {
        "" | "$" => String::new(),
        _ if !of_body => format!(": {path} is of what the mappings made of it"),
        path => {
            let there = body::mark(&mut lines, &body::place(&shown.body, path));
            let missing = if there { "" } else { ", where nothing stands: the nearest around it is marked" };
            format!(": >> marks {path}{missing}")
        }
    };
    (lines, said)
}

fn printed(line: &Line, colour: bool) -> String {
    match (line.marked, colour) {
        (false, _) => format!("   {}", line.text),
        (true, false) => format!(">> {}", line.text),
        (true, true) => format!("\x1b[1;31m>> {}\x1b[0m", line.text),
    }
}

pub(super) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passes(tried) => {
            let asked = tried.mappings.join(", ");
            let not =
                tried.not_tried.as_ref().map_or(String::new(), |why| format!("; not asked: {}", clean(why)));
            format!("today the mappings take it: {asked}{not}")
        }
        Verdict::Unjudged(why) => {
            format!("today no mapping can be asked: {}. Only a redrive shows", clean(why))
        }
        Verdict::Fails(wrong) => {
            let each = wrong.iter().map(|Wrong { mapping, code, path, problem }| {
                let of = if mapping.is_empty() { String::new() } else { format!("{mapping}: ") };
                format!("  {of}{code} at {}: {}", clean(path), clean(problem))
            });
            format!("today it would be refused:\n{}", each.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn json(shown: &Shown, journey: Option<&Travelled>) -> Value {
    let (letter, reason) = (&shown.letter, shown.letter.reason(&shown.flow));
    let explained = shown.explained.iter().map(|(_, explanation)| explain::json(explanation));
    let (journey, target_said) = match journey {
        Some(Ok(journey)) => {
            let last = journey.last_call().map(|(call, answer)| json!({ "call": call, "answer": answer }));
            (journey.answer(&reason.correlation_id).json, last)
        }
        Some(Err(problem)) => (json!({ "problem": problem }), None),
        None => (Value::Null, None),
    };
    json!({
        "id": letter.id, "flow": shown.flow, "group": shown.fingerprint, "acknowledged": shown.ack,
        "code": reason.code, "title": title(&reason.code), "path": reason.path, "summary": reason.summary,
        "mapping": reason.mapping, "attempts": reason.attempts, "first_failed_at": reason.first_failed_at,
        "last_failed_at": reason.last_failed_at, "sent_at": letter.sent_at, "dropped_at": shown.expires_at,
        "receive_count": letter.receive_count, "original_message_id": reason.original_message_id,
        "correlation_id": reason.correlation_id, "source_queue": reason.source_queue,
        "edit": shown.edit, "body": shown.body, "body_at": body::place(&shown.body, &reason.path),
        "verdict": verdict_json(&shown.verdict), "explained": explained.collect::<Vec<_>>(),
        "journey": journey, "target_said": target_said,
    })
}

pub(super) fn verdict_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Passes(tried) => {
            json!({ "would": "pass", "mappings": tried.mappings, "not_tried": tried.not_tried })
        }
        Verdict::Unjudged(why) => json!({ "would": "unjudged", "why": why }),
        Verdict::Fails(wrong) => {
            let each = wrong.iter().map(|Wrong { mapping, code, path, problem }| {
                json!({ "mapping": mapping, "code": code, "path": path, "problem": problem })
            });
            json!({ "would": "fail", "problems": each.collect::<Vec<_>>() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, crashed, id, refused_by_target, review, unknown_status, world};
    use review::Editing;

    use super::*;

    async fn show(number: usize) -> Answer {
        let world = world([unknown_status(1), refused_by_target(2), crashed(3)]);
        let show = asked::<Show>(&[&id(number), "--stack", "shop"]);
        show.run(&review(&world), None, &Stop::default()).await.unwrap()
    }

    #[tokio::test]
    async fn a_letter_is_shown_with_its_place_marked_and_what_the_mapping_makes_of_it() {
        let answer = show(1).await;
        for text in [
            "SPW2004 (a value is not in the value map)",
            "once, 2026-11-24T09:30:00Z",
            "2026-12-08T10:00:00Z, in 14 d 0 h",
            "body: >> marks $.fulfillment_status\n",
            "\n>>     \"fulfillment_status\": ",
            "today it would be refused:\n  shopify-order/2 canonical.order@1: SPW2004 at $.fulfillment_status: ",
            "correlation id  c-1",
        ] {
            assert!(answer.text.contains(text), "{text} in {}", answer.text);
        }
        assert_eq!(answer.text.lines().filter(|line| line.starts_with(">>")).count(), 1);
        assert!(!answer.good && !answer.text.contains('\x1b'));
        assert_eq!(answer.json["body_at"], "$.data.fulfillment_status");
        assert_eq!(answer.json["verdict"]["would"], "fail");
        assert_eq!(answer.json["explained"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_the_mappings_take_and_what_none_can_be_asked_of_is_said() {
        let taken = show(2).await;
        let told =
            "today the mappings take it: shopify-order/2 canonical.order@1, tryton-sale/2 tryton.sale@8.2";
        assert!(taken.good && taken.text.contains(told), "{}", taken.text);
        let crashed = show(3).await;
        assert!(!crashed.good && crashed.text.contains("SQS has moved it"), "{}", crashed.text);
        assert!(crashed.text.contains("today no mapping can be asked"), "{}", crashed.text);
    }

    #[tokio::test]
    async fn an_edited_body_is_shown_as_it_would_be_redriven() {
        let world = world([unknown_status(1)]);
        let review = review(&world);
        let (_, letter) = review.find(&id(1), &[], &Stop::default()).await.unwrap();
        let mut body: Value = serde_json::from_str(&letter.body).unwrap();
        body["data"]["fulfillment_status"] = Value::Null;
        review
            .edit(
                &id(1),
                &[],
                &Editing {
                    after: &body.to_string(),
                    why: "as the shop says",
                    anyway: false,
                    began_from: None,
                },
                &Stop::default(),
            )
            .await
            .unwrap();
        let show = asked::<Show>(&["00000001", "--stack", "shop"]);
        let answer = show.run(&review, None, &Stop::default()).await.unwrap();
        for text in [
            "as the shop says\nThe body below",
            ">>     \"fulfillment_status\": null",
            "the mappings take it",
        ] {
            assert!(answer.text.contains(text), "{text} in {}", answer.text);
        }
        let edit = answer.json["edit"]["before"].as_str().unwrap();
        assert_eq!(edit, letter.digest());
    }

    #[tokio::test]
    async fn a_mark_is_coloured_on_a_terminal_alone() {
        let mut lines = body::lines("{\"time\": 1}");
        body::mark(&mut lines, "$.time");
        let shown = |colour| lines.iter().map(|line| printed(line, colour)).collect::<Vec<_>>().join("\n");
        assert_eq!(shown(false), "   {\n>>   \"time\": 1\n   }");
        assert_eq!(shown(true), "   {\n\x1b[1;31m>>   \"time\": 1\x1b[0m\n   }");
    }
}
