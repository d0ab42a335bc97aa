//! Who may reach the tables where Supabase's roles exist, and that nothing is
//! changed where they do not.

use crate::{
    engines::cluster,
    support::{cluster::Cluster, schema::migrations},
};

/// The roles as Supabase has them, and the rights that older projects give to
/// each new table.
const ROLES: &str = "create role anon nologin; \
    create role authenticated nologin; \
    create role service_role nologin bypassrls; \
    grant usage on schema public to anon, authenticated, service_role; \
    alter default privileges for role vitals in schema public \
        grant all on tables to anon, authenticated, service_role;";

/// The tables' names, as an array of SQL.
const TABLES: &str = "array['agents', 'commands', 'terminal_outputs', 'command_presets', \
    'trace_entries', 'investigation_reports', 'audit_logs', 'execution_constraints', \
    'command_queues']";

fn supabase() -> Cluster {
    let cluster = Cluster::start();
    cluster.sql(ROLES);
    cluster.make_tables();
    cluster
}

/// Runs a statement as a role; gives what it said, or its SQLSTATE.
fn as_role(cluster: &Cluster, role: &str, statement: &str) -> Result<String, String> {
    let sql = format!("set role {role}; {statement}");
    cluster.try_sql("app", &sql).map_err(|words| {
        let code = words.split("ERROR:  ").nth(1).unwrap_or(&words);
        code.chars().take(5).collect()
    })
}

/// For each table, what this finds.
fn of_each_table(cluster: &Cluster, question: &str) -> String {
    let sql = format!("select distinct {question} from unnest({TABLES}) as t (name)");
    cluster.sql(&sql)
}

#[test]
fn rows_are_under_security_for_the_roles_that_may_reach_them() {
    let cluster = supabase();
    let secured = "(select relrowsecurity from pg_class where oid = name::regclass)";
    assert_eq!(of_each_table(&cluster, secured), "t");
    let policies = "(select string_agg(array_to_string(roles, ','), ' ' order by roles) \
        from pg_policies where tablename = name)";
    assert_eq!(
        of_each_table(&cluster, policies),
        "authenticated service_role"
    );
    let anon = "has_table_privilege('anon', name, \
        'select, insert, update, delete, truncate, references, trigger')";
    assert_eq!(of_each_table(&cluster, anon), "f");
    for role in ["authenticated", "service_role"] {
        let more = format!("has_table_privilege('{role}', name, 'truncate, references, trigger')");
        assert_eq!(of_each_table(&cluster, &more), "f", "{role}");
    }
}

#[test]
fn each_role_can_do_what_it_may_and_nothing_else() {
    let cluster = supabase();
    let add = "insert into agents (name, type) values (gen_random_uuid()::text, 'codex') \
        returning status";
    let change = "update agents set version = '2' returning version";
    let log = "insert into audit_logs (action, resource_type) values ('a', 'r') returning action";
    for role in ["authenticated", "service_role"] {
        assert_eq!(as_role(&cluster, role, add).unwrap(), "disconnected");
        assert!(as_role(&cluster, role, change).unwrap().starts_with('2'));
        assert_eq!(as_role(&cluster, role, log).unwrap(), "a");
        // What has been logged is not changed.
        let changed = as_role(&cluster, role, "update audit_logs set action = 'b'");
        assert_eq!(changed.unwrap_err(), "42501");
    }
    let old = "delete from audit_logs returning 1";
    assert_eq!(
        as_role(&cluster, "authenticated", old).unwrap_err(),
        "42501"
    );
    assert_eq!(as_role(&cluster, "service_role", old).unwrap(), "1\n1");
    for statement in ["select * from agents", "truncate agents cascade", add] {
        let refused = as_role(&cluster, "anon", statement);
        assert_eq!(refused.unwrap_err(), "42501", "{statement}");
    }
}

#[test]
fn the_schema_of_the_tables_is_opened_where_it_is_not_public() {
    let cluster = Cluster::start();
    cluster.sql(ROLES);
    cluster.sql("create schema authorization vitals");
    cluster.make_tables();
    let schema = "select relnamespace::regnamespace from pg_class where relname = 'agents'";
    assert_eq!(cluster.sql(schema), "vitals");
    let read = "select count(*) from vitals.agents";
    assert_eq!(as_role(&cluster, "authenticated", read).unwrap(), "0");
    assert_eq!(as_role(&cluster, "anon", read).unwrap_err(), "42501");
}

#[test]
fn another_server_is_left_as_it_is() {
    let secured = "(select relrowsecurity from pg_class where oid = name::regclass)";
    assert_eq!(of_each_table(cluster(), secured), "f");
    assert_eq!(cluster().sql("select count(*) from pg_policies"), "0");
    let granted = "select count(*) from information_schema.role_table_grants \
        where table_schema = 'public' and grantee <> 'vitals'";
    assert_eq!(cluster().sql(granted), "0");
    // Some of the roles are not all of them.
    let cluster = Cluster::start();
    cluster.sql("create role anon nologin; create role authenticated nologin");
    cluster.make_tables();
    assert_eq!(of_each_table(&cluster, secured), "f");
}

#[test]
fn a_strangers_function_is_not_run_by_the_trigger() {
    let cluster = Cluster::start();
    cluster.make_tables();
    cluster.sql(
        "create schema trap; create function trap.now() returns timestamptz \
            language sql as $$ select timestamptz '1999-01-01' $$; \
         grant usage on schema trap to public; \
         set role vitals; insert into agents (name, type) values ('a', 'codex')",
    );
    let sql = "set role vitals; set search_path = trap, pg_catalog, public; \
        update public.agents set version = '2' returning updated_at > '2000-01-01'";
    assert_eq!(cluster.sql(sql), "t");
}

#[test]
fn each_file_is_whole_or_not_at_all() {
    let cluster = Cluster::start();
    let made = || {
        cluster.sql(
            "select (select count(*) from pg_class where relnamespace = here.oid), \
                (select count(*) from pg_type where typnamespace = here.oid), \
                (select count(*) from pg_proc where pronamespace = here.oid) \
            from pg_namespace as here where nspname = 'public'",
        )
    };
    for file in migrations("postgres") {
        let before = made();
        let broken = format!("set role vitals; begin;\n{file}\nselect 1 / 0; commit;");
        let words = cluster.try_sql("app", &broken).unwrap_err();
        assert!(words.contains("22012"), "{words}");
        assert_eq!(made(), before);
        cluster.sql(&format!("set role vitals; begin;\n{file}\ncommit;"));
    }
}
