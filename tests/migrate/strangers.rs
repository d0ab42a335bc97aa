//! What others have put into the database before us is neither run nor
//! believed.

use crate::{
    bed::{Run, finish, program, run, sql_as_role},
    support::cluster::Cluster,
};

/// Functions and an operator that fit our files' words as well as the server's
/// own do, or better, and that fail when they are run.
const TRAPS: &str = "
    create function trap() returns void language plpgsql as
        $$ begin raise exception 'a stranger is run'; end $$;
    create function format(text, text) returns text language plpgsql as
        $$ begin perform public.trap(); return ''; end $$;
    create function format(text, text, text) returns text language sql as
        $$ select public.format($1, $2) $$;
    create function format(text, name, text) returns text language sql as
        $$ select public.format($1, '') $$;
    create function format(text, text, text, text) returns text language sql as
        $$ select public.format($1, $2) $$;
    create function has_schema_privilege(text, name, text) returns boolean language plpgsql as
        $$ begin perform public.trap(); return true; end $$;
    create function cardinality(text[]) returns integer language sql immutable as
        $$ select 0 $$;
    create function same(anyelement, anyelement) returns boolean language sql immutable as
        $$ select true $$;
    create operator = (leftarg = anyelement, rightarg = anyelement, function = same);
    create function gen_random_uuid() returns uuid language sql as
        $$ select null::uuid $$;
    create function now() returns timestamptz language sql as
        $$ select null::timestamptz $$;
    create function char_length(text) returns integer language sql immutable as
        $$ select 1 $$;";

/// What our tables depend on among the functions and operators of public.
const BELIEVED: &str = "
    select string_agg(distinct refobjid::regprocedure::text, ' ') from pg_depend
    where refclassid = 'pg_proc'::regclass
    and refobjid in (select oid from pg_proc where pronamespace = 'public'::regnamespace)
    and classid in ('pg_constraint'::regclass, 'pg_attrdef'::regclass)";

#[test]
fn functions_of_a_stranger_in_the_schema_are_neither_run_nor_believed() {
    let cluster = Cluster::start();
    cluster.sql(
        "create role anon; create role authenticated; create role service_role; \
         create role stranger; grant create on schema public to stranger",
    );
    cluster.sql(&format!("set role stranger; {TRAPS}"));
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(cluster.sql(BELIEVED), "");
    let believed = cluster.sql(
        "select count(*) from pg_depend where refclassid = 'pg_operator'::regclass \
         and refobjid in (select oid from pg_operator \
         where oprnamespace = 'public'::regnamespace)",
    );
    assert_eq!(believed, "0");
}

/// A command against a database in which new tables go into this schema.
#[track_caller]
fn in_schema(cluster: &Cluster, schema: &str, arguments: &[&str]) -> Run {
    let quoted = schema.replace('"', "\"\"");
    sql_as_role(
        cluster,
        &format!("create schema if not exists \"{quoted}\""),
    );
    let set = format!("alter role vitals set search_path = \"{quoted}\"");
    cluster.sql(&set);
    finish(&mut program(cluster, arguments))
}

#[test]
fn a_schema_may_have_any_name() {
    let cluster = Cluster::start();
    cluster.sql("create role anon; create role authenticated; create role service_role");
    for schema in ["x$$y", "it's", "say \"so\"", "a\\'b", "%I"] {
        let up = in_schema(&cluster, schema, &["up"]);
        assert_eq!(up.code, 0, "{schema}: {up:?}");
    }
    // Strings in which a backslash means something.
    cluster.sql("alter role vitals set standard_conforming_strings = off");
    let trap = "\\');end loop;end$$;create table trap();do $$begin loop exit;--";
    let up = in_schema(&cluster, trap, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    let caught = cluster.sql("select count(*) from pg_class where relname = 'trap'");
    assert_eq!(caught, "0");
}

#[test]
fn the_name_of_a_schema_is_shown_as_text() {
    let cluster = Cluster::start();
    let schema = "esc\u{1b}[31mX\u{7}\u{202e}";
    for arguments in [
        &["plan"][..],
        &["status"],
        &["up"],
        &["status"],
        &["up"],
        &["adopt"],
    ] {
        let run = in_schema(&cluster, schema, arguments);
        assert_eq!(run.code, 0, "{run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(
            said.contains("esc"),
            "{arguments:?} names no schema: {said}"
        );
        let is_raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(is_raw), "{arguments:?}: {said:?}");
    }
}

#[test]
fn nobody_but_the_owner_reaches_the_ledger_that_is_made() {
    let cluster = Cluster::start();
    cluster.sql(
        "create role anon; create role authenticated; create role service_role; \
         alter default privileges for role vitals grant all on tables \
         to public, anon, authenticated, service_role",
    );
    let up = run(&cluster, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    for (role, table, may) in [
        ("anon", "schema_migrations", "f"),
        ("authenticated", "schema_migrations", "f"),
        ("anon", "agents", "f"),
        ("authenticated", "agents", "t"),
    ] {
        let asked = format!("select has_table_privilege('{role}', '{table}', 'select')");
        assert_eq!(cluster.sql(&asked), may, "{role} {table}");
    }
}
