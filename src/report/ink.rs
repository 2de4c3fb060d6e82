//! Colour and signs, decided once per output.
//!
//! `colored` keeps a global switch; it is set to "always" here and whether a text is coloured is decided by each [`Ink`],
//! so that a report in a file stays plain while standard error has colours.

use super::harmless::{ascii, escaped};
use clap::ValueEnum;
use colored::Colorize;
use std::borrow::Cow;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// At a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How one output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ink {
    /// With colours.
    pub colour: bool,
    /// With ASCII characters alone.
    pub ascii: bool,
}

impl Ink {
    /// No colours, all characters.
    pub const PLAIN: Ink = Ink { colour: false, ascii: false };

    /// The ink for an output. A pipe or a file (no terminal) gets no colours unless they are asked for, and all characters;
    /// a terminal gets what its environment says.
    pub fn decide(when: When, want_ascii: bool, is_terminal: bool) -> Ink {
        Ink::decide_in(when, want_ascii, is_terminal, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn decide_in(when: When, want_ascii: bool, is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Ink {
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let colour = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && !dumb && variable("NO_COLOR").is_none(),
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
        // Without a locale nothing speaks against UTF-8, which is what terminals are today.
        let is_utf8 = |locale: &str| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        let other = is_terminal && !cfg!(windows) && locale.is_some_and(|locale| !is_utf8(&locale));
        Ink { colour, ascii: want_ascii || other }
    }

    /// A text that may hold names from the repository, made harmless.
    pub(super) fn text<'t>(self, text: &'t str) -> Cow<'t, str> {
        let safe = escaped(text);
        if !self.ascii {
            return safe;
        }
        match safe {
            Cow::Borrowed(safe) => ascii(safe),
            Cow::Owned(safe) => Cow::Owned(ascii(&safe).into_owned()),
        }
    }

    /// A rule of this width.
    pub(super) fn rule(self, width: usize) -> String {
        if self.ascii { "-" } else { "─" }.repeat(width)
    }

    /// The sign of a row that holds.
    pub(super) fn pass(self) -> String {
        let sign = if self.ascii { "[ok]" } else { "✓" };
        self.paint(sign, |sign| sign.green())
    }

    /// The sign of a row that fails.
    pub(super) fn fail(self) -> String {
        let sign = if self.ascii { "[FAIL]" } else { "✗" };
        self.paint(sign, |sign| sign.red())
    }

    /// The sign of advice.
    pub(super) fn advice(self) -> String {
        let sign = if self.ascii { "[!]" } else { "!" };
        self.paint(sign, |sign| sign.yellow())
    }

    /// The sign of a row that does not apply.
    pub(super) fn skip(self) -> String {
        let sign = if self.ascii { "[skip]" } else { "–" };
        self.paint(sign, |sign| sign.dimmed())
    }

    /// A title.
    pub(super) fn title(self, text: &str) -> String {
        self.paint(&self.text(text), |text| text.bold())
    }

    /// Something that stands back.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint(&self.text(text), |text| text.dimmed())
    }

    fn paint(self, text: &str, with: impl Fn(&str) -> colored::ColoredString) -> String {
        if !self.colour {
            return text.to_owned();
        }
        colored::control::set_override(true);
        with(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_signs_follow_the_output() {
        let ink = |when, terminal, set: &[(&str, &str)]| {
            let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            let Ink { colour, ascii } = Ink::decide_in(when, false, terminal, variable);
            (colour, ascii)
        };
        assert_eq!(ink(When::Auto, true, &[]), (true, false));
        assert_eq!(ink(When::Auto, true, &[("NO_COLOR", "1")]), (false, false));
        assert_eq!(ink(When::Always, true, &[("NO_COLOR", "1")]), (true, false));
        assert_eq!(ink(When::Auto, true, &[("TERM", "dumb")]), (false, false));
        assert_eq!(ink(When::Auto, false, &[("LANG", "C")]), (false, false));
        assert_eq!(ink(When::Never, true, &[("LANG", "de_DE.UTF-8")]), (false, false));
        assert_eq!(ink(When::Never, true, &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), (false, true));
        assert_eq!(ink(When::Never, true, &[("LANG", "de_DE.ISO-8859-1")]), (false, true));
        assert!(Ink::decide(When::Never, true, false).ascii);
    }
}
