//! A database whose tables others have made is recognised: what matches is
//! recorded, every difference is named, and nothing is altered.

use serde_json::Value;

use crate::{
    bed::{Run, run, sql_as_role, versions},
    support::cluster::{Cluster, ROLE},
};

/// The same tables as ours, written by somebody else: other names of types and
/// constraints, other spellings of the same limits, no ledger, and the last
/// table under its older name.
const DEPLOYMENT: &str = include_str!("deployment.sql");

/// Adopts, and checks that nothing but the ledger changed.
#[track_caller]
fn adopt(cluster: &Cluster, arguments: &[&str]) -> Run {
    let ledger = ["public.schema_migrations"];
    let before = cluster.schema_dump(&ledger);
    let rows = cluster.sql("SELECT count(*) FROM agents");
    let adopt = run(cluster, &[&["adopt"], arguments].concat());
    assert_eq!(cluster.schema_dump(&ledger), before);
    assert_eq!(cluster.sql("SELECT count(*) FROM agents"), rows);
    adopt
}

/// The differences, each as `object: words`.
pub(crate) fn differences(json: &Value) -> Vec<String> {
    let all = json["differences"].as_array().unwrap().iter();
    all.map(|it| {
        let (ours, theirs) = (it["ours"].as_str(), it["theirs"].as_str());
        format!(
            "{}: {} / {}",
            it["object"].as_str().unwrap(),
            ours.unwrap_or("-"),
            theirs.unwrap_or("-")
        )
    })
    .collect()
}

#[test]
fn a_deployment_is_recognised_and_its_older_table_named() {
    let cluster = Cluster::start();
    sql_as_role(&cluster, DEPLOYMENT);
    sql_as_role(
        &cluster,
        "INSERT INTO agents (name, type) VALUES ('first', 'claude')",
    );
    let refused = run(&cluster, &["up"]);
    assert!(
        refused.code == 1 && refused.stderr.contains("adopt"),
        "{refused:?}"
    );

    let told = adopt(&cluster, &[]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(
        told.stdout.contains("8 recorded, 1 difference\n"),
        "{told:?}"
    );
    assert!(
        told.stdout.contains("waits 0010_supabase_access"),
        "every file is told of: {told:?}"
    );
    let words = "command_queues: is table command_queue, ours is table command_queues";
    assert!(told.stdout.contains(words), "{told:?}");
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8");
    assert_eq!(
        cluster.sql("SELECT DISTINCT execution_ms FROM schema_migrations"),
        "0",
        "nobody measured them"
    );

    // Nothing is made beside it; renamed, it is recorded too.
    let refused = run(&cluster, &["up"]);
    assert!(refused.stderr.contains("its older name"), "{refused:?}");
    sql_as_role(
        &cluster,
        "ALTER TABLE command_queue RENAME TO command_queues",
    );
    let told = adopt(&cluster, &["--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(differences(&told.json()), Vec::<String>::new());
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
    assert_eq!(
        run(&cluster, &["status", "--json"]).json()["upToDate"],
        true
    );
    assert_eq!(run(&cluster, &["up"]).code, 0);
    assert_eq!(
        adopt(&cluster, &[]).code,
        0,
        "there is nothing left to record"
    );
}

#[test]
fn our_own_tables_match() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    let told = adopt(&cluster, &["--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let json = told.json();
    assert_eq!(json["recorded"].as_array().unwrap().len(), 10, "{json:#}");
    assert_eq!(json["remarks"], serde_json::json!([]));
    assert_eq!(
        run(&cluster, &["status", "--json"]).json()["upToDate"],
        true
    );
}

#[test]
fn a_row_that_was_removed_is_recorded_again() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(&cluster, "DELETE FROM schema_migrations WHERE version = 5");
    let refused = run(&cluster, &["up"]);
    assert!(
        refused.code == 1 && refused.said().contains("'dbvitals migrate adopt'"),
        "{refused:?}"
    );
    assert_eq!(adopt(&cluster, &[]).code, 0);
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
    assert_eq!(run(&cluster, &["up"]).code, 0);
}

#[test]
fn every_difference_is_named_and_keeps_its_file_from_being_recorded() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(
        &cluster,
        "DROP TABLE schema_migrations;
         ALTER TABLE agents ADD COLUMN colour text,
             ALTER COLUMN version TYPE varchar(20),
             ALTER COLUMN created_at DROP DEFAULT,
             ALTER COLUMN metadata DROP NOT NULL,
             DROP CONSTRAINT agents_name_length;
         ALTER TABLE commands
             DROP CONSTRAINT commands_priority_range,
             ADD CHECK (priority between -10 and 10);
         ALTER TABLE trace_entries DROP CONSTRAINT trace_entries_parent_id_fkey,
             ADD FOREIGN KEY (parent_id) REFERENCES trace_entries (id);
         ALTER TABLE execution_constraints DROP CONSTRAINT execution_constraints_agent_id_key;
         DROP INDEX trace_entries_agent_id_idx;
         DROP TRIGGER command_presets_set_updated_at ON command_presets;
         ALTER TYPE terminal_output_type ADD VALUE 'debug';",
    );
    let told = adopt(&cluster, &["--json"]);
    assert_eq!(told.code, 1, "{told:?}");
    let json = told.json();
    assert_eq!(
        differences(&json),
        [
            "agents: check (char_length(name) >= 1) / -",
            "agents: check (char_length(name) <= 100) / -",
            "agents.colour: - / text",
            "agents.created_at: timestamp with time zone not null default now() \
             / timestamp with time zone not null",
            "agents.metadata: jsonb not null default '{}' / jsonb default '{}'",
            "agents.version: text / character varying(20)",
            "commands: - / check (priority >= '-10')",
            "commands: check (priority >= '-100') / -",
            "commands: - / check (priority <= 10)",
            "commands: check (priority <= 100) / -",
            "terminal_outputs.type: enum ('stdout', 'stderr', 'system') not null \
             / enum ('stdout', 'stderr', 'system', 'debug') not null",
            "trace_entries: - / FOREIGN KEY (parent_id) REFERENCES trace_entries(id)",
            "trace_entries: FOREIGN KEY (parent_id) REFERENCES trace_entries(id) ON DELETE CASCADE \
             / -",
            "execution_constraints: unique (agent_id) / -",
        ]
        .map(str::to_owned)
    );
    assert_eq!(
        json["remarks"],
        serde_json::json!([
            "command_presets: no trigger keeps updated_at",
            "trace_entries: no index (agent_id)"
        ])
    );
    // The very first file differs, so nothing can be recorded without a gap.
    assert_eq!(cluster.sql("SELECT to_regclass('schema_migrations')"), "");
    assert_eq!(numbers(&json["waiting"]), "4 6 7 9 10");
    let refused = run(&cluster, &["up"]);
    assert!(
        refused.stderr.contains("tables and no ledger of ours"),
        "{refused:?}"
    );
}

/// The versions of a list of files, with blanks between them.
fn numbers(files: &Value) -> String {
    let files = files.as_array().unwrap().iter();
    let versions: Vec<_> = files.map(|file| file["version"].to_string()).collect();
    versions.join(" ")
}

#[test]
fn nothing_is_recorded_behind_a_file_that_differs() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(
        &cluster,
        "DROP TABLE schema_migrations; ALTER TABLE trace_entries ADD COLUMN colour text",
    );
    let told = adopt(&cluster, &["--json"]);
    assert_eq!(told.code, 1, "{told:?}");
    let json = told.json();
    assert_eq!(numbers(&json["recorded"]), "1 2 3 4");
    assert_eq!(numbers(&json["waiting"]), "6 7 8 9 10");
    assert_eq!(versions(&cluster), "1 2 3 4");
    // The ledger that was just written is in order, and the way on is named.
    let status = run(&cluster, &["status", "--json"]).json();
    assert_eq!(status["refusal"]["kind"], "tableExists", "{status:#}");
    assert_eq!(status["refusal"]["migration"], "0005_trace_entries");
    let told = adopt(&cluster, &[]);
    assert!(
        told.stdout.contains("0 recorded, 1 difference\n"),
        "{told:?}"
    );
    sql_as_role(&cluster, "ALTER TABLE trace_entries DROP COLUMN colour");
    assert_eq!(adopt(&cluster, &[]).code, 0);
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn a_text_with_a_check_is_no_enum_and_that_is_said() {
    let cluster = Cluster::start();
    let texts = DEPLOYMENT.replace(
        "kind_of_agent not null",
        "text not null check (type in ('claude', 'gemini', 'codex', 'custom'))",
    );
    assert_ne!(texts, DEPLOYMENT);
    sql_as_role(&cluster, &texts);
    let json = adopt(&cluster, &["--json"]).json();
    assert_eq!(
        differences(&json)[..2],
        [
            "agents: - / check (type = ANY (ARRAY['claude', 'codex', 'custom', 'gemini']))",
            "agents.type: enum ('claude', 'gemini', 'codex', 'custom') not null / text not null",
        ]
    );
    assert_eq!(numbers(&json["recorded"]), "");
}

#[test]
fn a_table_that_is_not_there_is_applied_and_what_follows_it_waits() {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(
        &cluster,
        "DROP TABLE schema_migrations; DROP TABLE command_presets",
    );
    let told = adopt(&cluster, &[]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(versions(&cluster), "1 2 3");
    assert!(
        told.stdout.contains("not there 0004_command_presets"),
        "{told:?}"
    );
    assert!(told.stdout.contains("waits 0005_trace_entries"), "{told:?}");
    let up = run(&cluster, &["up"]);
    assert!(
        up.stderr
            .contains("0005_trace_entries is not in the ledger"),
        "{up:?}"
    );
    assert_eq!(versions(&cluster), "1 2 3 4");
    assert_eq!(adopt(&cluster, &[]).code, 0);
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
}

#[test]
fn comparing_needs_the_right_to_make_a_schema_and_says_so() {
    let cluster = Cluster::start();
    sql_as_role(&cluster, DEPLOYMENT);
    cluster.sql("ALTER DATABASE app OWNER TO control");
    let told = adopt(&cluster, &[]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(
        told.stderr
            .contains("grant CREATE on the database to this role"),
        "{told:?}"
    );
    cluster.sql(&format!("GRANT CREATE ON DATABASE app TO {ROLE}, current_user; GRANT CREATE ON SCHEMA public TO {ROLE}"));
    assert!(adopt(&cluster, &[]).stdout.contains("8 recorded"));
}

#[test]
fn where_supabases_roles_are_their_rights_are_compared_too() {
    let cluster = Cluster::start();
    cluster.sql(
        "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO anon, authenticated, service_role",
    );
    sql_as_role(
        &cluster,
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated",
    );
    assert_eq!(run(&cluster, &["up"]).code, 0);
    let reads = |role: &str, table: &str| {
        cluster.sql(&format!(
            "SELECT has_table_privilege('{role}', '{table}', 'SELECT')"
        ))
    };
    assert_eq!(
        reads("anon", "schema_migrations"),
        "f",
        "who edits it decides what is applied"
    );
    assert_eq!(
        (reads("anon", "agents"), reads("authenticated", "agents")),
        ("f".into(), "t".into())
    );

    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    assert_eq!(adopt(&cluster, &[]).code, 0);
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");

    sql_as_role(
        &cluster,
        "DROP TABLE schema_migrations; GRANT SELECT ON agents TO anon; \
         ALTER TABLE commands DISABLE ROW LEVEL SECURITY",
    );
    let told = adopt(&cluster, &["--json"]);
    assert_eq!(
        differences(&told.json()),
        [
            "agents: - / right select to anon",
            "commands: row-level security / -"
        ]
    );
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9");
    // Its policies are there already, which is said before the server would.
    let up = run(&cluster, &["up"]);
    assert!(
        up.code == 1
            && up
                .stderr
                .contains("0010_supabase_access is not in the ledger"),
        "{up:?}"
    );
    assert!(up.stderr.contains("its policies are there"), "{up:?}");
}
