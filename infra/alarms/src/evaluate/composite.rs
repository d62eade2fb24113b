//! Composite alarms, after the alarms that they are made of. In a chain of them each is evaluated after those that it asks for.

use std::collections::HashMap;

use super::{History, State, Transition, set};
use crate::alarm::{Alarm, CompositeAlarm, Kind};

pub(super) struct Composites<'a> {
    /// Places by name: every rule asks for its alarms at every minute.
    places: HashMap<&'a str, usize>,
    all: Vec<Composite<'a>>,
}

struct Composite<'a> {
    place: usize,
    alarm: &'a CompositeAlarm,
    /// What its actions still have to be carried out for.
    pending: Option<Transition>,
    /// Until when they wait for the suppressor to ring, or after it has stopped.
    waits_until: u32,
    suppressor: State,
}

impl<'a> Composites<'a> {
    pub(super) fn of(alarms: &'a [Alarm]) -> Self {
        let composite = |(place, alarm): (usize, &'a Alarm)| match &alarm.kind {
            Kind::Composite(alarm) => Some(Composite {
                place,
                alarm,
                pending: None,
                waits_until: 0,
                suppressor: State::InsufficientData,
            }),
            Kind::Metric(_) => None,
        };
        let places = alarms.iter().enumerate().map(|(place, alarm)| (alarm.name.as_str(), place));
        Self { places: places.collect(), all: alarms.iter().enumerate().filter_map(composite).collect() }
    }

    pub(super) fn evaluate(&mut self, minute: u32, states: &mut [State], history: &mut History) {
        // As many rounds as a chain can be long, or until nothing changes any more.
        for _ in 0..self.all.len() {
            let before = history.transitions.len();
            for composite in &mut self.all {
                composite.follow(minute, &self.places, states, history);
            }
            if history.transitions.len() == before {
                break;
            }
        }
        for composite in &mut self.all {
            composite.act(minute, &self.places, states, history);
        }
    }
}

/// By its name or its ARN.
fn state_of(places: &HashMap<&str, usize>, states: &[State], name: &str) -> Option<State> {
    let of_arn = || places.get(name.rsplit_once(":alarm:")?.1);
    states.get(*places.get(name).or_else(of_arn)?).copied()
}

impl Composite<'_> {
    fn follow(
        &mut self,
        minute: u32,
        places: &HashMap<&str, usize>,
        states: &mut [State],
        history: &mut History,
    ) {
        let holds = self.alarm.rule.holds(&|name| state_of(places, states, name));
        let state = if holds { State::Alarm } else { State::Ok };
        let Some(before) = states.get(self.place).copied().filter(|before| *before != state) else { return };
        set(states, self.place, state);
        let transition = Transition { minute, alarm: self.place, from: before, to: state };
        history.transitions.push(transition.clone());
        let wait = self.alarm.suppressor.as_ref().map_or(0, |suppressor| suppressor.wait_minutes);
        self.waits_until = self.waits_until.max(minute + wait);
        self.pending = Some(transition);
    }

    /// "When a suppressor alarm changes states from OK to ALARM, its composite alarm stops taking actions"; what it has become meanwhile is
    /// acted upon `ExtensionPeriod` after the suppressor has stopped, if it is still so.
    fn act(&mut self, minute: u32, places: &HashMap<&str, usize>, states: &[State], history: &mut History) {
        if let Some(suppressor) = &self.alarm.suppressor {
            let state = state_of(places, states, &suppressor.alarm).unwrap_or(State::Ok);
            if self.suppressor == State::Alarm && state != State::Alarm {
                self.waits_until = minute + suppressor.extension_minutes;
            }
            self.suppressor = state;
            if state == State::Alarm || minute < self.waits_until {
                return;
            }
        }
        if let Some(pending) = self.pending.take() {
            history.composite_actions.push(Transition { minute, ..pending });
        }
    }
}
