//! Rules between keys, one function each. Knows nothing of sources.

use crate::config::{Complaint, values::Values};

/// A health check must be over before the next one is due.
pub(crate) fn timeout_within_interval(values: &Values) -> Result<(), Complaint> {
    let (timeout, interval) = (&values.health_check_timeout, &values.health_check_interval);
    if timeout.value <= interval.value {
        return Ok(());
    }
    let problem = format!(
        "must be at most health_check_interval, which is {} ({})",
        interval.value, interval.origin
    );
    let complaint = Complaint::new("health_check_timeout", problem, timeout.origin.clone());
    Err(complaint.with_value(timeout.value.to_string()))
}
