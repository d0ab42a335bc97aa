//! What each `sslmode` would come to at this server. A rule over what the
//! server offers and shows, and nothing else.

use crate::config::SslMode;

/// What is known of the server's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It offers none.
    Refused,
    /// It shows a certificate.
    Shown {
        /// A believed authority signed it; else why not.
        authority: Result<(), String>,
        /// The same, and it is for this host.
        name: Result<(), String>,
        /// An `sslrootcert` makes `require` check like `verify-ca`.
        has_roots_file: bool,
    },
}

/// What a mode comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It gets through, unencrypted.
    Plain,
    /// It gets through, encrypted, not knowing with whom.
    Unverified,
    /// It gets through and knows the authority, or the name too.
    Verified,
    /// It does not get through, and why.
    Stopped(String),
}

/// All modes, from the least demanding on.
pub(super) const MODES: [SslMode; 5] = [
    SslMode::Disable,
    SslMode::Prefer,
    SslMode::Require,
    SslMode::VerifyCa,
    SslMode::VerifyFull,
];

/// What a mode would come to. Whether `pg_hba.conf` takes a client with or
/// without TLS is another question.
pub(super) fn outcome(known: &Known, mode: SslMode) -> Outcome {
    let (authority, name, has_roots_file) = match (known, mode) {
        (_, SslMode::Disable) | (Known::Refused, SslMode::Prefer) => return Outcome::Plain,
        (Known::Refused, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => {
            return Outcome::Stopped("the server offers no TLS".to_owned());
        }
        (
            Known::Shown {
                authority,
                name,
                has_roots_file,
            },
            _,
        ) => (authority, name, *has_roots_file),
    };
    let judged = match mode {
        SslMode::VerifyFull => name,
        SslMode::VerifyCa => authority,
        SslMode::Require if has_roots_file => authority,
        SslMode::Disable | SslMode::Prefer | SslMode::Require => return Outcome::Unverified,
    };
    match judged {
        Ok(()) => Outcome::Verified,
        Err(why) => Outcome::Stopped(why.clone()),
    }
}

/// The mode as libpq writes it.
pub(super) const fn mode_name(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}

// === impl Outcome ===

impl Outcome {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Plain => "plain text".to_owned(),
            Self::Unverified => "TLS, unverified".to_owned(),
            Self::Verified => "TLS, verified".to_owned(),
            Self::Stopped(why) => format!("fails ({why})"),
        }
    }
}

/// What each mode would come to, in words; modes that come to the same together.
pub(super) fn by_outcome(known: &Known) -> String {
    let mut groups: Vec<(Outcome, Vec<&str>)> = Vec::new();
    for mode in MODES {
        let outcome = outcome(known, mode);
        match groups.iter_mut().find(|(same, _)| *same == outcome) {
            Some((_, modes)) => modes.push(mode_name(mode)),
            None => groups.push((outcome, vec![mode_name(mode)])),
        }
    }
    let words: Vec<_> = groups
        .iter()
        .map(|(outcome, modes)| format!("{}: {}", modes.join(", "), outcome.words()))
        .collect();
    words.join("; ")
}

/// What to do where a mode does not get through: the modes that would.
pub(super) fn advice(known: &Known) -> String {
    let to_do = match known {
        Known::Refused => {
            return "switch TLS on at the server; sslmode=prefer or disable would get in, \
                    in plain text"
                .to_owned();
        }
        Known::Shown {
            authority: Ok(()), ..
        } => "set host to a name in the certificate, or have one made for this host",
        Known::Shown { .. } => "set sslrootcert to the authority that signed the certificate",
    };
    or_another_mode(to_do, known)
}

/// What to do, and the modes that get through, encrypted, without it.
pub(super) fn or_another_mode(to_do: &str, known: &Known) -> String {
    let mut encrypted = Vec::new();
    for mode in MODES {
        let outcome = outcome(known, mode);
        if matches!(outcome, Outcome::Unverified | Outcome::Verified) {
            encrypted.push(format!("{} ({})", mode_name(mode), outcome.words()));
        }
    }
    if encrypted.is_empty() {
        return to_do.to_owned();
    }
    let modes = encrypted.join(", ");
    format!("{to_do}; of the other modes {modes} would pass")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(known: &Known, letters: &str) {
        let found: String = MODES
            .iter()
            .map(|mode| match outcome(known, *mode) {
                Outcome::Plain => 'p',
                Outcome::Unverified => 'u',
                Outcome::Verified => 'v',
                Outcome::Stopped(_) => 'x',
            })
            .collect();
        assert_eq!(found, letters, "{known:?}");
    }

    fn shown(authority: bool, name: bool, has_roots_file: bool) -> Known {
        let judged = |is_good: bool| is_good.then_some(()).ok_or("why not".to_owned());
        Known::Shown {
            authority: judged(authority),
            name: judged(name),
            has_roots_file,
        }
    }

    #[test]
    fn each_mode_comes_to_what_libpq_makes_of_it() {
        check(&Known::Refused, "ppxxx");
        check(&shown(true, true, false), "puuvv");
        check(&shown(true, false, false), "puuvx");
        check(&shown(false, false, false), "puuxx");
        check(&shown(false, false, true), "puxxx");
        check(&shown(true, true, true), "puvvv");
    }

    #[test]
    fn modes_that_come_to_the_same_are_told_together() {
        assert_eq!(
            by_outcome(&Known::Refused),
            "disable, prefer: plain text; require, verify-ca, verify-full: \
             fails (the server offers no TLS)"
        );
    }

    #[test]
    fn the_advice_names_the_modes_that_pass() {
        assert!(advice(&Known::Refused).contains("prefer or disable"));
        let words = advice(&shown(true, false, false));
        assert!(words.contains("verify-ca (TLS, verified)"), "{words}");
        assert!(words.contains("host to a name"), "{words}");
        assert!(!words.contains("verify-full"), "{words}");
        let words = advice(&shown(false, false, true));
        assert!(words.contains("sslrootcert"), "{words}");
    }
}
