//! What a check over REST was shown, where that is less than it should be.

use crate::domain::{DegradedReason, HealthDetails, HealthPolicy, REQUIRED_TABLES, TableSight};

/// Why a project that answers is degraded: by the row that was asked for, and
/// by the way to its database itself. How far the role sees into other tables
/// is told and never judged: many a key is not meant to see everything. That
/// they are not ours is judged, where ours are required.
pub(crate) fn less_than_expected(
    details: &HealthDetails,
    policy: &HealthPolicy,
) -> Vec<DegradedReason> {
    let Some(rest) = details.rest.as_ref() else {
        return Vec::new();
    };
    let table = rest.table.clone();
    let role = details.role.clone().unwrap_or_default();
    let is_required = REQUIRED_TABLES.contains(&table.as_str());
    let seen = match rest.seen {
        // What is another table than ours is told with all of them, below.
        TableSight::Rows | TableSight::Empty | TableSight::OtherColumns => None,
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
    };
    let direct = rest.direct_fault.clone();
    let direct = direct.map(|cause| DegradedReason::DirectBroken { cause });
    let others = rest.tables.iter();
    let others = others.filter(|table| table.seen == TableSight::OtherColumns);
    let tables: Vec<_> = others.map(|table| table.name.clone()).collect();
    let is_ours_wanted = policy.requires_schema && !tables.is_empty();
    let others = is_ours_wanted.then_some(DegradedReason::OtherColumns { tables });
    seen.into_iter().chain(others).chain(direct).collect()
}
