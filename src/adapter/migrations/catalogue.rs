//! The files of this program, embedded as they were when it was built. Knows
//! nothing of what is in them.

use std::sync::LazyLock;

use sha2::{Digest, Sha384};

use crate::domain::{Migration, MigrationName};

/// A file, and what the ledger says of it once it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter) struct File {
    /// Version, name and checksum.
    pub(in crate::adapter) migration: Migration,
    /// Its statements.
    pub(in crate::adapter) sql: &'static str,
}

/// The compiler reads each file, and builds anew when one has changed.
macro_rules! files {
    ($folder:literal: $($stem:literal),+ $(,)?) => {
        vec![$(file($stem, include_str!(concat!("../../../migrations/", $folder, "/", $stem, ".sql")))),+]
    };
}

/// For PostgreSQL, lowest version first.
pub(super) static POSTGRES: LazyLock<Vec<File>> = LazyLock::new(|| {
    files!["postgres":
        "0001_agents",
        "0002_commands",
        "0003_terminal_outputs",
        "0004_command_presets",
        "0005_trace_entries",
        "0006_investigation_reports",
        "0007_audit_logs",
        "0008_execution_constraints",
        "0009_command_queues",
        "0010_supabase_access",
    ]
});

/// For SQLite, lowest version first.
pub(super) static SQLITE: LazyLock<Vec<File>> = LazyLock::new(|| {
    files!["sqlite":
        "0001_agents",
        "0002_commands",
        "0003_terminal_outputs",
        "0004_command_presets",
        "0005_trace_entries",
        "0006_investigation_reports",
        "0007_audit_logs",
        "0008_execution_constraints",
        "0009_command_queues",
    ]
});

fn file(stem: &str, sql: &'static str) -> File {
    let (version, name) = stem.split_once('_').expect("a file is NNNN_name");
    let version = version.parse().expect("a file's name begins with a number");
    File {
        migration: Migration {
            id: MigrationName::new(version, name),
            checksum: Sha384::digest(sql.as_bytes()).to_vec(),
        },
        sql,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The catalogue holds the folder's files, all of them and no other.
    #[track_caller]
    fn check(folder: &str, catalogue: &[File]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(folder);
        let mut names: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let files = catalogue.iter();
        let known: Vec<_> = files
            .map(|file| format!("{}.sql", file.migration.id))
            .collect();
        assert_eq!(known, names);
        let versions = catalogue.iter().map(|file| file.migration.id.version);
        assert!(versions.eq(1..=i64::try_from(catalogue.len()).unwrap()));
    }

    #[test]
    fn every_file_is_embedded_and_none_is_left_out() {
        check("postgres", &POSTGRES);
        check("sqlite", &SQLITE);
    }

    #[test]
    fn no_file_ends_the_transaction_that_it_runs_in() {
        for file in POSTGRES.iter().chain(SQLITE.iter()) {
            let code = file
                .sql
                .lines()
                .map(|line| line.split("--").next().unwrap());
            let code = code.collect::<Vec<_>>().join("\n");
            let mut statements = code.split(';').map(str::trim);
            let ends = [
                "commit",
                "rollback",
                "begin",
                "end",
                "start transaction",
                "abort",
            ];
            // `begin` and `end` stand within functions and triggers, each with
            // words of its own behind or before it, never as a statement.
            let found = statements.find(|statement| ends.contains(statement));
            let is_trigger = file.sql.contains("create trigger") && found == Some("end");
            assert!(
                found.is_none() || is_trigger,
                "{}: {found:?}",
                file.migration.id
            );
        }
    }

    #[test]
    fn a_checksum_is_the_sha_384_of_the_file() {
        let empty = file("0001_empty", "").migration.checksum;
        let hex: String = empty.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da\
             274edebfe76f65fbd51ad2f14898b95b"
        );
    }
}
