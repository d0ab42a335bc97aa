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

/// A heartbeat is off, or not so quick that it is a load.
pub(crate) fn heartbeat_is_off_or_slow_enough(values: &Values) -> Result<(), Complaint> {
    let heartbeat = &values.heartbeat_interval;
    if heartbeat.value == 0 || heartbeat.value >= QUICKEST_HEARTBEAT {
        return Ok(());
    }
    let problem = format!("must be 0, or between {QUICKEST_HEARTBEAT} and 60000 ms");
    let complaint = Complaint::new("heartbeat_interval", problem, heartbeat.origin.clone());
    Err(complaint.with_value(heartbeat.value.to_string()))
}

/// The shortest time between two heartbeats, in ms.
const QUICKEST_HEARTBEAT: u64 = 200;
