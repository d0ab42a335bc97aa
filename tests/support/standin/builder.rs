//! What a new stand-in shall be like. It must not know what happens to it
//! later.

use std::fs;

use super::{
    build,
    instance::{Parts, Standin},
};
use crate::support::{
    cluster::{
        Cluster,
        certificates::{self, Validity},
    },
    port::ClaimedPort,
};

/// The roles, rights and triggers of a hosted project's database.
const SUPABASE: &str = include_str!("supabase.sql");

/// Asks for a stand-in; made by [`Standin::builder`].
#[derive(Debug)]
pub(crate) struct Builder {
    cluster: crate::support::cluster::Builder,
    tls: Option<(String, Validity)>,
    jwt_secret: Option<String>,
    migrated: bool,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            cluster: Cluster::builder(),
            tls: None,
            jwt_secret: None,
            migrated: true,
        }
    }

    /// Takes a cluster with other settings.
    pub(crate) fn over(mut self, cluster: crate::support::cluster::Builder) -> Self {
        self.cluster = cluster;
        self
    }

    /// Speaks TLS only, with a certificate for this host name by an authority
    /// of its own ([`Standin::ca_path`]).
    pub(crate) fn tls(mut self, host: &str) -> Self {
        self.tls = Some((host.to_owned(), Validity::Now));
        self
    }

    /// Speaks TLS only, with a certificate whose time is over.
    pub(crate) fn tls_expired(mut self, host: &str) -> Self {
        self.tls = Some((host.to_owned(), Validity::Past));
        self
    }

    /// Signs its legacy keys and tokens with this, at least 32 bytes.
    pub(crate) fn jwt_secret(mut self, secret: &str) -> Self {
        self.jwt_secret = Some(secret.to_owned());
        self
    }

    /// Leaves our tables away.
    pub(crate) fn without_migrations(mut self) -> Self {
        self.migrated = false;
        self
    }

    /// Makes the database, starts the stand-in over it, and waits until it
    /// answers.
    pub(crate) fn start(self) -> Standin {
        let program = build::program();
        let cluster = self.cluster.start();
        cluster.sql(SUPABASE);
        if self.migrated {
            cluster.paste_migrations();
        }
        // It goes with the cluster's folder, also after a kill.
        let folder = cluster.socket_folder().join("standin");
        fs::create_dir(&folder).expect("a folder can be made");
        if let Some((host, validity)) = &self.tls {
            certificates::write(&folder, host, *validity);
        }
        let mut standin = Standin::assemble(Parts {
            program,
            folder,
            cluster,
            port: ClaimedPort::claim(),
            tls_host: self.tls.map(|(host, _)| host),
            jwt_secret: self.jwt_secret,
        });
        standin.start_again();
        standin
    }
}
