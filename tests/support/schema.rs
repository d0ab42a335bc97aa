//! Our own tables in a cluster. It must not know who uses them.

use std::{fs, path::Path};

use dbvitals::adapter::{MigrationDialect, migration_script};

use super::cluster::{Cluster, ROLE};

impl Cluster {
    /// Makes the nine tables as the ordinary role, from our migrations.
    pub(crate) fn make_tables(&self) {
        let mut statements = format!("set role {ROLE};\n");
        for file in migrations("postgres") {
            statements.extend(["begin;\n", &file, "\ncommit;\n"]);
        }
        self.sql(&statements);
    }

    /// Makes the nine tables and their ledger as the ordinary role, with the
    /// script that is printed for where the program cannot go.
    pub(crate) fn paste_migrations(&self) {
        let script = migration_script(MigrationDialect::Postgres, None);
        self.sql(&format!("set role {ROLE};\n{script}"));
    }
}

/// The texts of an engine's migrations, in their order.
pub(crate) fn migrations(engine: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(engine);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no migration in {}", folder.display());
    paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("a migration can be read"))
        .collect()
}
