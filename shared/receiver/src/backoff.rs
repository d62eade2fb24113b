use std::time::Duration;

/// First ceiling, doubled with every attempt.
const FIRST: Duration = Duration::from_secs(5);
/// Longest ceiling that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(900);

/// Exponential backoff with full jitter: somewhere between zero and the ceiling of this attempt, and not before
/// `floor`. Never longer than the operator's `cap`. `random` is in 0..1.
pub(crate) fn delay(attempt: u32, floor: Option<Duration>, cap: Duration, random: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let ceiling = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    floor.unwrap_or_default().saturating_add(ceiling.mul_f64(random.clamp(0.0, 1.0))).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_ceiling_doubles_and_stays_bounded() {
        let ceilings: Vec<_> = (1..=10).map(|attempt| delay(attempt, None, HOUR, 1.0).as_secs()).collect();
        assert_eq!(ceilings, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        assert_eq!(delay(u32::MAX, None, HOUR, 1.0), LONGEST);
    }

    #[test]
    fn jitter_covers_the_whole_range() {
        assert_eq!(delay(3, None, HOUR, 0.0), Duration::ZERO);
        assert_eq!(delay(3, None, HOUR, 0.5), Duration::from_secs(10));
    }

    #[test]
    fn what_the_target_asked_for_is_a_floor() {
        let floor = Some(Duration::from_secs(60));
        assert_eq!(delay(1, floor, HOUR, 0.0), Duration::from_secs(60));
        assert_eq!(delay(1, floor, HOUR, 1.0), Duration::from_secs(65));
    }

    #[test]
    fn the_operators_cap_is_above_everything() {
        let cap = Duration::from_secs(30);
        assert_eq!(delay(9, Some(HOUR), cap, 1.0), cap);
    }
}
