//! What the machine makes of what is known of an established connection.

use std::sync::Arc;

use crate::domain::DbError;

/// What follows for the machine.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// Nothing.
    Stay,
    /// Run a health check.
    Check,
    /// Post a guard.
    Guard,
    /// Knock in the place of a guard.
    Knock,
    /// Leave the knock in the place of a guard.
    StopKnock,
    /// The connection is lost.
    Lost(Arc<DbError>),
}
