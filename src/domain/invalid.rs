//! The one error for values that break a rule of the data model.

use std::{error::Error, fmt};

/// A draft that would become an invalid entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidEntity {
    /// `timestamp`, `createdAt` or `startTime` lies after the given now.
    InTheFuture,
    /// `endTime` is not after `startTime`.
    EndNotAfterStart,
    /// `success` is false and `error` is absent or empty.
    FailureWithoutError,
    /// `success` is true and `error` is present.
    SuccessWithError,
    /// `success` is true although `endTime` is absent.
    SuccessWithoutEnd,
    /// The status is `error` and `lastError` is absent.
    ErrorWithoutMessage,
    /// `errorCount` is above zero and `lastError` is absent.
    CountWithoutMessage,
    /// The status began before the connection was created.
    SinceBeforeCreation,
}

impl fmt::Display for InvalidEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InTheFuture => "the time lies in the future",
            Self::EndNotAfterStart => "endTime is not after startTime",
            Self::FailureWithoutError => "success is false and error is absent",
            Self::SuccessWithError => "success is true and error is present",
            Self::SuccessWithoutEnd => "success is true and endTime is absent",
            Self::ErrorWithoutMessage => "status is error and lastError is absent",
            Self::CountWithoutMessage => "errorCount is above zero and lastError is absent",
            Self::SinceBeforeCreation => "since lies before createdAt",
        })
    }
}

impl Error for InvalidEntity {}
