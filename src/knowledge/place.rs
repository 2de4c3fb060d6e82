//! Where a value comes from, parsed: the small language of [`vocabulary::Place`](super::vocabulary::Place).
//!
//! Rows keep places as text, since that is what the packs hold. [`Place::parse`] borrows from that text and allocates
//! nothing, so whoever needs a place parses it on the spot. Every place of a pack is parsed once when the pack is
//! checked; a place that was read from a [`Knowledge`](super::Knowledge) always parses.
//! This module refuses to know which argument a call really has: that is for `link`.

use std::fmt;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place<'t> {
    /// An argument: by position (`0`), by position or keyword (`0:name`), by keyword alone (`name`). At least one of the
    /// two is given.
    Argument {
        /// Its position, from 0, the receiver left out.
        position: Option<u32>,
        /// Its keyword.
        name: Option<&'t str>,
    },
    /// `receiver`: the value the method is called on.
    Receiver,
    /// `result`: what the call returns.
    Result,
    /// `*`: all arguments.
    All,
    /// `target`: the variable the result is assigned to.
    Target,
    /// `function`: the decorated function.
    Function,
    /// `=text`: this very text.
    Text(&'t str),
}

impl<'t> Place<'t> {
    /// Reads a place as packs write it.
    pub fn parse(text: &'t str) -> Result<Place<'t>, PlaceError> {
        let named = |name: &'t str| if is_name(name) { Ok(Some(name)) } else { Err(PlaceError::new(text)) };
        match text {
            "receiver" => return Ok(Place::Receiver),
            "result" => return Ok(Place::Result),
            "*" => return Ok(Place::All),
            "target" => return Ok(Place::Target),
            "function" => return Ok(Place::Function),
            _ => {}
        }
        if let Some(literal) = text.strip_prefix('=') {
            return Ok(Place::Text(literal));
        }
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Place::Argument { position: None, name: named(text)? });
        }
        let (digits, name) = match text.split_once(':') {
            Some((digits, name)) => (digits, named(name)?),
            None => (text, None),
        };
        let position = digits.parse().map_err(|_| PlaceError::new(text))?;
        Ok(Place::Argument { position: Some(position), name })
    }
}

/// Whether `text` can be a keyword: letters, digits and underscores, no digit first.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceError {
    text: String,
}

impl PlaceError {
    /// What may stand there instead.
    pub const HELP: &'static str = "write `0`, `0:name`, `name`, `receiver`, `result`, `*`, `target`, `function` or `=text`";

    fn new(text: &str) -> Self {
        PlaceError { text: text.to_owned() }
    }
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no place", self.text)
    }
}

impl std::error::Error for PlaceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let argument = |position, name| Ok(Place::Argument { position, name });
        assert_eq!(Place::parse("0"), argument(Some(0), None));
        assert_eq!(Place::parse("12:timeout"), argument(Some(12), Some("timeout")));
        assert_eq!(Place::parse("0:target"), argument(Some(0), Some("target")));
        assert_eq!(Place::parse("blocking_timeout"), argument(None, Some("blocking_timeout")));
        assert_eq!(Place::parse("receiver"), Ok(Place::Receiver));
        assert_eq!(Place::parse("result"), Ok(Place::Result));
        assert_eq!(Place::parse("*"), Ok(Place::All));
        assert_eq!(Place::parse("target"), Ok(Place::Target));
        assert_eq!(Place::parse("function"), Ok(Place::Function));
        assert_eq!(Place::parse("=a text: 1"), Ok(Place::Text("a text: 1")));
        assert_eq!(Place::parse("="), Ok(Place::Text("")));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in ["", "-1", "0:", "0:1a", "0:a b", "a.b", "0x", "99999999999", " 0", "a:b", "**"] {
            let error = Place::parse(text).err().map(|error| error.to_string());
            assert_eq!(error, Some(format!("`{text}` is no place")));
        }
    }
}
