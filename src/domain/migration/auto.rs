//! Whether migrations are applied unasked.

/// Whether pending migrations are applied as soon as a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoMigrate {
    /// Nothing is applied unasked.
    #[default]
    Off,
    /// What is pending is applied.
    On,
    /// It is configured, and the environment is labelled as production.
    Refused,
}

/// Whether a label of an environment means production.
#[must_use]
pub fn is_production(environment: &str) -> bool {
    environment.trim().eq_ignore_ascii_case("production")
}

impl AutoMigrate {
    /// What follows from what is configured. `read_only` switches it off; in
    /// production every write asks first, and nobody is there to ask.
    #[must_use]
    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "three settings, each of them true or false"
    )]
    pub const fn decide(is_wanted: bool, is_read_only: bool, is_production: bool) -> Self {
        match (is_wanted, is_read_only, is_production) {
            (false, _, _) | (true, true, _) => Self::Off,
            (true, false, true) => Self::Refused,
            (true, false, false) => Self::On,
        }
    }

    /// What must stay on the screen of a setting that is not followed.
    #[must_use]
    pub const fn refused(self) -> Option<&'static str> {
        match self {
            Self::Off | Self::On => None,
            Self::Refused => Some(
                "auto_migrate is not followed where environment = production: \
                 run 'dbvitals migrate up', which asks first.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_wanted: bool, is_read_only: bool, environment: &str, expected: AutoMigrate) {
        let found = AutoMigrate::decide(is_wanted, is_read_only, is_production(environment));
        assert_eq!(found, expected);
        assert_eq!(found.refused().is_some(), expected == AutoMigrate::Refused);
    }

    #[test]
    fn nothing_is_applied_unasked_where_it_must_not_be() {
        check(true, false, "staging", AutoMigrate::On);
        check(true, false, "production", AutoMigrate::Refused);
        check(true, false, " Production", AutoMigrate::Refused);
        check(true, true, "staging", AutoMigrate::Off);
        check(true, true, "production", AutoMigrate::Off);
        check(false, false, "staging", AutoMigrate::Off);
    }
}
