//! When something else may be watched, or another configuration hold, and why
//! not: pure rules over what is known at that moment.

/// What was chosen from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Chosen {
    /// A row of a list that is not the newest, or no row at all.
    Outdated,
    /// Its settings are not valid.
    Invalid,
    /// Just what is in use.
    InUse,
    /// The rehearsal that is in use, from its beginning.
    Anew,
    /// Something else.
    Other,
}

/// What applying a configuration would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Applied {
    /// Another reading than the newest is meant, or that one was not valid.
    Outdated,
    /// Nothing differs.
    Nothing,
    /// The connection stays.
    Running,
    /// The connection is replaced.
    NewConnection,
}

/// Whether a run of migrations is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Writing {
    /// It is: a file may be half applied.
    UnderWay,
    /// It is not.
    Nothing,
}

/// Why a run of migrations is not left: whoever switches would not learn how it ends.
const MIGRATING: &str = "a migration is under way; switch when it has ended";

/// The same for whoever disconnects: files would be applied by what is called
/// disconnected.
const STILL_MIGRATING: &str = "a migration is under way; disconnect when it has ended";

/// Whether to disconnect.
///
/// # Errors
/// Why not.
pub(in crate::backend) fn may_disconnect(writing: Writing) -> Result<(), &'static str> {
    match writing {
        Writing::UnderWay => Err(STILL_MIGRATING),
        Writing::Nothing => Ok(()),
    }
}

/// Whether to switch.
///
/// # Errors
/// Why not.
pub(in crate::backend) fn may_switch(chosen: Chosen, writing: Writing) -> Result<(), &'static str> {
    match (chosen, writing) {
        (Chosen::Outdated, _) => Err("that list is outdated; open it again"),
        (Chosen::Invalid, _) => Err("its settings are not valid"),
        (Chosen::InUse, _) => Err("it is in use already; r reconnects"),
        (Chosen::Other | Chosen::Anew, Writing::UnderWay) => Err(MIGRATING),
        (Chosen::Other | Chosen::Anew, Writing::Nothing) => Ok(()),
    }
}

/// Whether to apply a configuration.
///
/// # Errors
/// Why not.
pub(in crate::backend) fn may_apply(
    applied: Applied,
    writing: Writing,
) -> Result<(), &'static str> {
    match (applied, writing) {
        (Applied::Outdated, _) => Err("there is no valid reading to apply; R reads again"),
        (Applied::Nothing, _) => Err("nothing has changed"),
        (Applied::NewConnection, Writing::UnderWay) => Err(MIGRATING),
        (Applied::NewConnection, Writing::Nothing) | (Applied::Running, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_something_is_switched_to_and_never_during_a_run() {
        use Chosen::{Anew, InUse, Invalid, Other, Outdated};
        use Writing::{Nothing, UnderWay};
        for chosen in [Outdated, Invalid, InUse, Anew, Other] {
            for writing in [UnderWay, Nothing] {
                let begins = matches!(chosen, Other | Anew);
                let may = begins && writing == Nothing;
                assert_eq!(may_switch(chosen, writing).is_ok(), may);
            }
        }
        assert!(
            may_switch(Other, UnderWay)
                .unwrap_err()
                .contains("migration")
        );
        assert!(may_switch(InUse, UnderWay).unwrap_err().contains("in use"));
    }

    #[test]
    fn a_run_goes_on_under_another_rhythm_but_not_without_its_connection() {
        use Applied::{NewConnection, Running};
        assert!(may_apply(Running, Writing::UnderWay).is_ok());
        assert!(may_apply(NewConnection, Writing::UnderWay).is_err());
        assert!(may_apply(NewConnection, Writing::Nothing).is_ok());
        assert!(may_apply(Applied::Nothing, Writing::Nothing).is_err());
        assert!(may_apply(Applied::Outdated, Writing::Nothing).is_err());
    }
}
