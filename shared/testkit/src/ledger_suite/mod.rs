//! The ledger's protocol, state by state. One suite for every store: [`crate::ledger_conformance!`] makes the tests.
//! Each behaviour runs twice: with its writes alone, and with each of them in a batch of others.

mod batches;
mod bench;
mod claims;
mod content;
mod progress;
mod rejections;
mod versions;

use std::sync::Arc;

use ledger::Store;

pub use batches::*;
pub use bench::{Bench, Way};
pub use claims::*;
pub use content::*;
pub use progress::*;
pub use rejections::*;
pub use versions::*;

/// Hands the names of all behaviours to the macro `$callback!`, after what else stands there.
#[macro_export]
#[doc(hidden)]
macro_rules! ledger_behaviours {
    ($callback:path, $($before:tt)*) => {
        $callback! { $($before)*
            a_fresh_operation_is_granted_with_its_effect_absent,
            a_running_claim_is_in_progress_for_others,
            a_lease_is_over_to_the_millisecond,
            a_takeover_raises_the_epoch_and_knows_nothing_of_the_effect,
            a_completed_operation_is_a_duplicate_with_its_outcome,
            completing_twice_is_recognised_as_our_own_retry,
            other_content_under_a_done_key_is_a_conflict,
            what_another_mapping_makes_of_a_message_that_was_done_is_done,
            another_mapping_takes_over_what_is_unknown_and_has_to_look,
            another_mapping_into_the_targets_words_is_no_reason_for_other_content,
            other_content_is_a_conflict_while_the_effect_is_unknown,
            other_content_may_replace_what_certainly_had_no_effect,
            a_release_ends_the_lease_and_keeps_what_is_known,
            a_zombie_changes_nothing,
            an_owner_past_its_lease_may_complete_while_nobody_took_over,
            a_rejected_message_meets_its_own_rejection,
            a_rejection_is_reopened_by_another_message,
            a_version_whose_letter_stands_for_all_is_opened_by_a_redrive_alone,
            a_newer_version_opens_a_rejection_whatever_its_letter_stands_for,
            what_was_applied_before_a_rejection_is_stale_before_it_is_covered,
            a_redriven_letter_of_an_older_version_leaves_a_newer_rejection_and_its_progress_alone,
            of_parallel_claims_exactly_one_is_granted,
            an_operation_twice_in_a_batch_is_claimed_once,
            a_batch_beyond_one_call_is_answered_in_its_order,
            a_first_claim_is_remembered_by_every_later_one,
            what_is_unknown_is_unknown_since_the_first_attempt_that_may_have_had_its_effect,
            a_renewed_lease_holds_longer,
            a_lease_that_no_clock_in_order_wrote_is_told_from_one_that_runs,
            what_an_attempt_leaves_is_read_by_the_next_however_it_ended,
            what_was_left_of_another_version_or_content_says_nothing,
            who_has_lost_its_claim_leaves_nothing,
            what_is_done_keeps_nothing_of_its_attempts,
            an_older_version_of_what_was_applied_is_stale,
            a_newer_version_opens_what_was_done_and_keeps_its_ids,
            a_newer_version_waits_for_the_lease_of_an_older_one,
            an_older_version_is_stale_while_a_newer_one_is_on_its_way,
            a_rejected_version_does_not_make_older_ones_stale,
            what_was_applied_before_a_rejection_stays_applied,
            a_completed_operation_is_found_by_the_targets_id,
        }
    };
}

/// One test a behaviour, on the store that `$store` (an async expression) makes.
#[macro_export]
macro_rules! ledger_conformance {
    (@tests $store:expr, $($behaviour:ident,)*) => {
        $(#[tokio::test]
        async fn $behaviour() {
            use $crate::ledger_suite::{self, Bench, Way};
            let store: std::sync::Arc<dyn ledger::Store> = $store.await;
            for way in [Way::Alone, Way::InABatch] {
                ledger_suite::$behaviour(Bench::new(std::sync::Arc::clone(&store), way)).await;
            }
        })*
    };
    ($store:expr) => {
        $crate::ledger_behaviours!($crate::ledger_conformance, @tests $store,);
    };
}

/// All behaviours one after the other on one store, where starting its engine for each would take too long. A
/// behaviour that fails is the last one named.
pub async fn all_behaviours(store: Arc<dyn Store>) {
    macro_rules! each {
        ($($behaviour:ident,)*) => {
            $(for way in [Way::Alone, Way::InABatch] {
                println!("{} {way:?}", stringify!($behaviour));
                $behaviour(Bench::new(Arc::clone(&store), way)).await;
            })*
        };
    }
    crate::ledger_behaviours!(each,);
}
