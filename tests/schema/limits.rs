//! Every limit of every table, one test each on each engine.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::limit::Limit;

/// An id that no row has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// One module an engine, one test a limit.
macro_rules! limits {
    ($($name:ident => $limit:expr;)+) => {
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name().holds(crate::engines::Engine::Postgres).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name().holds(crate::engines::Engine::Sqlite).await;
            })+
        }
        $(fn $name() -> Limit {
            $limit
        })+
    };
}

/// A text of so many characters, each of four bytes.
fn chars(count: usize) -> String {
    "🦀".repeat(count)
}

fn lengths<const N: usize>(column: &str, counts: [usize; N]) -> [Value; N] {
    counts.map(|count| json!({ column: chars(count) }))
}

fn values<const N: usize>(column: &str, values: [i64; N]) -> [Value; N] {
    values.map(|value| json!({ column: value }))
}

fn entries<const N: usize>(column: &str, counts: [usize; N]) -> [Value; N] {
    counts.map(|count| json!({ column: vec!["x"; count] }))
}

limits! {
    an_agents_name_has_1_to_100_characters =>
        Limit::check("agents", "agents_name_length")
            .keeps(lengths("name", [1, 100]))
            .breaks(lengths("name", [0, 101]));
    an_agents_name_is_its_own =>
        Limit::unique("agents", "agents_name_key")
            .keeps([json!({"name": "taken"})])
            .breaks([json!({"name": "taken"})]);
    an_agent_has_a_name => Limit::present("agents", "name");
    an_agent_has_a_type => Limit::present("agents", "type");
    an_agents_type_is_one_of_four =>
        Limit::known("agents", "type", "agent_type",
            &["claude", "gemini", "codex", "custom"]);
    an_agents_status_is_one_of_four =>
        Limit::known("agents", "status", "agent_status",
            &["connected", "disconnected", "busy", "error"]);
    an_agents_metadata_is_not_null => Limit::present("agents", "metadata");
    an_agents_capabilities_are_not_null => Limit::present("agents", "capabilities");
    a_row_has_a_time_of_its_making => Limit::present("agents", "created_at");
    a_row_has_a_time_of_its_last_change => Limit::present("agents", "updated_at");
    a_rows_id_is_its_own => Limit::one_id("audit_logs", "audit_logs_pkey");
    a_row_has_an_id => Limit::present("agents", "id");

    a_command_has_1_to_10_000_characters =>
        Limit::check("commands", "commands_command_length")
            .keeps(lengths("command", [1, 10_000]))
            .breaks(lengths("command", [0, 10_001]));
    a_commands_error_has_up_to_10_000_characters =>
        Limit::check("commands", "commands_error_length")
            .keeps(lengths("error", [0, 10_000]))
            .keeps([json!({"error": null})])
            .breaks(lengths("error", [10_001]));
    a_commands_priority_is_minus_100_to_100 =>
        Limit::check("commands", "commands_priority_range")
            .keeps(values("priority", [-100, 100]))
            .breaks(values("priority", [-101, 101]));
    a_command_starts_at_its_making_or_later =>
        Limit::check("commands", "commands_started_at_order")
            .with(json!({"created_at": "2024-02-29T12:00:00.000001Z"}))
            .keeps(["2024-02-29T12:00:00.000001Z", "2024-02-29T12:00:00.000002Z"]
                .map(|at| json!({"started_at": at})))
            .breaks([json!({"started_at": "2024-02-29T12:00:00Z"})]);
    a_command_is_completed_at_its_start_or_later =>
        Limit::check("commands", "commands_completed_at_order")
            .with(json!({
                "created_at": "2024-02-29T12:00:00Z",
                "started_at": "2024-02-29T12:00:00.000001Z",
                "status": "failed",
            }))
            .keeps(["2024-02-29T12:00:00.000001Z", "2024-02-29T12:00:00.000002Z"]
                .map(|at| json!({"completed_at": at})))
            // One that was cancelled may never have started.
            .keeps([json!({
                "status": "cancelled", "started_at": null, "completed_at": "2000-01-01T00:00:00Z",
            })])
            .breaks([json!({"completed_at": "2024-02-29T12:00:00Z"})]);
    a_command_has_a_time_of_completion_exactly_when_it_has_ended =>
        Limit::check("commands", "commands_completed_at_status")
            .keeps(["pending", "queued", "executing"]
                .map(|status| json!({"status": status, "completed_at": null})))
            .keeps(["completed", "failed", "cancelled"]
                .map(|status| json!({"status": status, "completed_at": "2999-01-01T00:00:00Z"})))
            .breaks(["pending", "queued", "executing"]
                .map(|status| json!({"status": status, "completed_at": "2999-01-01T00:00:00Z"})))
            .breaks(["completed", "failed", "cancelled"]
                .map(|status| json!({"status": status, "completed_at": null})));
    a_commands_status_is_one_of_six =>
        Limit::known("commands", "status", "command_status", &["pending"])
            .keeps(["queued", "executing"].map(|status| json!({"status": status})));
    a_command_has_an_agent => Limit::present("commands", "agent_id");
    a_commands_agent_exists =>
        Limit::reference("commands", "commands_agent_id_fkey")
            .breaks([json!({"agent_id": NOBODY})]);
    a_command_has_words => Limit::present("commands", "command");
    a_commands_arguments_are_not_null => Limit::present("commands", "arguments");
    a_commands_priority_is_not_null => Limit::present("commands", "priority");
    a_commands_status_is_not_null => Limit::present("commands", "status");

    an_output_has_up_to_100_000_characters =>
        Limit::check("terminal_outputs", "terminal_outputs_output_length")
            .keeps(lengths("output", [0, 100_000]))
            .breaks(lengths("output", [100_001]));
    an_outputs_sequence_is_0_or_more =>
        Limit::check("terminal_outputs", "terminal_outputs_sequence_range")
            .keeps(values("sequence", [0, i32::MAX.into()]))
            .breaks(values("sequence", [-1]));
    an_output_has_its_own_place =>
        Limit::once("terminal_outputs", "terminal_outputs_command_id_agent_id_sequence_key");
    an_output_was_produced_at_most_a_minute_after_it_was_stored =>
        Limit::check("terminal_outputs", "terminal_outputs_timestamp_order")
            .with(json!({"created_at": "2024-02-29T23:59:30.5Z"}))
            .keeps(["1999-01-01T00:00:00Z", "2024-03-01T00:00:30.500000Z"]
                .map(|at| json!({"timestamp": at})))
            .breaks([json!({"timestamp": "2024-03-01T00:00:30.500001Z"})]);
    an_outputs_type_is_one_of_three =>
        Limit::known("terminal_outputs", "type", "terminal_output_type",
            &["stdout", "stderr", "system"]);
    an_output_has_a_command => Limit::present("terminal_outputs", "command_id");
    an_outputs_command_exists =>
        Limit::reference("terminal_outputs", "terminal_outputs_command_id_fkey")
            .breaks([json!({"command_id": NOBODY})]);
    an_output_has_an_agent => Limit::present("terminal_outputs", "agent_id");
    an_outputs_agent_exists =>
        Limit::reference("terminal_outputs", "terminal_outputs_agent_id_fkey")
            .breaks([json!({"agent_id": NOBODY})]);
    an_output_has_a_type => Limit::present("terminal_outputs", "type");
    an_output_has_words => Limit::present("terminal_outputs", "output");
    an_output_has_a_time => Limit::present("terminal_outputs", "timestamp");
    an_output_has_a_sequence => Limit::present("terminal_outputs", "sequence");
    an_output_is_blank_or_not => Limit::present("terminal_outputs", "is_blank");

    a_presets_name_has_1_to_100_characters =>
        Limit::check("command_presets", "command_presets_name_length")
            .keeps(lengths("name", [1, 100]))
            .breaks(lengths("name", [0, 101]));
    a_presets_name_is_its_own =>
        Limit::unique("command_presets", "command_presets_name_key")
            .keeps([json!({"name": "taken"})])
            .breaks([json!({"name": "taken"})]);
    a_presets_command_has_1_to_10_000_characters =>
        Limit::check("command_presets", "command_presets_command_length")
            .keeps(lengths("command", [1, 10_000]))
            .breaks(lengths("command", [0, 10_001]));
    a_presets_description_has_up_to_1_000_characters =>
        Limit::check("command_presets", "command_presets_description_length")
            .keeps(lengths("description", [0, 1_000]))
            .breaks(lengths("description", [1_001]));
    a_presets_category_has_up_to_50_characters =>
        Limit::check("command_presets", "command_presets_category_length")
            .keeps(lengths("category", [0, 50]))
            .breaks(lengths("category", [51]));
    a_presets_icon_has_up_to_50_characters =>
        Limit::check("command_presets", "command_presets_icon_length")
            .keeps(lengths("icon", [0, 50]))
            .breaks(lengths("icon", [51]));
    a_preset_has_a_name => Limit::present("command_presets", "name");
    a_preset_has_a_command => Limit::present("command_presets", "command");
    a_presets_arguments_are_not_null => Limit::present("command_presets", "arguments");

    a_trace_entry_lasts_0_to_3_600_000_ms =>
        Limit::check("trace_entries", "trace_entries_duration_ms_range")
            .keeps(values("duration_ms", [0, 3_600_000]))
            .keeps([json!({"duration_ms": null})])
            .breaks(values("duration_ms", [-1, 3_600_001]));
    a_trace_entry_is_not_its_own_parent => {
        let id = Uuid::now_v7();
        Limit::check("trace_entries", "trace_entries_parent_id_other")
            .keeps([json!({"parent_id": null})])
            .breaks([json!({"id": id, "parent_id": id})])
    };
    a_trace_entrys_type_is_one_of_six =>
        Limit::known("trace_entries", "type", "trace_entry_type",
            &["request", "response", "thought", "action", "observation", "error"]);
    a_trace_entrys_command_exists_if_it_has_one =>
        Limit::reference("trace_entries", "trace_entries_command_id_fkey")
            .keeps([json!({"command_id": null})])
            .breaks([json!({"command_id": NOBODY})]);
    a_trace_entry_has_an_agent => Limit::present("trace_entries", "agent_id");
    a_trace_entrys_agent_exists =>
        Limit::reference("trace_entries", "trace_entries_agent_id_fkey")
            .breaks([json!({"agent_id": NOBODY})]);
    a_trace_entrys_parent_exists =>
        Limit::reference("trace_entries", "trace_entries_parent_id_fkey")
            .breaks([json!({"parent_id": NOBODY})]);
    a_trace_entry_has_a_type => Limit::present("trace_entries", "type");
    a_trace_entry_has_a_time => Limit::present("trace_entries", "timestamp");
    a_trace_entrys_content_is_not_null => Limit::present("trace_entries", "content");
    a_trace_entrys_metadata_is_not_null => Limit::present("trace_entries", "metadata");

    a_reports_title_has_1_to_200_characters =>
        Limit::check("investigation_reports", "investigation_reports_title_length")
            .keeps(lengths("title", [1, 200]))
            .breaks(lengths("title", [0, 201]));
    a_reports_summary_has_1_to_5_000_characters =>
        Limit::check("investigation_reports", "investigation_reports_summary_length")
            .keeps(lengths("summary", [1, 5_000]))
            .breaks(lengths("summary", [0, 5_001]));
    a_report_has_at_most_20_recommendations =>
        Limit::check("investigation_reports", "investigation_reports_recommendations_count")
            .keeps(entries("recommendations", [0, 20]))
            .breaks(entries("recommendations", [21]));
    a_report_has_a_command => Limit::present("investigation_reports", "command_id");
    a_reports_command_exists =>
        Limit::reference("investigation_reports", "investigation_reports_command_id_fkey")
            .breaks([json!({"command_id": NOBODY})]);
    a_report_has_an_agent => Limit::present("investigation_reports", "agent_id");
    a_reports_agent_exists =>
        Limit::reference("investigation_reports", "investigation_reports_agent_id_fkey")
            .breaks([json!({"agent_id": NOBODY})]);
    a_report_has_a_title => Limit::present("investigation_reports", "title");
    a_report_has_a_summary => Limit::present("investigation_reports", "summary");
    a_reports_findings_are_not_null => Limit::present("investigation_reports", "findings");
    a_reports_recommendations_are_not_null =>
        Limit::present("investigation_reports", "recommendations");

    an_audited_action_has_1_to_100_characters =>
        Limit::check("audit_logs", "audit_logs_action_length")
            .keeps(lengths("action", [1, 100]))
            .breaks(lengths("action", [0, 101]));
    an_audited_resources_type_has_1_to_50_characters =>
        Limit::check("audit_logs", "audit_logs_resource_type_length")
            .keeps(lengths("resource_type", [1, 50]))
            .breaks(lengths("resource_type", [0, 51]));
    an_audited_resources_id_has_up_to_100_characters =>
        Limit::check("audit_logs", "audit_logs_resource_id_length")
            .keeps(lengths("resource_id", [0, 100]))
            .keeps([json!({"resource_id": null})])
            .breaks(lengths("resource_id", [101]));
    an_audited_user_agent_has_up_to_1_000_characters =>
        Limit::check("audit_logs", "audit_logs_user_agent_length")
            .keeps(lengths("user_agent", [0, 1_000]))
            .keeps([json!({"user_agent": null})])
            .breaks(lengths("user_agent", [1_001]));
    an_audit_entry_has_an_action => Limit::present("audit_logs", "action");
    an_audit_entry_has_a_type_of_resource => Limit::present("audit_logs", "resource_type");
    an_audit_entrys_details_are_not_null => Limit::present("audit_logs", "details");

    an_execution_takes_1_to_3_600_000_ms =>
        Limit::check("execution_constraints", "execution_constraints_max_execution_time_range")
            .keeps(values("max_execution_time", [1, 3_600_000]))
            .breaks(values("max_execution_time", [0, 3_600_001]));
    an_execution_takes_1_to_32_768_mb =>
        Limit::check("execution_constraints", "execution_constraints_max_memory_mb_range")
            .keeps(values("max_memory_mb", [1, 32_768]))
            .breaks(values("max_memory_mb", [0, 32_769]));
    at_most_1_000_commands_are_allowed =>
        Limit::check("execution_constraints", "execution_constraints_allowed_commands_count")
            .keeps(entries("allowed_commands", [0, 1_000]))
            .breaks(entries("allowed_commands", [1_001]));
    at_most_1_000_commands_are_blocked =>
        Limit::check("execution_constraints", "execution_constraints_blocked_commands_count")
            .keeps(entries("blocked_commands", [0, 1_000]))
            .breaks(entries("blocked_commands", [1_001]));
    commands_are_allowed_or_blocked_but_never_both =>
        Limit::check("execution_constraints", "execution_constraints_one_list")
            .keeps([
                json!({"allowed_commands": null, "blocked_commands": null}),
                json!({"allowed_commands": ["a"], "blocked_commands": null}),
                json!({"allowed_commands": null, "blocked_commands": ["b"]}),
            ])
            .breaks([json!({"allowed_commands": ["a"], "blocked_commands": ["b"]})]);
    one_row_constrains_all_agents =>
        Limit::unique("execution_constraints", "execution_constraints_global_key")
            .keeps([json!({"agent_id": null})])
            .breaks([json!({"agent_id": null})]);
    an_agent_is_constrained_once =>
        Limit::once("execution_constraints", "execution_constraints_agent_id_key");
    a_constrained_agent_exists =>
        Limit::reference("execution_constraints", "execution_constraints_agent_id_fkey")
            .breaks([json!({"agent_id": NOBODY})]);
    an_environment_is_not_null => Limit::present("execution_constraints", "environment_variables");

    a_queues_position_is_0_or_more =>
        Limit::check("command_queues", "command_queues_position_range")
            .keeps(values("position", [0, i32::MAX.into()]))
            .breaks(values("position", [-1]));
    a_queues_priority_is_minus_100_to_100 =>
        Limit::check("command_queues", "command_queues_priority_range")
            .keeps(values("priority", [-100, 100]))
            .breaks(values("priority", [-101, 101]));
    a_queues_estimate_is_1_to_3_600_000_ms =>
        Limit::check("command_queues", "command_queues_estimated_duration_ms_range")
            .keeps(values("estimated_duration_ms", [1, 3_600_000]))
            .keeps([json!({"estimated_duration_ms": null})])
            .breaks(values("estimated_duration_ms", [0, 3_600_001]));
    a_command_is_queued_once =>
        Limit::once("command_queues", "command_queues_command_id_key");
    a_queue_has_a_command => Limit::present("command_queues", "command_id");
    a_queued_command_exists =>
        Limit::reference("command_queues", "command_queues_command_id_fkey")
            .breaks([json!({"command_id": NOBODY})]);
    a_queues_agent_exists_if_it_has_one =>
        Limit::reference("command_queues", "command_queues_agent_id_fkey")
            .keeps([json!({"agent_id": null})])
            .breaks([json!({"agent_id": NOBODY})]);
    a_queue_has_a_position => Limit::present("command_queues", "position");
    a_queues_priority_is_not_null => Limit::present("command_queues", "priority");
}
