//! What a column's values mean, by its declared type. SQLite itself tells
//! numbers, texts and bytes apart, and no more. Knows nothing of values.

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Text,
    /// A whole number of 32 bits, as PostgreSQL's `integer`.
    Integer,
    /// A whole number of 64 bits.
    BigInt,
    Real,
    Boolean,
    Uuid,
    /// A point in time.
    Time,
    Json,
    /// A list of texts.
    Array,
    /// A network address.
    Inet,
    Bytes,
    /// A type that says nothing more than SQLite does.
    Unknown,
}

impl ColumnType {
    /// The type behind a name: those of our migrations, and PostgreSQL's for
    /// tables that a caller makes.
    pub(super) fn of_declared(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "text" | "varchar" => Self::Text,
            "int" | "integer" | "int4" => Self::Integer,
            "bigint" | "int8" => Self::BigInt,
            "real" | "double precision" | "float8" => Self::Real,
            "boolean" | "bool" => Self::Boolean,
            "text_uuid" | "uuid" => Self::Uuid,
            "text_time" | "timestamptz" => Self::Time,
            "text_json" | "json" | "jsonb" => Self::Json,
            "text_array" => Self::Array,
            "text_inet" | "inet" => Self::Inet,
            "blob" | "bytea" => Self::Bytes,
            _ => Self::Unknown,
        }
    }
}
