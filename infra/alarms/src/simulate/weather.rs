//! What a flow meets within a minute, out of what fails.

use super::{During, Fault};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    Up,
    Down,
    Throttles,
    Refuses,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Runs {
    Well,
    Crashes,
    TimesOut,
    Throttled,
}

#[derive(Clone, Debug)]
pub(super) struct Weather {
    pub(super) target: Target,
    pub(super) runs: Runs,
    /// 0: none.
    pub(super) refused_every: u32,
    pub(super) values_unknown: bool,
    /// What is refused is a panic, and is not refused again.
    pub(super) panics: bool,
    pub(super) is_slow: bool,
    /// How often each event comes beside the first time.
    pub(super) repeats: u32,
    pub(super) overrides_refused: bool,
    /// Invocations at a time that are not its queue's.
    pub(super) invoked_by_others: u32,
    pub(super) polls: bool,
    pub(super) table_throttled: bool,
    pub(super) starts_cold: bool,
    pub(super) letters_sleep: bool,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            target: Target::Up,
            runs: Runs::Well,
            refused_every: 0,
            values_unknown: false,
            panics: false,
            is_slow: false,
            repeats: 0,
            overrides_refused: false,
            invoked_by_others: 0,
            polls: true,
            table_throttled: false,
            starts_cold: false,
            letters_sleep: false,
        }
    }
}

impl Weather {
    /// Of the flow of this name.
    pub(super) fn of(place: &str, faults: &[During]) -> Self {
        let mut weather = Weather::default();
        let here = |name: &str| name == place;
        let among = |names: &[&str]| names.iter().any(|name| here(name));
        for during in faults {
            match during.fault {
                Fault::TargetDown { flows } if among(flows) => weather.target = Target::Down,
                Fault::TargetThrottles { flows } if among(flows) => weather.target = Target::Throttles,
                Fault::CredentialsRefused { flows } if among(flows) => weather.target = Target::Refuses,
                Fault::Poison { flow, every } if here(flow) => weather.refused_every = every,
                Fault::UnknownValue { flow, every } if here(flow) => {
                    (weather.refused_every, weather.values_unknown) = (every, true);
                }
                Fault::OverridesRefused { flow } if here(flow) => weather.overrides_refused = true,
                Fault::PollerDead { flow } | Fault::MappingDisabled { flow } if here(flow) => {
                    weather.polls = false;
                }
                Fault::FunctionCrashes { flow } if here(flow) => weather.runs = Runs::Crashes,
                Fault::FunctionTimesOut { flow } if here(flow) => weather.runs = Runs::TimesOut,
                Fault::Panics { flow, every } if here(flow) => {
                    (weather.refused_every, weather.panics) = (every, true);
                }
                Fault::TargetSlow { flows } if among(flows) => weather.is_slow = true,
                Fault::FunctionThrottled { flow } if here(flow) => weather.runs = Runs::Throttled,
                Fault::InvokedByOthers { flow, count } if here(flow) => weather.invoked_by_others = count,
                Fault::SourceRepeats { flow, times } if here(flow) => weather.repeats = times,
                Fault::TableThrottled | Fault::TableFails => weather.table_throttled = true,
                Fault::Deploy => weather.starts_cold = true,
                Fault::LettersFallAsleep => weather.letters_sleep = true,
                _ => {}
            }
        }
        weather
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_met_by_the_flows_that_it_names_and_by_all_where_it_names_none() {
        let faults = [
            Fault::TargetDown { flows: &["a", "b"] },
            Fault::PollerDead { flow: "a" },
            Fault::TableThrottled,
        ]
        .map(|fault| During { fault, from: 0, to: 1 });
        let met = ["a", "b", "c"].map(|name| {
            let weather = Weather::of(name, &faults);
            (weather.target == Target::Down, weather.polls, weather.table_throttled)
        });
        assert_eq!(met, [(true, false, true), (true, true, true), (false, true, true)]);
    }
}
