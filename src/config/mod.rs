//! The configuration: flags over environment over file over defaults, checked
//! as a whole. Knows nothing of connections or screens.

mod assign;
mod catalogue;
mod changes;
mod choice;
mod complaint;
mod env;
mod environment;
mod file;
mod file_layer;
mod flag_layer;
mod keys;
mod libpq;
mod load;
mod loaded;

mod mode;
mod origin;
mod own_project;
mod own_script;
mod plain_file;
mod production;
mod profile;
mod rehearsal;
mod resolve;
mod rules;
mod sections;
mod shown;
mod sources;
mod suggest;
mod supabase;
mod terminal;
mod values;

pub use catalogue::{Candidate, Candidates, Catalogue};
pub use changes::{changes, serves};
pub use choice::{Choice, ProfileChoice, RehearsalChoice};
pub use complaint::{Complaint, Complaints};
pub use env::{Env, FixedEnv, SystemEnv};
pub use load::{ledger_schema, load, settings};
pub use loaded::{Loaded, Row};
pub use origin::Origin;
pub use sections::{
    AdapterSection, ClientCertificate, Config, Endpoint, LocalSection, MockSection, Provenance,
    RootCertificates, SslMode, SupabaseEndpoint, SupabaseSection, ThemeName, TlsSection,
    TuiSection, WatchSection,
};
pub(crate) use shown::shown;
pub use sources::{Fallback, Flags, Sources};

#[cfg(test)]
mod example_tests;
