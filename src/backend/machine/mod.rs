//! The pure machine: an input and a moment in, effects out. No I/O, no clock,
//! no task; the supervisor carries the effects out and feeds the results back.
//!
//! What every input does in every phase ("–": nothing; the wish was needless,
//! or the result is of a job that was left and its epoch is over):
//!
//! | input            | Closed     | Connecting          | Connected            | Waiting              | Paused    | Closing          |
//! |------------------|------------|---------------------|----------------------|----------------------|-----------|------------------|
//! | `Open`           | Connecting | –                   | –                    | –                    | –         | –                |
//! | `AttemptEnded` ok| –          | Connected, guard; migrate, where that is set | –  | –             | –         | –                |
//! | … failed         | –          | Waiting             | –                    | –                    | –         | –                |
//! | `CheckEnded` ok  | –          | –                   | next check by interval; a missing guard is posted again | – | –    | –                |
//! | … failed         | –          | –                   | Waiting; only noted while the guard has proof of life, or must tell whether a login was only too slow; never noted only when the server says that it shuts down | – | –      | –                |
//! | … own side       | –          | –                   | next check soon, once; then by interval | –                  | –         | –                |
//! | `Beat` opened    | –          | –                   | guarded: nobody knocks | –                  | –         | –                |
//! | … answered       | –          | –                   | no longer suspect    | –                    | –         | –                |
//! | … late           | –          | –                   | suspect, check (one in a timeout) | –                    | –         | –                |
//! | `GuardEnded`     | –          | –                   | Waiting; check when it could not be posted; a new guard when only the old socket hangs | – | – | – |
//! | `KnockEnded` ok  | –          | attempt anew, if that is news and may be | next knock | Connecting, if that is news and may be | – | –       |
//! | … failed         | –          | next knock          | suspect, check (one in a timeout) | next knock           | –         | –                |
//! | `DisconnectEnded`| –          | –                   | –                    | –                    | –         | Closed, or Connecting when a reconnect was wished |
//! | `MigrationEnded` | –          | –                   | check                | –                    | –         | –                |
//! | `Due`            | –          | knock               | check; suspect when a check without guard is late; a guard not posted after a second is told; without guard, knock | Connecting, or knock | – | –   |
//! | `Leave`          | –          | Closed (cancelled)  | Closed               | Closed               | Closed    | Closed           |
//! | `Retuned`        | –          | –                   | next check by the new interval; a new guard for other heartbeats | no later than by the new interval | – | – |
//! | `Reconnect`      | Connecting | –                   | Closing, then Connecting | Connecting       | Connecting | then Connecting |
//! | `Disconnect`     | –          | Paused (cancelled)  | Closing              | Paused               | –         | then Closed      |
//! | `CheckNow`       | –          | –                   | check                | Connecting           | –         | –                |
//! | `Diagnose`       | diagnosis  | diagnosis           | diagnosis            | diagnosis            | diagnosis | diagnosis        |
//! | `LookAtMigrations`, `Migrate`, `Adopt` | it | it    | it                   | it                   | it        | it               |
//! | `List`, `Switch`, `ReadConfig`, `ApplyConfig` | – (they concern the supervisor, which may put another machine in this one's place) | – | – | – | – | – |
//!
//! An answered knock is news when a knock, or the failure before it, went
//! unanswered as far as a knock goes. It may bring about a try when the tries
//! that knocks brought about are not too many (`lanes.rs`): ten in a row, then
//! ten a minute, until a connection proves stable.

pub(super) mod choosing;
mod core;
mod guard_state;
mod input;
mod knocking;
mod lanes;
mod leaving;
mod phase;
mod verdict;
mod watching;
mod wishes;

pub(super) use core::Machine;
pub(super) use input::{Effect, Input, MigrationTask, Rhythm};
pub(super) use watching::{LATE_AFTER, Watching};
