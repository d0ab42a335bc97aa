//! The same through a pooler that gives each transaction another session.

use crate::{
    bed::run,
    support::cluster::{Cluster, PoolMode, Pooler},
};

#[test]
fn a_statement_runs_through_a_transaction_pooler_again_and_again() {
    if Pooler::program().is_none() {
        #[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
        {
            eprintln!("not run: PgBouncer is not installed");
        }
        return;
    }
    let cluster = Cluster::start();
    cluster
        .sql("create type mood as enum ('ok'); create table t (a mood); grant all on t to public");
    let pooler = cluster.pooler(PoolMode::Transaction);
    let url = format!("postgres://vitals@127.0.0.1:{}/app", pooler.port());
    let variables = [("DATABASE_URL", url.as_str())];
    for _ in 0..4 {
        run(&["insert into t values ('ok')"], &variables).succeeds();
        let json = run(&["--json", "select array_agg(a) as a from t"], &variables).succeeds();
        assert_eq!(json.json()["rows"][0][0][0], "ok");
    }
    assert_eq!(cluster.sql("select count(*) from t"), "4");
}
