use std::future::Future;

use message::{Code, Effect};

use crate::{CallError, Refusal, TargetKey};

/// An attempt that failed, with what is known of its effect: what the claim is released with.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    pub error: CallError,
    pub effect: Effect,
}

/// Makes an effect at a target that takes no idempotency key: looks it up by our reference first, and once more
/// when the outcome of making it is unknown. `prior` is what the ledger knows of earlier attempts.
pub async fn at_most_once<T, L, M>(
    prior: Effect,
    look_up: impl Fn() -> L,
    make: impl FnOnce() -> M,
) -> Result<T, Attempt>
where
    L: Future<Output = Result<Option<T>, CallError>>,
    M: Future<Output = Result<T, CallError>>,
{
    match look_up().await {
        Ok(Some(found)) => return Ok(found),
        Ok(None) => {}
        // A look-up changes nothing: what was known before still holds.
        Err(error) => return Err(Attempt { error, effect: prior }),
    }
    let error = match make().await {
        Ok(made) => return Ok(made),
        Err(error) => error,
    };
    if error.effect() == Effect::Unknown {
        if let Ok(Some(found)) = look_up().await {
            return Ok(found);
        }
        // Not found now is not absent: the target may still be working on the request.
        return Err(Attempt { error, effect: Effect::Unknown });
    }
    Err(Attempt { error, effect: Effect::Absent })
}

/// Makes an effect at a target that knows a repeat by our key. What the key does not cover any more is looked up where
/// the target can be asked, and otherwise left to a person: it is refused rather than guessed.
pub async fn keyed<T, M>(prior: Effect, key: &TargetKey, make: impl FnOnce() -> M) -> Result<T, Attempt>
where
    M: Future<Output = Result<T, CallError>>,
{
    if !key.covers(prior) {
        let summary =
            "an earlier attempt may have succeeded, and the target has forgotten its idempotency key";
        let error = CallError::Refused(Refusal::new(Code::OutcomeUnknown, "$", summary));
        return Err(Attempt { error, effect: Effect::Unknown });
    }
    make().await.map_err(|error| {
        // "Not now" says nothing about attempts before this one.
        let effect = if error.effect() == Effect::Absent { prior } else { Effect::Unknown };
        Attempt { error, effect }
    })
}

/// Makes an effect that a repeat only makes again: a cache that is filled twice is as full. What earlier attempts have done
/// need not be known, so that nothing is left unknown but what the target may be working on now.
pub async fn repeatable<T, M>(make: impl FnOnce() -> M) -> Result<T, Attempt>
where
    M: Future<Output = Result<T, CallError>>,
{
    make().await.map_err(|error| Attempt { effect: error.effect(), error })
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use std::time::Duration;

    use super::*;

    fn unknown() -> CallError {
        CallError::OutcomeUnknown { code: Code::OutcomeUnknown, after: None }
    }

    fn not_now() -> CallError {
        CallError::NotNow { code: Code::TargetThrottled, after: None }
    }

    /// Runs one script: answers of the look-ups in order, the answer of `make`; returns also how often it was made.
    async fn run(
        prior: Effect,
        look_ups: Vec<Result<Option<u8>, CallError>>,
        made: Result<u8, CallError>,
    ) -> (Result<u8, Attempt>, u8) {
        let answers = RefCell::new(look_ups.into_iter());
        let makes = Cell::new(0);
        let result = at_most_once(
            prior,
            || async { answers.borrow_mut().next().expect("no further look-up is expected") },
            || async {
                makes.set(makes.get() + 1);
                made
            },
        )
        .await;
        assert!(answers.into_inner().next().is_none(), "a look-up was left out");
        (result, makes.get())
    }

    #[tokio::test]
    async fn what_is_found_is_not_made_again() {
        assert_eq!(run(Effect::Unknown, vec![Ok(Some(1))], Ok(2)).await, (Ok(1), 0));
    }

    #[tokio::test]
    async fn what_is_absent_is_made_once() {
        assert_eq!(run(Effect::Absent, vec![Ok(None)], Ok(2)).await, (Ok(2), 1));
    }

    #[tokio::test]
    async fn an_unknown_outcome_is_looked_up_not_guessed() {
        assert_eq!(run(Effect::Absent, vec![Ok(None), Ok(Some(7))], Err(unknown())).await, (Ok(7), 1));
    }

    #[tokio::test]
    async fn an_unknown_outcome_that_is_not_found_yet_stays_unknown() {
        for second in [Ok(None), Err(not_now())] {
            let (result, makes) = run(Effect::Absent, vec![Ok(None), second], Err(unknown())).await;
            assert_eq!(result, Err(Attempt { error: unknown(), effect: Effect::Unknown }));
            assert_eq!(makes, 1);
        }
    }

    #[tokio::test]
    async fn a_failed_look_up_makes_nothing_and_keeps_what_was_known() {
        for prior in [Effect::Absent, Effect::Unknown] {
            let (result, makes) = run(prior, vec![Err(not_now())], Ok(2)).await;
            assert_eq!(result, Err(Attempt { error: not_now(), effect: prior }));
            assert_eq!(makes, 0);
        }
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_effect_absent() {
        let (result, _) = run(Effect::Unknown, vec![Ok(None)], Err(not_now())).await;
        assert_eq!(result.unwrap_err().effect, Effect::Absent);
    }

    #[tokio::test]
    async fn of_what_may_be_repeated_only_what_may_be_on_its_way_is_unknown() {
        assert_eq!(repeatable(|| async { Ok(7) }).await, Ok(7));
        let failed = repeatable::<u8, _>(|| async { Err(not_now()) }).await;
        assert_eq!(failed.unwrap_err().effect, Effect::Absent);
        let failed = repeatable::<u8, _>(|| async { Err(unknown()) }).await;
        assert_eq!(failed.unwrap_err().effect, Effect::Unknown);
    }

    fn target_key(age: Duration) -> TargetKey {
        let operation = message::OperationKey::new("payments", &["1"]);
        let day = Duration::from_secs(24 * 3_600);
        crate::IdempotencySeed { operation, version: 0, age, unknown_for: age }.for_target(day)
    }

    #[tokio::test]
    async fn under_a_key_that_the_target_still_knows_a_repeat_is_made() {
        let key = target_key(Duration::ZERO);
        assert_eq!(keyed(Effect::Unknown, &key, || async { Ok(7) }).await, Ok(7));
        let failed = keyed::<u8, _>(Effect::Unknown, &key, || async { Err(not_now()) }).await;
        assert_eq!(failed.unwrap_err().effect, Effect::Unknown, "the earlier attempt may have succeeded");
        let failed = keyed::<u8, _>(Effect::Absent, &key, || async { Err(not_now()) }).await;
        assert_eq!(failed.unwrap_err().effect, Effect::Absent);
    }

    #[tokio::test]
    async fn what_a_forgotten_key_may_have_done_is_not_repeated() {
        let key = target_key(Duration::from_secs(30 * 3_600));
        let refused =
            keyed::<u8, _>(Effect::Unknown, &key, || async { panic!("no call") }).await.unwrap_err();
        assert_eq!((refused.error.code(), refused.effect), (Code::OutcomeUnknown, Effect::Unknown));
        assert_eq!(keyed(Effect::Absent, &key, || async { Ok(7) }).await, Ok(7));
    }
}
