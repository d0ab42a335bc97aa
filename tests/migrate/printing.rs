//! The printed SQL: it needs no database, and makes one that our own runs take over.

use std::process::Command;

use crate::{
    bed::{Run, finish, run, sql_as_role},
    support::cluster::Cluster,
};

/// `dbvitals migrate print` where nothing is configured.
fn print(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(["migrate", "print"])
        .args(arguments)
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .current_dir(std::env::temp_dir());
    finish(&mut command)
}

#[test]
fn the_printed_sql_is_taken_over_by_our_own_runs() {
    for (arguments, ledger) in [
        (&[][..], "public"),
        (&["--set", "ledger_schema=ops"][..], "ops"),
    ] {
        let cluster = Cluster::start();
        let script = print(arguments);
        assert_eq!(script.code, 0, "{script:?}");
        sql_as_role(&cluster, &script.stdout);
        let rows = cluster.sql(&format!("SELECT count(*) FROM {ledger}.schema_migrations"));
        assert_eq!(rows, "10");
        let status = run(&cluster, &[&["status", "--json"], arguments].concat());
        assert_eq!(status.json()["upToDate"], true, "{status:?}");
        let up = run(&cluster, &[&["up"], arguments].concat());
        assert!(
            up.code == 0 && up.stdout.contains("nothing to apply"),
            "{up:?}"
        );
        // A second paste changes nothing.
        let before = cluster.schema_dump(&[]);
        let again = cluster.try_sql("app", &script.stdout);
        assert!(again.unwrap_err().contains("already exists"));
        assert_eq!(cluster.schema_dump(&[]), before);
    }
}

#[test]
fn it_means_the_same_whatever_the_session_is_set_to() {
    let cluster = Cluster::start();
    cluster.sql(
        "CREATE DOMAIN public.text AS pg_catalog.text CHECK (value = '');
         CREATE DOMAIN public.bytea AS pg_catalog.bytea CHECK (value IS NULL);
         CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql
             AS 'select null::timestamptz'",
    );
    let script = print(&[]).stdout;
    sql_as_role(
        &cluster,
        &format!(
            "SET standard_conforming_strings = off; SET search_path = public, pg_catalog;
             SET quote_all_identifiers = on; SET default_transaction_isolation = serializable;
             {script}"
        ),
    );
    let status = run(&cluster, &["status", "--json"]);
    assert_eq!(status.json()["upToDate"], true, "{status:?}");
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    let adopt = run(&cluster, &["adopt", "--json"]).json();
    assert_eq!(adopt["differences"], serde_json::json!([]), "{adopt:#}");
    // The same for a table that is made anew.
    sql_as_role(&cluster, "DROP TABLE command_presets");
    let script = print(&["4"]).stdout;
    sql_as_role(
        &cluster,
        &format!("SET search_path = public, pg_catalog; {script}"),
    );
    let status = run(&cluster, &["status", "--json"]);
    assert_eq!(status.json()["upToDate"], true, "{status:?}");
    sql_as_role(&cluster, "DROP TABLE schema_migrations");
    let adopt = run(&cluster, &["adopt", "--json"]).json();
    assert_eq!(adopt["differences"], serde_json::json!([]), "{adopt:#}");
}

#[test]
fn who_is_given_rights_on_every_new_table_has_none_on_these() {
    for by_paste in [false, true] {
        let cluster = Cluster::start();
        cluster.sql("CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role");
        sql_as_role(
            &cluster,
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO public;
             ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO public, anon",
        );
        if by_paste {
            sql_as_role(&cluster, &print(&[]).stdout);
        } else {
            assert_eq!(run(&cluster, &["up"]).code, 0);
        }
        let open = "SELECT string_agg(relname, ' ') FROM pg_class \
                    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                    AND has_table_privilege('anon', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')";
        assert_eq!(cluster.sql(open), "", "by_paste: {by_paste}");
    }
}

#[test]
fn it_is_printed_whatever_else_is_configured() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .args(["migrate", "print", "--json"])
        .env_clear()
        .env("USER", "somebody")
        .env("SUPABASE_URL", "https://abcdefghijklmnopqrst.supabase.co")
        .env("SUPABASE_ANON_KEY", "a-key")
        .current_dir(std::env::temp_dir());
    let printed = finish(&mut command);
    assert_eq!(printed.code, 0, "{printed:?}");
    let json = printed.json();
    assert_eq!(json["files"].as_array().unwrap().len(), 10);
    assert_eq!(json["files"][8]["name"], "command_queues");
    let sqlite = print(&["--dialect", "sqlite"]);
    assert!(
        sqlite.stdout.contains("checksum blob not null"),
        "{sqlite:?}"
    );
    let wrong = print(&["--set", "ledger_schema=Not Plain"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (3, ""));
    assert!(wrong.stderr.contains("ledger_schema"), "{wrong:?}");
}
