//! Whose a table `schema_migrations` is, by its columns: several tools call
//! their ledger so. Only ours is ever touched.

/// The name of our ledger's table.
pub const LEDGER_TABLE: &str = "schema_migrations";

/// Who made a table `schema_migrations`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LedgerTool {
    /// This program.
    Ours,
    /// Rails (Active Record): `version varchar`.
    Rails,
    /// dbmate: `version varchar(128)`.
    Dbmate,
    /// Ecto: `version bigint`, `inserted_at timestamp`.
    Ecto,
    /// golang-migrate: `version bigint`, `dirty boolean`.
    GolangMigrate,
    /// The Supabase CLI: `version text`, `statements text[]`, `name text`.
    SupabaseCli,
    /// Something else.
    Unknown,
}

/// The columns of our ledger and their types, as PostgreSQL and as SQLite name them.
const OURS: [(&str, [&str; 2]); 5] = [
    ("version", ["bigint", "integer"]),
    ("name", ["text", "text"]),
    ("applied_at", ["timestamp with time zone", "text"]),
    ("checksum", ["bytea", "blob"]),
    ("execution_ms", ["bigint", "integer"]),
];

/// Whose ledger has these columns, given as name and type.
///
/// A table that has more columns than ours is not ours. `has_rails_table`:
/// there is an `ar_internal_metadata` beside it, which Rails makes.
#[must_use]
pub fn tool_of(columns: &[(String, String)], has_rails_table: bool) -> LedgerTool {
    let type_of = |name: &str| {
        let found = columns.iter().find(|(column, _)| column == name);
        found.map(|(_, type_name)| type_name.to_ascii_lowercase())
    };
    let is_ours = |engine: usize| {
        OURS.iter()
            .all(|(name, types)| type_of(name).as_deref() == Some(types[engine]))
    };
    if columns.len() == OURS.len() && (is_ours(0) || is_ours(1)) {
        return LedgerTool::Ours;
    }
    let Some(version) = type_of("version") else {
        return LedgerTool::Unknown;
    };
    let has = |name: &str| type_of(name).is_some();
    if version == "bigint" && has("inserted_at") {
        return LedgerTool::Ecto;
    }
    if version == "bigint" && type_of("dirty").as_deref() == Some("boolean") {
        return LedgerTool::GolangMigrate;
    }
    if version == "text" && has("statements") {
        return LedgerTool::SupabaseCli;
    }
    let is_alone = columns.len() == 1;
    if is_alone && (version == "character varying" || has_rails_table) {
        return LedgerTool::Rails;
    }
    if is_alone && version.starts_with("character varying(") {
        return LedgerTool::Dbmate;
    }
    LedgerTool::Unknown
}

impl LedgerTool {
    /// The name used on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "dbvitals",
            Self::Rails => "Rails",
            Self::Dbmate => "dbmate",
            Self::Ecto => "Ecto",
            Self::GolangMigrate => "golang-migrate",
            Self::SupabaseCli => "the Supabase CLI",
            Self::Unknown => "another tool",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARCHAR: &str = "character varying";

    #[track_caller]
    fn check(columns: &[(&str, &str)], has_rails_table: bool, tool: LedgerTool) {
        let columns: Vec<_> = columns
            .iter()
            .map(|(name, type_name)| ((*name).to_owned(), (*type_name).to_owned()))
            .collect();
        assert_eq!(tool_of(&columns, has_rails_table), tool);
    }

    #[test]
    fn each_tools_ledger_is_recognised() {
        check(&[("version", VARCHAR)], false, LedgerTool::Rails);
        check(
            &[("version", "character varying(255)")],
            true,
            LedgerTool::Rails,
        );
        check(
            &[("version", "character varying(128)")],
            false,
            LedgerTool::Dbmate,
        );
        check(
            &[
                ("version", "bigint"),
                ("inserted_at", "timestamp(0) without time zone"),
            ],
            false,
            LedgerTool::Ecto,
        );
        check(
            &[("version", "bigint"), ("dirty", "boolean")],
            false,
            LedgerTool::GolangMigrate,
        );
        check(
            &[
                ("version", "text"),
                ("statements", "text[]"),
                ("name", "text"),
            ],
            false,
            LedgerTool::SupabaseCli,
        );
        check(&[("id", "integer")], false, LedgerTool::Unknown);
        check(&[("version", "integer")], false, LedgerTool::Unknown);
        check(&[], false, LedgerTool::Unknown);
    }

    #[test]
    fn ours_has_exactly_our_columns() {
        let ours = OURS.map(|(name, types)| (name, types[0]));
        check(&ours, true, LedgerTool::Ours);
        check(
            &OURS.map(|(name, types)| (name, types[1])),
            false,
            LedgerTool::Ours,
        );
        check(&ours[..4], false, LedgerTool::Unknown);
        let with_more = [&ours[..], &[("success", "boolean")]].concat();
        check(&with_more, false, LedgerTool::Unknown);
        let mut other = ours;
        other[3].1 = "text";
        check(&other, false, LedgerTool::Unknown);
    }
}
