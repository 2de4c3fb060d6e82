//! Between a field of a pack and its line in the YAML text, in both directions.
//!
//! The typed packs carry no positions: they would cost memory in every run, and only an error needs them. An error
//! re-reads the text as a stream of events and follows the path of keys and indices. Compiled into `build.rs` as well.

use serde_saphyr::granit_parser::{Event, Parser};
use std::fmt;

/// One step from a node of a document to one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a map, by key.
    Key(String),
    /// Into a list, by index.
    Item(usize),
}

/// The steps from the top of a document to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field(pub Vec<Step>);

impl Field {
    /// The field `key` below this one.
    pub fn key(&self, key: &str) -> Field {
        self.then(Step::Key(key.to_owned()))
    }

    /// The item `index` of this one.
    pub fn item(&self, index: usize) -> Field {
        self.then(Step::Item(index))
    }

    fn then(&self, step: Step) -> Field {
        let mut steps = self.0.clone();
        steps.push(step);
        Field(steps)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if index == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// Line and column of a field, both from 1; of the nearest field above it where it is not written out (it came through
/// an alias). Line 1 where the text has nothing of it.
pub fn position_of(text: &str, field: &Field) -> (u32, u32) {
    let mut best = (0, (1, 1));
    walk(text, |path, position| {
        if path.len() >= best.0 && field.0.starts_with(path) {
            best = (path.len(), position);
        }
    });
    best.1
}

/// The field that stands at a line and column, both from 1: the last one that begins there or before.
pub fn field_at(text: &str, line: u32, column: u32) -> Field {
    let mut found = Field::default();
    walk(text, |path, position| {
        if position <= (line, column) {
            found = Field(path.to_vec());
        }
    });
    found
}

enum Frame {
    Map { value_next: bool },
    List { next: usize },
}

/// Calls `visit` with the path and position of each key, each scalar and each list item, in order of the text. Stops
/// silently where the text is no YAML or has keys that are no scalars: both are errors that `read` reports.
fn walk(text: &str, mut visit: impl FnMut(&[Step], (u32, u32))) {
    let mut frames: Vec<Frame> = Vec::new();
    let mut path: Vec<Step> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { return };
        let position = (span.start.line() as u32, span.start.col() as u32 + 1);
        let (scalar, opens) = match event {
            Event::Scalar(value, ..) => (Some(value), None),
            Event::Alias(_) => (None, None),
            Event::MappingStart(..) => (None, Some(Frame::Map { value_next: false })),
            Event::SequenceStart(..) => (None, Some(Frame::List { next: 0 })),
            Event::MappingEnd | Event::SequenceEnd => {
                frames.pop();
                finish(&mut frames, &mut path);
                continue;
            }
            _ => continue,
        };
        match frames.last_mut() {
            Some(Frame::Map { value_next }) if !*value_next => {
                let Some(key) = scalar else { return };
                path.push(Step::Key(key.into_owned()));
                visit(&path, position);
                *value_next = true;
                continue;
            }
            Some(Frame::Map { .. }) if opens.is_some() => {}
            Some(Frame::Map { .. }) | None => visit(&path, position),
            Some(Frame::List { next }) => {
                path.push(Step::Item(*next));
                visit(&path, position);
            }
        }
        match opens {
            Some(frame) => frames.push(frame),
            None => finish(&mut frames, &mut path),
        }
    }
}

/// A value has ended: what comes next stands beside it.
fn finish(frames: &mut [Frame], path: &mut Vec<Step>) {
    match frames.last_mut() {
        Some(Frame::Map { value_next }) => *value_next = false,
        Some(Frame::List { next }) => *next += 1,
        None => {}
    }
    path.pop();
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "pack: p\ntypes:\n  a.b:\n    methods:\n      - name: [get, set]\n        returns: c\nroots: [x]\n";

    fn field(steps: &[&str]) -> Field {
        let step = |text: &&str| text.parse().map_or_else(|_| Step::Key((*text).to_owned()), Step::Item);
        Field(steps.iter().map(step).collect())
    }

    #[test]
    fn a_field_is_found() {
        assert_eq!(position_of(TEXT, &field(&["pack"])), (1, 7));
        assert_eq!(position_of(TEXT, &field(&["types", "a.b"])), (3, 3));
        assert_eq!(position_of(TEXT, &field(&["types", "a.b", "methods", "0", "name", "1"])), (5, 21));
        assert_eq!(position_of(TEXT, &field(&["types", "a.b", "methods", "0", "returns"])), (6, 18));
        assert_eq!(position_of(TEXT, &field(&["types", "a.b", "methods", "0", "absent"])), (5, 9));
        assert_eq!(position_of(TEXT, &field(&["roots", "0"])), (7, 9));
    }

    #[test]
    fn a_position_names_its_field() {
        assert_eq!(field_at(TEXT, 6, 9).to_string(), "types.a.b.methods[0].returns");
        assert_eq!(field_at(TEXT, 5, 21).to_string(), "types.a.b.methods[0].name[1]");
        assert_eq!(field_at("- a\n- [\n", 9, 9).to_string(), "[0]");
    }
}
