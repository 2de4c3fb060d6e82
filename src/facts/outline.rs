//! The shallow form of a file: enough to tell whether its bodies can matter.
//!
//! An outline over-approximates: it is read from the text without parsing it, so a name in a comment counts as named.
//! It may ask for a body that nobody needs; it must never miss one that somebody does.

use super::Name;
use serde::{Deserialize, Serialize};

/// What a file imports and which of the sought words stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// Imported modules as written: leading dots of relative imports kept (`..store`), and for `from m import a` both
    /// `m` and `m.a`, since `a` may be a module.
    pub imports: Vec<Name>,
    /// The file may declare an actor: it names something that a pack's actor row asks for.
    pub names_actor: bool,
    /// It runs as a program: it asks for its own name.
    pub is_script: bool,
    /// Names, without folders and endings, of programs that the file may start: `work` of `work.py` and of `-m jobs.work`.
    pub starts: Vec<Name>,
}
