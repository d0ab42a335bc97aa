//! Every difference that changes what the tables do is named, however little of
//! it is seen from outside; and what our own files have made has none.

use serde_json::json;

use crate::{
    adopting::differences,
    bed::{finish, program, run, sql_as_role, versions},
    support::cluster::Cluster,
};

/// A cluster with our tables, and no ledger that says so.
fn ours_without_ledger() -> Cluster {
    let cluster = Cluster::start();
    assert_eq!(run(&cluster, &["up"]).code, 0);
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    cluster
}

/// What adopting tells of a change, which is undone afterwards.
#[track_caller]
fn check(cluster: &Cluster, change: &str, undo: &str, expected: &[&str]) {
    cluster.sql(change);
    let told = run(cluster, &["adopt", "--json"]);
    let json = told.json();
    assert_eq!(differences(&json), expected, "{change}: {json:#}");
    assert_eq!(told.code, i32::from(!expected.is_empty()), "{told:?}");
    cluster.sql(undo);
    cluster.sql("DROP TABLE IF EXISTS schema_migrations");
}

/// All is recorded and nothing differs.
#[track_caller]
fn check_ours(cluster: &Cluster) {
    let told = run(cluster, &["adopt", "--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let json = told.json();
    assert_eq!(json["differences"], json!([]), "{json:#}");
    assert_eq!(json["remarks"], json!([]), "{json:#}");
    assert_eq!(json["recorded"].as_array().unwrap().len(), 10, "{json:#}");
}

#[test]
fn keys_that_are_checked_later_are_named() {
    let cluster = ours_without_ledger();
    check(
        &cluster,
        "ALTER TABLE agents DROP CONSTRAINT agents_name_key,
             ADD CONSTRAINT agents_name_key UNIQUE (name) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE agents DROP CONSTRAINT agents_name_key,
             ADD CONSTRAINT agents_name_key UNIQUE (name)",
        &[
            "agents: unique (name) / -",
            "agents: - / unique (name) deferrable initially deferred",
        ],
    );
    check(
        &cluster,
        "ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey,
             ADD PRIMARY KEY (id) DEFERRABLE",
        "ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey,
             ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (id)",
        &[
            "audit_logs: primary key (id) / -",
            "audit_logs: - / primary key (id) deferrable",
        ],
    );
    check(
        &cluster,
        "ALTER TABLE commands ALTER CONSTRAINT commands_agent_id_fkey DEFERRABLE",
        "ALTER TABLE commands ALTER CONSTRAINT commands_agent_id_fkey NOT DEFERRABLE",
        &[
            "commands: FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE / -",
            "commands: - / FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE DEFERRABLE",
        ],
    );
    check_ours(&cluster);
}

#[test]
fn what_is_not_enforced_is_named() {
    let cluster = ours_without_ledger();
    // Its own keys are not looked at, and neither are those that refer to it.
    check(
        &cluster,
        "ALTER TABLE command_queues DISABLE TRIGGER ALL",
        "ALTER TABLE command_queues ENABLE TRIGGER ALL",
        &[
            "command_queues: FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE / -",
            "command_queues: - / FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE \
             with disabled triggers",
            "command_queues: FOREIGN KEY (command_id) REFERENCES commands(id) ON DELETE CASCADE / -",
            "command_queues: - / FOREIGN KEY (command_id) REFERENCES commands(id) ON DELETE CASCADE \
             with disabled triggers",
        ],
    );
    check(
        &cluster,
        "ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_action_length,
             ADD CONSTRAINT audit_logs_action_length
                 CHECK (char_length(action) BETWEEN 1 AND 100) NOT VALID;
         ALTER TABLE investigation_reports DROP CONSTRAINT investigation_reports_agent_id_fkey,
             ADD CONSTRAINT investigation_reports_agent_id_fkey FOREIGN KEY (agent_id)
                 REFERENCES agents (id) ON DELETE CASCADE NOT VALID",
        "ALTER TABLE audit_logs VALIDATE CONSTRAINT audit_logs_action_length;
         ALTER TABLE investigation_reports
             VALIDATE CONSTRAINT investigation_reports_agent_id_fkey",
        &[
            "investigation_reports: FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE \
             / -",
            "investigation_reports: - / FOREIGN KEY (agent_id) REFERENCES agents(id) \
             ON DELETE CASCADE NOT VALID",
            "audit_logs: check (char_length(action) >= 1) / -",
            "audit_logs: - / check (char_length(action) >= 1) NOT VALID",
            "audit_logs: check (char_length(action) <= 100) / -",
            "audit_logs: - / check (char_length(action) <= 100) NOT VALID",
        ],
    );
    // Whoever keeps updated_at is upkeep, and remarked.
    cluster.sql("ALTER TABLE agents DISABLE TRIGGER USER");
    let json = run(&cluster, &["adopt", "--json"]).json();
    assert_eq!(
        json["remarks"],
        json!(["agents: no trigger keeps updated_at"])
    );
    cluster.sql("ALTER TABLE agents ENABLE TRIGGER USER; DROP TABLE schema_migrations");
    check_ours(&cluster);
}

#[test]
fn other_kinds_of_tables_and_what_reaches_into_them_are_named() {
    let cluster = ours_without_ledger();
    check(
        &cluster,
        "ALTER TABLE audit_logs SET UNLOGGED",
        "ALTER TABLE audit_logs SET LOGGED",
        &["audit_logs: table audit_logs / unlogged table audit_logs"],
    );
    check(
        &cluster,
        "CREATE TABLE audit_logs_old () INHERITS (audit_logs)",
        "DROP TABLE audit_logs_old",
        &["audit_logs: - / child table audit_logs_old"],
    );
    check(
        &cluster,
        "CREATE TABLE logs (); ALTER TABLE audit_logs INHERIT logs",
        "ALTER TABLE audit_logs NO INHERIT logs; DROP TABLE logs",
        &["audit_logs: - / parent table logs"],
    );
    check(
        &cluster,
        "CREATE RULE quiet AS ON INSERT TO agents DO INSTEAD NOTHING",
        "DROP RULE quiet ON agents",
        &["agents: - / rule quiet on insert instead"],
    );
    check(
        &cluster,
        "ALTER TABLE agents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "ALTER TABLE agents DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
        &[
            "agents: - / row-level security",
            "agents: - / row-level security that binds the owner, too",
        ],
    );
    check_ours(&cluster);
}

#[test]
fn triggers_that_do_something_else_are_named() {
    let cluster = ours_without_ledger();
    check(
        &cluster,
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER first BEFORE INSERT ON agents FOR EACH ROW EXECUTE FUNCTION nothing();
         CREATE TRIGGER off BEFORE INSERT ON agents FOR EACH ROW EXECUTE FUNCTION nothing();
         ALTER TABLE agents DISABLE TRIGGER off;
         CREATE TRIGGER second BEFORE UPDATE ON commands FOR EACH ROW EXECUTE FUNCTION nothing();
         CREATE CONSTRAINT TRIGGER third AFTER DELETE ON audit_logs
             FOR EACH ROW EXECUTE FUNCTION nothing()",
        "DROP FUNCTION nothing CASCADE",
        &[
            "agents: - / TRIGGER first BEFORE INSERT ON agents FOR EACH ROW \
             EXECUTE FUNCTION nothing()",
            "commands: - / TRIGGER second BEFORE UPDATE ON commands FOR EACH ROW \
             EXECUTE FUNCTION nothing()",
            "audit_logs: - / CONSTRAINT TRIGGER third AFTER DELETE ON audit_logs \
             NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION nothing()",
        ],
    );
    // One that would count as ours if its function, or its condition, did not differ.
    check(
        &cluster,
        "CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RETURN NULL; END'",
        "CREATE OR REPLACE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS
             E'begin\\n -- Of our own.\\n NEW.updated_at = pg_catalog.now() ;\\n return new; end;'",
        &[
            "agents: - / TRIGGER agents_set_updated_at BEFORE UPDATE ON agents FOR EACH ROW \
             EXECUTE FUNCTION set_updated_at()",
            "command_presets: - / TRIGGER command_presets_set_updated_at BEFORE UPDATE \
             ON command_presets FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
            "execution_constraints: - / TRIGGER execution_constraints_set_updated_at BEFORE UPDATE \
             ON execution_constraints FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        ],
    );
    check(
        &cluster,
        "DROP TRIGGER agents_set_updated_at ON agents;
         CREATE TRIGGER agents_set_updated_at BEFORE UPDATE ON agents FOR EACH ROW
             WHEN (old.name <> new.name) EXECUTE FUNCTION set_updated_at()",
        "DROP TRIGGER agents_set_updated_at ON agents;
         CREATE EXTENSION moddatetime;
         CREATE TRIGGER other BEFORE UPDATE ON agents FOR EACH ROW
             EXECUTE FUNCTION moddatetime(updated_at)",
        &[
            "agents: - / TRIGGER agents_set_updated_at BEFORE UPDATE ON agents FOR EACH ROW \
             WHEN (old.name <> new.name) EXECUTE FUNCTION set_updated_at()",
        ],
    );
    check(
        &cluster,
        "CREATE TRIGGER too BEFORE UPDATE ON commands FOR EACH ROW EXECUTE FUNCTION set_updated_at()",
        "DROP TRIGGER too ON commands",
        &["commands: - / trigger that keeps updated_at"],
    );
    check_ours(&cluster);
}

#[test]
fn texts_are_compared_as_they_are_stored() {
    let cluster = ours_without_ledger();
    check(
        &cluster,
        "ALTER TYPE agent_status RENAME VALUE 'error' TO E'error\\r'",
        "ALTER TYPE agent_status RENAME VALUE E'error\\r' TO 'error'",
        &[
            "agents.status: enum ('connected', 'disconnected', 'busy', 'error') not null \
             default 'disconnected' / enum ('connected', 'disconnected', 'busy', 'error\\r') \
             not null default 'disconnected'",
        ],
    );
    check(
        &cluster,
        "ALTER TABLE agents ALTER COLUMN name TYPE text COLLATE \"C\"",
        "ALTER TABLE agents ALTER COLUMN name TYPE text COLLATE \"default\"",
        &["agents.name: text not null / text collate pg_catalog.\"C\" not null"],
    );
    check(
        &cluster,
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         ALTER TABLE agents DROP CONSTRAINT agents_name_key;
         CREATE UNIQUE INDEX one_name ON agents (name COLLATE any_case)",
        "DROP INDEX one_name; CREATE UNIQUE INDEX other ON agents (name COLLATE \"C\")",
        &[
            "agents: - / unique (name collate public.any_case)",
            "agents: unique (name) / -",
        ],
    );
    check_ours(&cluster);
}

#[test]
fn rights_of_the_interface_are_named_down_to_columns() {
    let cluster = Cluster::start();
    cluster.sql("CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS");
    assert_eq!(run(&cluster, &["up"]).code, 0);
    cluster.sql("DROP TABLE schema_migrations");
    check(
        &cluster,
        "GRANT SELECT (name) ON agents TO anon; GRANT TRIGGER ON commands TO authenticated",
        "REVOKE SELECT (name) ON agents FROM anon; REVOKE TRIGGER ON commands FROM authenticated",
        &[
            "agents: - / right select of some columns to anon",
            "commands: - / right trigger to authenticated",
        ],
    );
    check(
        &cluster,
        "ALTER TABLE agents DISABLE ROW LEVEL SECURITY;
         ALTER POLICY agents_authenticated ON agents USING (name = 'mine');
         CREATE POLICY open ON commands TO anon USING (true)",
        "ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
         ALTER POLICY agents_authenticated ON agents USING (true);
         DROP POLICY open ON commands",
        &[
            "agents: - / policy for all to authenticated using (name = 'mine') with check true",
            "agents: policy for all to authenticated using true with check true / -",
            "agents: row-level security / -",
            "commands: - / policy for all to anon using true",
        ],
    );
    check_ours(&cluster);
}

/// A run of ours on a server with these settings has made what our files make.
#[track_caller]
fn check_own_run(before: &str, arguments: &[&str]) {
    let cluster = Cluster::start();
    cluster.sql(before);
    let run = |command: &str| {
        let all = [&[command, "--json"], arguments].concat();
        finish(&mut program(&cluster, &all))
    };
    let up = run("up");
    assert_eq!(up.code, 0, "{before}: {up:?}");
    let ledger = up.json()["ledger"].as_str().unwrap().to_owned();
    let ledger = ledger
        .split('.')
        .map(|part| format!("\"{part}\""))
        .collect::<Vec<_>>()
        .join(".");
    cluster.sql(&format!("DROP TABLE {ledger}"));
    let told = run("adopt");
    assert_eq!(told.code, 0, "{before}: {told:?}");
    let json = told.json();
    assert_eq!(
        (&json["differences"], &json["remarks"]),
        (&json!([]), &json!([])),
        "{before}: {json:#}"
    );
    assert_eq!(json["recorded"].as_array().unwrap().len(), 10, "{json:#}");
}

#[test]
fn our_own_tables_match_however_they_were_made() {
    const ROLES: &str =
        "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;";
    check_own_run(ROLES, &[]);
    check_own_run(
        "ALTER ROLE vitals SET quote_all_identifiers = on;
         ALTER ROLE vitals SET standard_conforming_strings = off;
         ALTER ROLE vitals SET default_toast_compression = pglz;
         ALTER ROLE vitals SET check_function_bodies = off",
        &[],
    );
    check_own_run(
        &format!(
            "{ROLES} CREATE SCHEMA \"Odd schema\" AUTHORIZATION vitals;
             ALTER ROLE vitals SET search_path = \"Odd schema\", public"
        ),
        &[],
    );
    check_own_run(
        "CREATE SCHEMA ops AUTHORIZATION vitals; CREATE DOMAIN public.text AS pg_catalog.text;
         CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'select null::timestamptz';
         ALTER ROLE vitals SET search_path = public, pg_catalog",
        &["--set", "ledger_schema=ops"],
    );
}

#[test]
fn what_was_pasted_matches() {
    let cluster = Cluster::start();
    let script = run(&cluster, &["print"]).stdout;
    sql_as_role(&cluster, &script);
    assert_eq!(versions(&cluster), "1 2 3 4 5 6 7 8 9 10");
    sql_as_role(&cluster, "DROP TABLE schema_migrations, command_queues");
    let script = run(&cluster, &["print", "9"]).stdout;
    sql_as_role(&cluster, &script);
    check_ours(&cluster);
}
