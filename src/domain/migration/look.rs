//! How the migrations stood when somebody looked.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::{DbError, MigrationState};

/// The newest look, well or badly ended.
#[derive(Debug, Clone)]
pub struct MigrationLook {
    /// When it ended: what it found is as old as this.
    pub at: DateTime<Utc>,
    /// What was found, or why nothing could be.
    pub result: Result<Arc<MigrationState>, Arc<DbError>>,
}
