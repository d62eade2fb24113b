use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use review::{FlowListing, ListedGroup, Listing, Review, Stop};
use serde_json::{Value, json};

use super::arguments::Scope;
use super::unseen;
use super::words::{clean, code, left, letters, title, when};
use crate::answer::Answer;
use crate::table::table;

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) scope: Scope,
}

impl List {
    pub(crate) async fn run(&self, review: &Review, stop: &Stop) -> Result<Answer> {
        let listing = review.list(&self.scope.flows, stop).await?;
        let now = review.clock.now();
        let missed: Vec<_> =
            listing.flows.iter().flat_map(|flow| unseen(&flow.flow, &flow.looked, review, stop)).collect();
        let good = listing.is_known() && missed.is_empty();
        let rows: Vec<_> = listing.flows.iter().map(|flow| row(flow, now)).collect();
        let mut parts =
            vec![table(["flow", "letters", "hidden by others", "oldest", "dropped in"], &rows, true)];
        parts.extend(listing.groups.iter().map(|group| described(group, now)));
        if listing.beyond > 0 {
            parts.push(format!("{} of more causes than are told apart", letters(listing.beyond)));
        }
        if !missed.is_empty() {
            parts.push(missed.join("\n"));
        }
        if listing.groups.is_empty() && missed.is_empty() {
            parts.push("no dead letters".to_owned());
        }
        Ok(Answer { text: parts.join("\n\n"), json: json(&listing), good })
    }
}

fn row(flow: &FlowListing, now: Timestamp) -> [String; 5] {
    [
        flow.flow.clone(),
        flow.looked.seen.to_string(),
        flow.looked.elsewhere().to_string(),
        flow.oldest_sent.map(when).unwrap_or_default(),
        flow.expires_at.map(|at| left(now, at)).unwrap_or_default(),
    ]
}

fn described(listed: &ListedGroup, now: Timestamp) -> String {
    let group = &listed.group;
    let at = if group.path.is_empty() { String::new() } else { format!(" at {}", clean(&group.path)) };
    let mapping =
        if group.mapping.is_empty() { "no mapping was reached".to_owned() } else { clean(&group.mapping) };
    let known = listed.ack.as_ref().map_or_else(
        || "not acknowledged".to_owned(),
        |ack| format!("acknowledged until {} by {}: {}", when(ack.until), clean(&ack.by), clean(&ack.reason)),
    );
    [
        format!("{}  {}  {}", group.fingerprint, letters(group.count), clean(&group.flow)),
        format!("  {}{at}", code(&group.code)),
        format!("  {}", clean(&group.summary)),
        format!("  {mapping}"),
        format!(
            "  failed first {}, last {}; the oldest is dropped in {}",
            when(group.first_seen),
            when(group.last_seen),
            left(now, listed.expires_at)
        ),
        format!("  {known}"),
        format!("  such as {}", group.samples.join(" ")),
    ]
    .join("\n")
}

fn json(listing: &Listing) -> Value {
    let flow = |flow: &FlowListing| {
        json!({
            "flow": flow.flow, "letters": flow.looked.seen, "hidden_by_others": flow.looked.elsewhere(),
            "complete": flow.looked.complete, "oldest_sent": flow.oldest_sent, "dropped_at": flow.expires_at,
        })
    };
    let group = |listed: &ListedGroup| {
        let mut group = json!(listed.group);
        if let Some(members) = group.as_object_mut() {
            members.insert("title".to_owned(), json!(title(&listed.group.code)));
            members.insert("dropped_at".to_owned(), json!(listed.expires_at));
            members.insert("acknowledged".to_owned(), json!(listed.ack));
        }
        group
    };
    json!({
        "flows": listing.flows.iter().map(flow).collect::<Vec<_>>(),
        "groups": listing.groups.iter().map(group).collect::<Vec<_>>(),
        "beyond": listing.beyond,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use review::LetterQueue as _;

    use super::super::testing::{
        ANN, FLOW, asked, crashed, refused_by_target, review, unknown_status, world,
    };
    use super::*;

    #[tokio::test]
    async fn letters_are_listed_by_flow_and_cause() {
        let world = world((0..12).map(unknown_status).chain((12..15).map(crashed)));
        let answer =
            asked::<List>(&["--stack", "shop"]).run(&review(&world), &Stop::default()).await.unwrap();
        assert!(!answer.good);
        for text in [
            "orders-to-inventory  15       0                 2026-11-24T10:00:00Z  14 d 0 h",
            "12 letters  orders-to-inventory",
            "SPW2004 (",
            " at $.fulfillment_status",
            "3 letters  orders-to-inventory\n  none",
            "no mapping was reached",
            "not acknowledged",
            "00000000-0000-4000-8000-000000000000 00000001-",
        ] {
            assert!(answer.text.contains(text), "{text} in {}", answer.text);
        }
        assert_eq!(answer.json["groups"][0]["count"], 12);
        assert_eq!(answer.json["groups"][0]["title"], message::Code::ValueUnknown.title());
        assert_eq!(answer.json["flows"][0]["letters"], 15);
    }

    #[tokio::test]
    async fn all_is_well_where_nothing_is_or_somebody_knows_of_it() {
        let (empty, known) = (world([]), world([refused_by_target(1)]));
        let list = asked::<List>(&["--stack", "shop"]);
        let answer = list.run(&review(&empty), &Stop::default()).await.unwrap();
        assert!(answer.good && answer.text.contains("no dead letters"), "{}", answer.text);
        let group =
            list.run(&review(&known), &Stop::default()).await.unwrap().json["groups"][0]["fingerprint"]
                .clone();
        let until = "2026-11-25T00:00:00Z".parse().unwrap();
        review(&known)
            .ack(group.as_str().unwrap(), until, "the shop mends it", &Stop::default())
            .await
            .unwrap();
        let answer = list.run(&review(&known), &Stop::default()).await.unwrap();
        let told = format!("acknowledged until 2026-11-25T00:00:00Z by {ANN}: the shop mends it");
        assert!(answer.good && answer.text.contains(&told), "{}", answer.text);
        known.advance(Duration::from_secs(15 * 3_600));
        assert!(!list.run(&review(&known), &Stop::default()).await.unwrap().good);
    }

    #[tokio::test]
    async fn what_was_not_seen_is_said_and_is_not_well() {
        let world = world((0..10).map(unknown_status));
        world.receive(Duration::from_secs(60)).await.unwrap();
        let list = asked::<List>(&["--stack", "shop", "--flow", FLOW]);
        let answer = list.run(&review(&world), &Stop::default()).await.unwrap();
        let told = "orders-to-inventory: 10 letters not seen, as somebody else was looking at them";
        assert!(!answer.good && answer.text.contains(told), "{}", answer.text);
    }
}
