//! What a check over REST was shown, where that is less than it should be.

use crate::domain::{DegradedReason, HealthDetails, HealthPolicy, REQUIRED_TABLES, TableSight};

/// Why a project that answers is degraded, by the row that was asked for.
pub(super) fn less_than_expected(
    details: &HealthDetails,
    policy: &HealthPolicy,
) -> Option<DegradedReason> {
    let rest = details.rest.as_ref()?;
    let table = rest.table.clone();
    let role = details.role.clone().unwrap_or_default();
    let is_required = REQUIRED_TABLES.contains(&table.as_str());
    match rest.seen {
        TableSight::Rows | TableSight::Empty => None,
        TableSight::Denied => Some(DegradedReason::NotPermitted { table, role }),
        TableSight::Hidden | TableSight::EmptyOrHidden => Some(DegradedReason::RowsHidden {
            table,
            role,
            is_certain: rest.seen == TableSight::Hidden,
        }),
        TableSight::Missing if !is_required => Some(DegradedReason::HealthTableMissing { table }),
        // The missing tables are told by themselves, where they are required.
        TableSight::Missing | TableSight::Unknown if policy.requires_schema => None,
        TableSight::Missing | TableSight::Unknown => Some(DegradedReason::DatabaseNotAsked),
    }
}
