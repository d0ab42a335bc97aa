//! Which rehearsal is in force, when scenario and own steps are both set, and
//! what it does to the mode. Knows nothing of conditions.

use std::time::Duration;

use crate::{
    config::{Complaint, Complaints, Origin, origin::Sourced, values::Values},
    domain::{Mode, Rehearsal, Scenario},
};

/// The flag that names a scenario, and with it the mode.
pub(crate) const FLAG: &str = "--scenario";

/// How much longer a slow answer takes than what counts as slow, when nothing
/// else is said.
const SLOWER: u32 = 2;

/// Of scenario and own steps the one of the stronger source stays. Of one
/// source they contradict each other.
pub(crate) fn settle(values: &mut Values, complaints: &mut Complaints) {
    let (Some(scenario), Some(script)) = (&values.mock_scenario, &values.mock_script) else {
        return;
    };
    match strength(&scenario.origin).cmp(&strength(&script.origin)) {
        std::cmp::Ordering::Greater => values.mock_script = None,
        std::cmp::Ordering::Less => values.mock_scenario = None,
        std::cmp::Ordering::Equal => {
            let problem = format!(
                "does not go with mock.script ({}): set one of them",
                script.origin
            );
            let complaint = Complaint::new("mock.scenario", problem, scenario.origin.clone());
            complaints.push(complaint.with_value(scenario.value.as_str()));
        }
    }
}

/// What is rehearsed; `None` when nothing was asked for.
pub(crate) fn of(values: &Values) -> Option<Rehearsal> {
    let slow_by = Duration::from_millis(values.slow_threshold.value) * SLOWER;
    if let Some(script) = &values.mock_script {
        return Some(Rehearsal {
            scenario: None,
            script: script.value.script(slow_by),
        });
    }
    let scenario = values.mock_scenario.as_ref()?.value;
    Some(Rehearsal {
        scenario: Some(scenario),
        script: scenario.script(slow_by),
    })
}

/// The scenario that the command line asks for by its flag. It is asked for
/// here and now, so it chooses the mode; a setting does not.
pub(crate) fn flagged(values: &Values) -> Option<Scenario> {
    let scenario = values.mock_scenario.as_ref()?;
    is_flag(&scenario.origin).then_some(scenario.value)
}

/// The flag does not go with a database that the command line names as well.
pub(crate) fn flag_fits(values: &Values) -> Result<(), Complaint> {
    let other_mode = values.mode.as_ref().filter(|mode| {
        let is_given_here = matches!(mode.origin, Origin::Flag(_));
        is_given_here && mode.value != Mode::Mock
    });
    let url = values.database_url.as_ref();
    let url = url.filter(|url| url.origin == Origin::Argument);
    let (Some(scenario), Some(other)) = (
        values.mock_scenario.as_ref(),
        other_mode
            .map(|mode| format!("mode = {} ({})", mode.value, mode.origin))
            .or(url.map(|_| "a URL as argument".to_owned())),
    ) else {
        return Ok(());
    };
    let problem = format!("is rehearsed in mock mode and does not go with {other}; leave one out");
    let complaint = Complaint::new("mock.scenario", problem, scenario.origin.clone());
    Err(complaint.with_value(scenario.value.as_str()))
}

/// Whether it is the flag that says so.
pub(crate) fn is_flag(origin: &Origin) -> bool {
    matches!(origin, Origin::Flag(name) if name == FLAG)
}

/// Which of two sources holds, as everywhere: the command line over the
/// environment over the profile over the rest of the file.
fn strength(origin: &Origin) -> u8 {
    match origin {
        Origin::Flag(_) | Origin::Argument => 4,
        Origin::Environment(_) => 3,
        Origin::File {
            profile: Some(_), ..
        } => 2,
        Origin::File { profile: None, .. } => 1,
        Origin::Service { .. } | Origin::PassFile { .. } | Origin::Derived(_) | Origin::Default => {
            0
        }
    }
}

/// The mode that a flag implies, as a value that is shown.
pub(crate) fn implied_mode() -> Sourced<Mode> {
    Sourced {
        value: Mode::Mock,
        origin: Origin::Derived("implied by --scenario"),
    }
}
