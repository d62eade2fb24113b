//! Messages of one batch that ask for the same operation: one of them leads, the others end by how it ended, without a
//! look at the ledger.

use std::collections::HashMap;

use message::{Code, Disposition, Rejection, Retry};

use crate::end::Finished;
use crate::prepare::Prepared;

/// Who leads whom: of several messages with one key the newest version, of those one that may open a rejection again, and of those
/// the first. Where one letter stands for all of them it is the one that was received most often: if it is given up, that is said of all.
pub(crate) struct Repeats {
    /// Places of the records that are worked on, in their order.
    pub(crate) leaders: Vec<usize>,
    /// Place of a record, and of the one that leads it.
    pub(crate) followers: Vec<(usize, usize)>,
}

impl Repeats {
    pub(crate) fn among<T>(prepared: &[Option<&Prepared<T>>]) -> Self {
        let mut leader_of = HashMap::new();
        for (place, prepared) in prepared.iter().enumerate() {
            let Some(prepared) = prepared else { continue };
            let translated = &prepared.translated;
            let is_covered = prepared.is_covered_by_letters();
            let rank = (translated.version, !is_covered, if is_covered { prepared.receives } else { 0 });
            leader_of
                .entry(&translated.key)
                .and_modify(|(leader, highest)| {
                    if rank > *highest {
                        (*leader, *highest) = (place, rank);
                    }
                })
                .or_insert((place, rank));
        }
        let (mut leaders, mut followers) = (Vec::new(), Vec::new());
        for (place, prepared) in prepared.iter().enumerate() {
            let Some(prepared) = prepared else { continue };
            match leader_of.get(&prepared.translated.key) {
                Some((leader, _)) if *leader != place => followers.push((place, *leader)),
                _ => leaders.push(place),
            }
        }
        Self { leaders, followers }
    }
}

/// Whether its leader's dead letter stands for the follower too: that of now, or the one that its leader has met in the ledger, of
/// its own version or a newer one.
pub(crate) fn is_covered<T>(follower: &Prepared<T>, leader: &Prepared<T>, finished: &Finished) -> bool {
    follower.is_covered_by_letter_of(leader.translated.version)
        && (finished.rejected_now || finished.rejected_before)
}

/// How a follower ends, by how its leader did. That the leader itself was rejected before says nothing: another message
/// of that key, a redriven one say, is tried.
pub(crate) fn follow<T>(follower: &Prepared<T>, leader: &Prepared<T>, finished: &Finished) -> Disposition {
    let ended = &finished.disposition;
    let mapping = follower.translated.mapping;
    let older = follower.translated.version < leader.translated.version;
    let same = follower.fingerprint == leader.fingerprint;
    // The leader is in nobody's way any more when this one comes again.
    let again = |after| Disposition::Retry(Retry::new(Code::InProgressElsewhere, after, mapping));
    match ended {
        _ if finished.rejected_before => again(None),
        Disposition::Done | Disposition::Duplicate | Disposition::Stale if older => Disposition::Stale,
        Disposition::Stale => Disposition::Stale,
        Disposition::Done | Disposition::Duplicate if same => Disposition::Duplicate,
        Disposition::Done | Disposition::Duplicate => {
            let rejection = Rejection::new(Code::FingerprintConflict, "$", Code::FingerprintConflict.title());
            Disposition::Reject(rejection.with_mapping(mapping))
        }
        // How old the leader is says nothing of this one.
        Disposition::Reject(rejection) if rejection.code == Code::HeldTooLong => again(None),
        // Of a rejection that the ledger has not taken, nobody knows yet that its letter stands for all.
        Disposition::Reject(_) if follower.is_covered_by_letters() => again(None),
        Disposition::Reject(_) if same && !older => ended.clone(),
        Disposition::Hold(hold) => Disposition::Hold(*hold),
        Disposition::Retry(retry) if same => Disposition::Retry(*retry),
        Disposition::Retry(retry) => again(retry.after),
        // What leads is known to the flow, and so never ignored.
        Disposition::Reject(_) | Disposition::Ignored => again(None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ledger::Reopens;
    use message::{Envelope, Fingerprint, OperationKey};

    use super::*;
    use crate::Due;
    use crate::flow::Translated;

    fn prepared(order: &str, version: u64, content: u32) -> Prepared<u32> {
        let body = r#"{"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "time": "2026-11-24T10:00:00Z",
            "correlationid": "c", "data": {}}"#;
        let key = OperationKey::new("orders", &[order]);
        Prepared {
            message_id: String::new(),
            trace_header: None,
            receives: 1,
            started_at: tokio::time::Instant::now(),
            envelope: Envelope::decode(body).unwrap(),
            translated: Translated {
                operation: content,
                key,
                version,
                mapping: "m/1",
                target_mapping: "",
                due: Due::Now,
            },
            fingerprint: Fingerprint::of(&content).unwrap(),
            reopens: Reopens::AnyOther,
        }
    }

    fn covered(order: &str, version: u64) -> Prepared<u32> {
        Prepared { reopens: Reopens::OlderVersions, ..prepared(order, version, 1) }
    }

    fn finished(disposition: Disposition) -> Finished {
        let (settled, rejected_now) = (crate::end::Settled::Acknowledge, false);
        Finished { place: 0, rejected_before: false, rejected_now, disposition, settled }
    }

    #[test]
    fn of_a_version_one_that_opens_rejections_leads() {
        let records =
            [covered("1", 3), prepared("1", 3, 1), prepared("1", 2, 1), covered("2", 2), prepared("2", 1, 1)];
        let places: Vec<_> = records.iter().map(Some).collect();
        let repeats = Repeats::among(&places);
        assert_eq!(repeats.leaders, [1, 3]);
        assert_eq!(repeats.followers, [(0, 1), (2, 1), (4, 3)]);
    }

    #[test]
    fn of_those_that_one_letter_stands_for_the_one_that_was_received_most_often_leads() {
        let received = |receives, prepared| Prepared { receives, ..prepared };
        let records =
            [received(4, covered("1", 3)), received(5, covered("1", 3)), received(5, covered("1", 3))];
        assert_eq!(Repeats::among(&records.each_ref().map(Some)).leaders, [1]);
        let records = [received(1, prepared("1", 0, 1)), received(5, prepared("1", 0, 2))];
        assert_eq!(Repeats::among(&records.each_ref().map(Some)).leaders, [0]);
    }

    #[test]
    fn a_letter_stands_for_those_that_cannot_open_its_rejection_and_for_no_others() {
        let rejection = || Disposition::Reject(Rejection::new(Code::OutOfStock, "$", "x"));
        let now = Finished { rejected_now: true, ..finished(rejection()) };
        let before = Finished { rejected_before: true, ..finished(Disposition::Duplicate) };
        for ended in [&now, &before] {
            let leader = covered("1", 2);
            for (version, redriven_is_covered) in [(1, true), (2, false)] {
                assert!(is_covered(&covered("1", version), &leader, ended));
                assert!(!is_covered(&prepared("1", version, 1), &leader, ended));
                let redriven = Prepared { reopens: Reopens::UpToItsVersion, ..covered("1", version) };
                assert_eq!(is_covered(&redriven, &leader, ended), redriven_is_covered);
            }
        }
        // A refusal without a claim, or whose letter was not accepted, says nothing of others.
        let same = covered("1", 1);
        assert!(!is_covered(&same, &same, &finished(rejection())));
        assert!(!is_covered(&same, &same, &finished(Disposition::Done)));
    }

    #[test]
    fn the_newest_version_leads_and_of_equals_the_first() {
        let records = [
            prepared("1", 1, 1),
            prepared("2", 0, 1),
            prepared("1", 3, 3),
            prepared("1", 3, 3),
            prepared("2", 0, 1),
        ];
        let mut places: Vec<_> = records.iter().map(Some).collect();
        places.insert(1, None);
        let repeats = Repeats::among(&places);
        assert_eq!(repeats.leaders, [2, 3]);
        assert_eq!(repeats.followers, [(0, 3), (4, 3), (5, 2)]);
    }

    #[test]
    fn a_follower_ends_as_the_ledger_would_end_it() {
        let retry = Disposition::Retry(Retry::new(Code::TargetFailed, Some(Duration::from_secs(7)), "m/1"));
        let rejected = Disposition::Reject(Rejection::new(Code::OutOfStock, "$", "x").with_mapping("m/1"));
        let leader = prepared("1", 0, 1);
        let name = |follower: &Prepared<u32>, leader: &Prepared<u32>, ended: &Disposition| {
            follow(follower, leader, &finished(ended.clone())).name()
        };
        let (same, other) = (prepared("1", 0, 1), prepared("1", 0, 2));
        for (ended, same_ends, other_ends) in [
            (Disposition::Done, "Duplicate", "Reject"),
            (Disposition::Duplicate, "Duplicate", "Reject"),
            (retry.clone(), "Retry", "Retry"),
            (rejected.clone(), "Reject", "Retry"),
        ] {
            assert_eq!(name(&same, &leader, &ended), same_ends, "{ended:?}");
            assert_eq!(name(&other, &leader, &ended), other_ends, "{ended:?}");
        }
        let (newer, older) = (prepared("1", 2, 2), prepared("1", 1, 1));
        for (ended, older_ends) in [
            (Disposition::Done, "Stale"),
            (Disposition::Duplicate, "Stale"),
            (Disposition::Stale, "Stale"),
            (retry, "Retry"),
            (rejected, "Retry"),
        ] {
            assert_eq!(name(&older, &newer, &ended), older_ends, "{ended:?}");
        }
    }
}
