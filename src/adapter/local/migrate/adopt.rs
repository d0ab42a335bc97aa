//! Records what others have made as our files would.

use crate::{
    adapter::{DbResult, MigrateOptions, local::target::Target},
    domain::{Action, Adoption, DbError, ErrorKind},
};

/// Compares and records.
pub(in crate::adapter::local) async fn adopt(
    target: &Target,
    _options: MigrateOptions,
) -> DbResult<Adoption> {
    let _ = target;
    Err(DbError::new(Action::Migrate, ErrorKind::Unsupported))
}
