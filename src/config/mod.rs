//! The configuration: flags over environment over file over defaults, checked
//! as a whole. Knows nothing of connections or screens.

mod sections;

pub use sections::{
    AdapterSection, ClientCertificate, Config, Endpoint, LocalSection, MockSection, Provenance,
    RootCertificates, SslMode, ThemeName, TlsSection, TuiSection, WatchSection,
};
