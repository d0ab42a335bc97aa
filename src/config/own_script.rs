//! A rehearsal's own steps as they are written, and what they mean:
//!
//! ```text
//! script = STEP, … [, "repeat"]
//! STEP   = [DURATION] CONDITION [DELAY]     DELAY for slow alone
//! DURATION, DELAY = NUMBER ms | NUMBER s | NUMBER min, without a blank
//! ```
//!
//! Knows nothing of sources. The last step may lack its duration and then holds
//! for ever; after any other last step all is calm, unless the script repeats.

use std::time::Duration;

use crate::{
    config::{shown::shown, suggest::did_you_mean},
    domain::{AfterLast, Condition, FaultScript, FaultStep, ScriptError},
};

/// What begins the script anew, as its last step.
const REPEAT: &str = "repeat";

/// How long an answer may be put off.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// Steps that were found to be a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnScript(Vec<String>);

/// One broken step: its place, from 0, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: usize,
    pub(crate) problem: String,
}

/// A step without its neighbours.
enum Line {
    Step {
        lasts: Option<Duration>,
        condition: Condition,
    },
    Repeat,
}

impl OwnScript {
    /// Checks every step by itself and in its place.
    ///
    /// # Errors
    /// All that is wrong.
    pub(crate) fn parse(steps: &[impl AsRef<str>]) -> Result<Self, Vec<Fault>> {
        let words: Vec<_> = steps.iter().map(|step| step.as_ref().to_owned()).collect();
        // What a slow answer takes is not known yet, and does not matter here.
        compile(&words, Duration::ZERO).map(|_| Self(words))
    }

    /// The script. Where a step does not say how slow, it is `slow_by`.
    pub(crate) fn script(&self, slow_by: Duration) -> FaultScript {
        compile(&self.0, slow_by).expect("it was checked when it was read")
    }

    /// The steps as they were written, in one line.
    pub(crate) fn in_words(&self) -> String {
        self.0.join(", ")
    }
}

fn compile(steps: &[String], slow_by: Duration) -> Result<FaultScript, Vec<Fault>> {
    let (mut played, mut after, mut faults) =
        (Vec::new(), AfterLast::Stay(Condition::Calm), Vec::new());
    for (place, text) in steps.iter().enumerate() {
        let is_last = place + 1 == steps.len();
        let problem = match line(text, slow_by) {
            Err(problem) => problem,
            Ok(Line::Repeat) if is_last && place > 0 => {
                after = AfterLast::Repeat;
                continue;
            }
            Ok(Line::Repeat) => format!("{REPEAT} must be the last step, behind others"),
            Ok(Line::Step {
                lasts: Some(lasts),
                condition,
            }) => {
                played.push(FaultStep { condition, lasts });
                continue;
            }
            Ok(Line::Step {
                lasts: None,
                condition,
            }) if is_last => {
                after = AfterLast::Stay(condition);
                continue;
            }
            Ok(Line::Step { .. }) => "only the last step may be without a duration".to_owned(),
        };
        faults.push(Fault { place, problem });
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    FaultScript::try_new(&played, after).map_err(|error| {
        let place = match error {
            ScriptError::Length(place) => place,
            ScriptError::TooMany => FaultScript::MOST_STEPS,
            ScriptError::Empty => 0,
        };
        let problem = error.to_string();
        vec![Fault { place, problem }]
    })
}

fn line(text: &str, slow_by: Duration) -> Result<Line, String> {
    let words: Vec<_> = text.split_whitespace().collect();
    if words == [REPEAT] {
        return Ok(Line::Repeat);
    }
    let starts_with_digit = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let (lasts, words) = match words.split_first() {
        Some((first, rest)) if starts_with_digit(first) => {
            (Some(within(first, FaultScript::STEP)?), rest)
        }
        _ => (None, &words[..]),
    };
    let (name, delay) = match words {
        [name] => (*name, None),
        [name @ "slow", delay] => {
            let range = Duration::from_millis(1)..=LONGEST_DELAY;
            (*name, Some(within(delay, range)?))
        }
        [] => return Err("no condition".to_owned()),
        _ => return Err("more than a duration and a condition".to_owned()),
    };
    let condition = match name {
        "calm" => Condition::Calm,
        "refuse" => Condition::Refuse,
        "lose" => Condition::Lose,
        "hang" => Condition::Hang,
        "auth" => Condition::Auth,
        "schema" => Condition::Schema,
        "slow" => Condition::Slow {
            by: delay.unwrap_or(slow_by),
        },
        "full" => Condition::Full,
        _ => {
            let hint = did_you_mean(name, Condition::WORDS);
            let known = Condition::WORDS.join(", ");
            return Err(format!("no such condition{hint} (known: {known})"));
        }
    };
    Ok(Line::Step { lasts, condition })
}

/// A duration that lies in a range.
fn within(text: &str, range: std::ops::RangeInclusive<Duration>) -> Result<Duration, String> {
    let ms = |duration: &Duration| duration.as_millis();
    duration(text)
        .filter(|duration| range.contains(duration))
        .ok_or_else(|| {
            format!(
                "{} must be a whole number of ms, s or min, between {} and {} ms",
                shown(text),
                ms(range.start()),
                ms(range.end())
            )
        })
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        _ => return None,
    };
    number.checked_mul(ms).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW_BY: Duration = Duration::from_millis(400);

    /// The conditions at these seconds.
    #[track_caller]
    fn check(steps: &[&str], expected: &[(u64, &str)]) {
        let script = OwnScript::parse(steps).unwrap().script(SLOW_BY);
        for (second, condition) in expected {
            let now = script.at(Duration::from_secs(*second)).condition;
            assert_eq!(now.to_string(), *condition, "after {second} s");
        }
    }

    #[track_caller]
    fn check_refused(steps: &[&str], expected: &[(usize, &str)]) {
        let faults = OwnScript::parse(steps).unwrap_err();
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| (fault.place, fault.problem.as_str()))
            .collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn steps_follow_each_other_and_calm_follows_the_last() {
        let steps = ["20s calm", "5s refuse", "10s slow 800ms", "1min slow"];
        check(
            &steps,
            &[
                (0, "calm"),
                (20, "refuse"),
                (25, "slow 800 ms"),
                (35, "slow 400 ms"),
                (95, "calm"),
                (10_000, "calm"),
            ],
        );
    }

    #[test]
    fn the_last_step_may_be_for_ever_or_the_first_again() {
        check(
            &["2s calm", "full"],
            &[(1, "calm"), (2, "full"), (999, "full")],
        );
        check(&["auth"], &[(0, "auth")]);
        check(
            &["2s calm", "1000ms hang", "repeat"],
            &[(1, "calm"), (2, "hang"), (3, "calm"), (5, "hang")],
        );
    }

    #[test]
    fn each_wrong_step_is_told_with_its_place() {
        let known = "(known: calm, refuse, lose, hang, auth, schema, slow, full)";
        check_refused(
            &[
                "5s refus", "repeat", "calm", "7 s calm", "1h hang", "5s", "5s calm",
            ],
            &[
                (
                    0,
                    &format!("no such condition, did you mean refuse? {known}"),
                ),
                (1, "repeat must be the last step, behind others"),
                (2, "only the last step may be without a duration"),
                (
                    3,
                    "7 must be a whole number of ms, s or min, between 100 and 86400000 ms",
                ),
                (
                    4,
                    "1h must be a whole number of ms, s or min, between 100 and 86400000 ms",
                ),
                (5, "no condition"),
            ],
        );
        check_refused(
            &["5s slow 61s", "5s hang 3s"],
            &[
                (
                    0,
                    "61s must be a whole number of ms, s or min, between 1 and 60000 ms",
                ),
                (1, "more than a duration and a condition"),
            ],
        );
        check_refused(
            &["repeat"],
            &[(0, "repeat must be the last step, behind others")],
        );
        check_refused(&["1s calm"; 101], &[(100, "more than 100 steps")]);
    }
}
