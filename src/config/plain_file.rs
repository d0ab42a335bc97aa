//! Reads the files that somebody names. Knows nothing of what is in them.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
};

/// Bytes that a file may have at most; a hundred times what anybody writes.
const LONGEST: u64 = 1 << 20;

/// A file that was read whole.
pub(crate) struct PlainFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) metadata: Metadata,
}

/// The bytes of a regular file of at most 1 MiB.
///
/// Opening a named pipe waits until somebody writes, and a device may never
/// end: neither is opened, since no deadline holds here.
///
/// # Errors
/// When it is none, or cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<PlainFile> {
    let (file, metadata) = open(path)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    // It may have grown since it was looked at.
    if bytes.len() as u64 > LONGEST {
        return Err(too_long());
    }
    Ok(PlainFile { bytes, metadata })
}

/// The text of such a file.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<(String, Metadata)> {
    let PlainFile { bytes, metadata } = read(path)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))?;
    Ok((text, metadata))
}

/// Makes sure that [`read`] would find a file.
///
/// # Errors
/// As [`read`].
pub(crate) fn check(path: &Path) -> io::Result<()> {
    open(path).map(|_| ())
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() {
            io::ErrorKind::IsADirectory
        } else {
            io::ErrorKind::InvalidInput
        };
        return Err(io::Error::new(kind, "it is not a regular file"));
    }
    if metadata.len() > LONGEST {
        return Err(too_long());
    }
    Ok((File::open(path)?, metadata))
}

fn too_long() -> io::Error {
    let kind = io::ErrorKind::FileTooLarge;
    io::Error::new(kind, "it is larger than 1 MiB")
}
