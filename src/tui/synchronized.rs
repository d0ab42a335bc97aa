//! A backend that sends each frame as one synchronized update, so that the
//! terminal never shows half of one. Knows nothing of what is drawn.

use std::io::{self, BufWriter, Stdout, Write};

use crossterm::{
    queue,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use rustix::termios::tcgetwinsize;

/// Room for the largest frames, so that a frame is one write.
const BUFFER: usize = 64 * 1024;

/// crossterm's backend, with each frame between two marks.
///
/// The cursor is hidden by the terminal guard once and for all, and never
/// asked for.
pub(super) struct Synchronized<W: Write> {
    inner: CrosstermBackend<W>,
    is_open: bool,
}

impl Synchronized<BufWriter<Stdout>> {
    /// A backend on standard output.
    pub(super) fn stdout() -> Self {
        Self::new(BufWriter::with_capacity(BUFFER, io::stdout()))
    }
}

impl<W: Write> Synchronized<W> {
    /// A backend on a writer.
    pub(super) fn new(writer: W) -> Self {
        Self {
            inner: CrosstermBackend::new(writer),
            is_open: false,
        }
    }

    fn open(&mut self) -> io::Result<()> {
        if !self.is_open {
            self.is_open = true;
            queue!(self.inner, BeginSynchronizedUpdate)?;
        }
        Ok(())
    }
}

impl<W: Write> Backend for Synchronized<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.open()?;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.open()?;
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        // Of a screen that is drawn anew nobody sees the blank moment.
        self.open()?;
        self.inner.clear_region(clear_type)
    }

    /// Asked for at each frame, of the terminal that is open already.
    fn size(&self) -> io::Result<Size> {
        match tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                Ok(Size::new(size.ws_col, size.ws_row))
            }
            Ok(_) | Err(_) => self.inner.size(),
        }
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_open) {
            queue!(self.inner, EndSynchronizedUpdate)?;
        }
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_lies_between_its_marks_and_no_change_writes_nothing() {
        let mut written = Vec::new();
        let mut backend = Synchronized::new(&mut written);
        backend.draw(std::iter::empty()).unwrap();
        Backend::flush(&mut backend).unwrap();
        backend.clear_region(ClearType::All).unwrap();
        let cell = Cell::new("x");
        backend.draw([(0, 0, &cell)].into_iter()).unwrap();
        Backend::flush(&mut backend).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(text.starts_with("\u{1b}[?2026h\u{1b}[2J"), "{text:?}");
        assert!(text.ends_with("\u{1b}[?2026l"), "{text:?}");
        assert_eq!(text.matches("2026").count(), 2);
    }
}
