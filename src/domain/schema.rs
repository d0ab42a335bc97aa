//! Which tables an initialised database has.

/// The nine required tables of the data model ("Migration Schema").
pub const REQUIRED_TABLES: [&str; 9] = [
    "agents",
    "commands",
    "terminal_outputs",
    "command_presets",
    "trace_entries",
    "investigation_reports",
    "audit_logs",
    "execution_constraints",
    "command_queues",
];
