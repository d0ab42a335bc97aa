//! Scripts against a plain second telling of what they mean.

use proptest::prelude::*;

use super::*;

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn script(steps: &[(u64, Condition)], after: AfterLast) -> FaultScript {
    let steps: Vec<_> = steps
        .iter()
        .map(|&(lasts, condition)| FaultStep {
            condition,
            lasts: ms(lasts),
        })
        .collect();
    FaultScript::try_new(&steps, after).unwrap()
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        2 => Just(Condition::Calm),
        1 => Just(Condition::Refuse),
        1 => Just(Condition::Lose),
        1 => Just(Condition::Hang),
        1 => (1u64..3).prop_map(|by| Condition::Slow { by: ms(by) }),
    ]
}

fn any_script() -> impl Strategy<Value = FaultScript> {
    let steps = prop::collection::vec((100u64..400, condition()), 1..8);
    let after = prop_oneof![
        Just(AfterLast::Repeat),
        condition().prop_map(AfterLast::Stay)
    ];
    (steps, after).prop_map(|(steps, after)| script(&steps, after))
}

/// What holds at a moment, told without any arithmetic on rounds.
fn told(script: &FaultScript, elapsed: Duration) -> Condition {
    let mut ends = Duration::ZERO;
    loop {
        for step in script.steps.iter() {
            ends += step.lasts;
            if elapsed < ends {
                return step.condition;
            }
        }
        if let AfterLast::Stay(condition) = script.after {
            return condition;
        }
    }
}

proptest! {
    #[test]
    fn every_moment_has_the_condition_of_its_step(script in any_script(), at in 0u64..20_000) {
        prop_assert_eq!(script.at(ms(at)).condition, told(&script, ms(at)));
    }

    #[test]
    fn the_next_change_is_the_first_one(script in any_script(), at in 0u64..10_000) {
        let now = script.at(ms(at));
        let end = now.next.map_or(ms(at) + script.length * 3, |(change, _)| change);
        prop_assert!(end > ms(at));
        if let Some((change, next)) = now.next {
            prop_assert_ne!(next, now.condition);
            prop_assert_eq!(script.at(change).condition, next);
        }
        let mut moment = ms(at);
        while moment < end {
            prop_assert_eq!(script.at(moment).condition, now.condition);
            moment += ms(1);
        }
    }

    #[test]
    fn sessions_end_by_the_first_condition_that_ends_them(
        script in any_script(), seen in 0u64..10_000, later in 0u64..3_000,
    ) {
        let now = seen + later;
        let first = (seen..=now)
            .map(|at| told(&script, ms(at)))
            .find(|condition| condition.ends_sessions());
        let found = script.first_end(ms(seen), ms(now));
        prop_assert_eq!(found.is_some(), first.is_some());
        // Of what happened before the last round it is enough to know that it did.
        if ms(later) <= script.length {
            prop_assert_eq!(found, first);
        }
    }
}

#[track_caller]
fn check(script: &FaultScript, at: u64, condition: Condition, next: Option<(u64, Condition)>) {
    let next = next.map(|(at, condition)| (ms(at), condition));
    assert_eq!(script.at(ms(at)), Situation { condition, next });
}

#[test]
fn a_script_that_repeats_has_no_end() {
    use Condition::{Calm, Refuse};
    let script = script(&[(2_000, Calm), (1_000, Refuse)], AfterLast::Repeat);
    check(&script, 0, Calm, Some((2_000, Refuse)));
    check(&script, 1_999, Calm, Some((2_000, Refuse)));
    check(&script, 2_000, Refuse, Some((3_000, Calm)));
    check(&script, 3_000, Calm, Some((5_000, Refuse)));
    check(&script, 3_000_000, Calm, Some((3_002_000, Refuse)));
}

#[test]
fn a_script_that_ends_stays_as_it_says() {
    use Condition::{Calm, Hang};
    let script = script(&[(1_000, Calm)], AfterLast::Stay(Hang));
    check(&script, 999, Calm, Some((1_000, Hang)));
    check(&script, 1_000, Hang, None);
    check(&FaultScript::calm(), 0, Calm, None);
}

#[test]
fn steps_of_one_condition_are_one() {
    use Condition::{Calm, Lose};
    let round = [(500, Calm), (500, Lose), (500, Calm)];
    let script = script(&round, AfterLast::Repeat);
    check(&script, 1_100, Calm, Some((2_000, Lose)));
    let same = script_of_one(Calm);
    check(&same, 700, Calm, None);
}

fn script_of_one(condition: Condition) -> FaultScript {
    script(&[(500, condition), (500, condition)], AfterLast::Repeat)
}

#[test]
fn what_cannot_be_played_is_no_script() {
    let step = |lasts| FaultStep {
        condition: Condition::Calm,
        lasts,
    };
    let refused = |steps: &[FaultStep]| FaultScript::try_new(steps, AfterLast::Repeat).unwrap_err();
    assert_eq!(refused(&[]), ScriptError::Empty);
    let short = [step(ms(100)), step(ms(99))];
    assert_eq!(refused(&short), ScriptError::Length(1));
    let long = [step(Duration::from_secs(86_401))];
    assert_eq!(refused(&long), ScriptError::Length(0));
    assert_eq!(refused(&[step(ms(100)); 101]), ScriptError::TooMany);
}
