//! What TLS makes fail. Every authority here is made by the tests.

use crate::{
    expected::{Expected, Failure, failure},
    row::Row,
    scene::{Bed, Scene},
    support::cluster::Cluster,
};

const CERTIFICATE: Failure = failure("TlsCertificate", "tls");

/// What each mode comes to where an `sslrootcert` is set and does not help.
const BY_AUTHORITY: &str = "disable: plain text; prefer: TLS, unverified; \
                            require, verify-ca, verify-full: fails";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::connecting(
            "TLS demanded, server has none",
            |bed| Scene::of(bed.cluster()).parameter("sslmode=require"),
            Expected::fails(failure("TlsRefused", "tls"))
                .heals_on_try()
                .diagnosed(|it| {
                    it.says(&[
                        "disable, prefer: plain text; require, verify-ca, verify-full: fails",
                    ])
                    .advises("sslmode=prefer or disable would get in, in plain text")
                }),
        )
        .mend(|scene| scene.cluster().switch_tls_on("127.0.0.1")),
        Row::connecting(
            "TLS demanded by the server, switched off here",
            only_tls,
            Expected::fails(failure("LoginRefused", "login").code("28000")).diagnosed(|it| {
                it.says(&[
                    "refused by pg_hba.conf",
                    "over TLS pg_hba.conf takes this client",
                ])
                .advises("set sslmode=require")
            }),
        ),
        Row::connecting(
            "certificate for another name",
            |bed| {
                let cluster = bed.trusting(Cluster::builder().tls("db.example"));
                let url = cluster.url().replace("@db.example:", "@127.0.0.1:");
                verified(cluster, Roots::Own).url_with_roots(&url)
            },
            Expected::fails(CERTIFICATE.says("name")).diagnosed(|it| {
                it.says(&["require, verify-ca: TLS, verified; verify-full: fails"])
                    .advises("set host to a name in the certificate")
            }),
        ),
        Row::connecting(
            "certificate by an unknown authority",
            |bed| {
                let cluster = bed.trusting(Cluster::builder().tls("localhost"));
                verified(cluster, Roots::Stranger)
            },
            Expected::fails(CERTIFICATE.says("UnknownIssuer")).diagnosed(|it| {
                it.says(&[BY_AUTHORITY])
                    .advises("set sslrootcert to the authority")
            }),
        ),
        Row::connecting(
            "certificate expired",
            |bed| {
                let cluster = bed.trusting(Cluster::builder().tls_expired("localhost"));
                verified(cluster, Roots::Own)
            },
            Expected::fails(CERTIFICATE.says("expired")).diagnosed(|it| {
                it.says(&[BY_AUTHORITY, "the certificate ended on 2002-01-01"])
                    .advises("renew the server's certificate")
            }),
        ),
    ]
}

#[derive(Clone, Copy)]
enum Roots {
    Own,
    Stranger,
}

fn verified(cluster: Cluster, roots: Roots) -> Scene {
    let file = match roots {
        Roots::Own => cluster.ca_path(),
        Roots::Stranger => cluster.stranger_ca_path(),
    };
    Scene::of(cluster)
        .parameter("sslmode=verify-full")
        .variable("PGSSLROOTCERT", file.to_str().expect("the path is text"))
}

fn only_tls(bed: &Bed) -> Scene {
    let cluster = bed.strict(Cluster::builder().tls("127.0.0.1"));
    cluster.put_first_in_hba("hostnossl all all 0.0.0.0/0 reject");
    Scene::of(cluster).parameter("sslmode=disable")
}

impl Scene {
    fn url_with_roots(self, url: &str) -> Self {
        self.url(url.to_owned()).parameter("sslmode=verify-full")
    }
}
