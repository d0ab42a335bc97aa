//! The test bed: real servers, real sockets and real terminals that a test
//! can break at will. It must not know what is tested with it.
#![allow(
    dead_code,
    unused_imports,
    clippy::panic,
    reason = "each test crate uses a part of the bed, and a bed that cannot be made must fail the test"
)]

pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod disk;
pub(crate) mod network;
pub(crate) mod port;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod schema;
pub(crate) mod sockets;
pub(crate) mod standin;
pub(crate) mod terminal;
