//! Whether the database lets anybody log in, asked on the wire. It must not
//! know what was asked of it meanwhile.

use std::time::Duration;

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long an answer may be late before the database is asked, and how long
/// after that it is asked again.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long a knock waits for an answer.
const SILENCE: Duration = Duration::from_secs(1);

/// Version 3.0 of PostgreSQL's protocol.
const PROTOCOL: u32 = 196_608;

/// What a knock found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It asks for a password.
    Open,
    /// Nobody listens, or it starts or ends: whatever it was doing is over.
    Gone,
    /// It refuses for another reason, such as no free slot.
    Refusing,
    /// It says nothing.
    Silent,
}

/// Where the database is.
#[derive(Debug)]
pub(crate) struct Database {
    address: String,
}

impl Database {
    /// Takes the address out of the URI.
    pub(crate) fn at(uri: &str) -> anyhow::Result<Self> {
        let place = uri.rsplit_once('@').map(|(_, place)| place);
        let address = place.and_then(|place| place.split('/').next());
        let address = address.context("the database's URI names no host")?;
        Ok(Self {
            address: address.to_owned(),
        })
    }

    /// Returns when the database is gone; never while it is there.
    pub(crate) async fn gone(&self) {
        loop {
            sleep(PATIENCE).await;
            if self.knock().await == Found::Gone {
                return;
            }
        }
    }

    /// Begins a login and looks at the first answer.
    pub(crate) async fn knock(&self) -> Found {
        match timeout(SILENCE, self.first_answer()).await {
            Ok(Ok(answer)) => meaning(&answer),
            Ok(Err(_)) => Found::Gone,
            Err(_) => Found::Silent,
        }
    }

    async fn first_answer(&self) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address).await?;
        let words = b"user\0authenticator\0\0";
        let length = u32::try_from(words.len() + 8).map_err(std::io::Error::other)?;
        let mut message = length.to_be_bytes().to_vec();
        message.extend(PROTOCOL.to_be_bytes());
        message.extend(words);
        stream.write_all(&message).await?;
        let kind = stream.read_u8().await?;
        let length = stream.read_u32().await?;
        let mut body = vec![0; usize::try_from(length.clamp(4, 4_096)).unwrap_or(4) - 4];
        stream.read_exact(&mut body).await?;
        body.insert(0, kind);
        Ok(body)
    }
}

/// An error's fields are a letter and a text each; `C` is its code.
fn meaning(answer: &[u8]) -> Found {
    let Some((b'E', fields)) = answer.split_first().map(|(kind, rest)| (*kind, rest)) else {
        return Found::Open;
    };
    let code = fields.split(|byte| *byte == 0).find_map(|field| {
        let (letter, text) = field.split_first()?;
        (*letter == b'C').then_some(text)
    });
    match code {
        Some(b"57P01" | b"57P02" | b"57P03") => Found::Gone,
        Some(_) | None => Found::Refusing,
    }
}
