use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use transform::without_indices;

use crate::fingerprint::Fingerprint;
use crate::letter::Letter;

/// Causes that are told apart; a queue has a few.
pub const MOST_GROUPS: usize = 1_000;
/// Ids that a group names.
const MOST_SAMPLES: usize = 5;

/// Letters of one cause.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Group {
    pub fingerprint: Fingerprint,
    pub flow: String,
    pub code: String,
    /// Items of a list together.
    pub path: String,
    /// Of the first that was seen.
    pub summary: String,
    pub mapping: String,
    pub count: u64,
    /// When the first of them failed for the first time, and the last for the last.
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// When the first was sent that is still there: SQS counts retention from then.
    pub oldest_sent: Timestamp,
    pub samples: Vec<String>,
}

/// Letters by their cause, however many there are: nothing is kept of a letter but a few ids.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Groups {
    groups: BTreeMap<Fingerprint, Group>,
    /// Letters of causes beyond [`MOST_GROUPS`].
    pub beyond: u64,
}

impl Groups {
    pub fn add(&mut self, flow: &str, letter: &Letter) {
        let reason = letter.reason(flow);
        let fingerprint = Fingerprint::of(&reason);
        let full = self.groups.len() >= MOST_GROUPS;
        match self.groups.get_mut(&fingerprint) {
            Some(group) => {
                group.count += 1;
                group.first_seen = group.first_seen.min(reason.first_failed_at);
                group.last_seen = group.last_seen.max(reason.last_failed_at);
                group.oldest_sent = group.oldest_sent.min(letter.sent_at);
                if group.samples.len() < MOST_SAMPLES {
                    group.samples.push(letter.id.clone());
                }
            }
            None if full => self.beyond += 1,
            None => {
                let group = Group {
                    fingerprint: fingerprint.clone(),
                    path: without_indices(&reason.path),
                    flow: reason.flow,
                    code: reason.code,
                    summary: reason.summary,
                    mapping: reason.mapping,
                    count: 1,
                    first_seen: reason.first_failed_at,
                    last_seen: reason.last_failed_at,
                    oldest_sent: letter.sent_at,
                    samples: vec![letter.id.clone()],
                };
                self.groups.insert(fingerprint, group);
            }
        }
    }

    /// The largest first.
    pub fn sorted(&self) -> Vec<&Group> {
        let mut groups: Vec<_> = self.groups.values().collect();
        groups.sort_by(|one, other| (other.count, &one.fingerprint).cmp(&(one.count, &other.fingerprint)));
        groups
    }

    pub fn get(&self, fingerprint: &str) -> Option<&Group> {
        self.groups.values().find(|group| group.fingerprint.as_str() == fingerprint)
    }
}
