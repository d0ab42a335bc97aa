//! The examination of the way to a PostgreSQL server and of the server, a file
//! for each layer. Knows nothing of what follows from what it finds.

mod answers;
mod asking;
mod blocking;
mod certificate;
mod columns;
mod database;
mod examine;
mod inside;
mod latency;
mod login;
mod migrations;
mod name;
mod permission;
mod pooler;
mod schema;
mod slots;
mod sslmodes;
mod standby;
mod tcp;
mod tls;
mod way;
mod write;

pub(in crate::adapter) use certificate::describe;
pub(in crate::adapter) use examine::Limits;
pub(super) use examine::diagnose;
pub(in crate::adapter) use name::look as look_at_name;
pub(in crate::adapter) use tcp::look as look_at_addresses;
