//! What types cannot say: words that other stages define, globs, numbers that make sense.

use super::Config;
use super::place::{Fault, Placed};
use crate::nearest::nearest;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// The words that a configuration may use and that other stages define.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Ids of all rules.
    pub rules: &'a [&'a str],
    /// Ids of all rows.
    pub rows: &'a [&'a str],
    /// Ids of the rows that may stand under `controls`.
    pub controls: &'a [&'a str],
}

impl Known<'_> {
    /// Checks a rule's or row's id; the message names the nearest one.
    pub fn rule_or_row(&self, word: &str) -> Result<(), String> {
        let known = || self.rules.iter().chain(self.rows).copied();
        if known().any(|known| known == word) { Ok(()) } else { Err(unknown("rule or row", word, known())) }
    }
}

/// What to say about an unknown word.
fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("unknown {what} \"{word}\" — did you mean \"{near}\"?"),
        None if what == "rule or row" => format!("unknown {what} \"{word}\" — `clawproof rules` lists them"),
        None => format!("unknown {what} \"{word}\" — known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// Checks a configuration; the first fault in the order of the keys.
pub(super) fn config(config: &Config, known: &Known<'_>) -> Result<(), Fault> {
    config.exclude.iter().try_for_each(glob)?;
    let ignored = config.per_path_ignores.values().flatten();
    for id in config.select.iter().chain(&config.ignore).chain(ignored) {
        known.rule_or_row(&id.value).map_err(|message| Fault { place: id.place, message })?;
    }
    config.per_path_ignores.keys().try_for_each(glob)?;
    for row in &config.gates {
        one_of("row", row, known.rows)?;
    }
    config.expected_task_seconds.iter().try_for_each(positive)?;
    for agent in &config.agents {
        if agent.function.is_none() && agent.file.is_none() && agent.manifest.is_none() {
            let name = &agent.name.value;
            let message = format!("agent \"{name}\" needs one of \"function\", \"file\" or \"manifest\", to say where it is");
            return Err(Fault { place: agent.name.place, message });
        }
    }
    for (id, resource) in &config.resources {
        std::iter::once(id).chain(&resource.merge).try_for_each(glob)?;
    }
    for (row, control) in &config.controls {
        one_of("control", row, known.controls)?;
        control.threshold_seconds.iter().try_for_each(positive)?;
    }
    Ok(())
}

fn one_of(what: &str, word: &Placed<String>, known: &[&str]) -> Result<(), Fault> {
    if known.contains(&word.value.as_str()) {
        return Ok(());
    }
    Err(Fault { place: word.place, message: unknown(what, &word.value, known.iter().copied()) })
}

fn positive(number: &Placed<f64>) -> Result<(), Fault> {
    if number.value.is_finite() && number.value > 0.0 {
        return Ok(());
    }
    Err(Fault { place: number.place, message: "this must be more than 0".to_owned() })
}

fn glob(pattern: &Placed<String>) -> Result<(), Fault> {
    let built = Glob::new(&pattern.value).map(|_| ());
    built.map_err(|error| Fault { place: pattern.place, message: format!("not a glob: {}", error.kind()) })
}

/// `per_path_ignores`, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct PathIgnores {
    globs: GlobSet,
    ids: Vec<Vec<String>>,
}

impl PathIgnores {
    /// The ignores of a configuration that [`super::parse`] has checked. A pattern without `/` matches at any depth.
    pub fn new(config: &Config) -> Self {
        let mut globs = GlobSetBuilder::new();
        let mut ids = Vec::new();
        for (pattern, words) in &config.per_path_ignores {
            let pattern = pattern.value.strip_prefix("./").unwrap_or(&pattern.value);
            let anywhere = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
            // The whole of a folder that is named, besides a file of that name.
            for pattern in [anywhere.clone(), format!("{}/**", anywhere.trim_end_matches('/'))] {
                if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                    globs.add(glob);
                    ids.push(words.iter().map(|word| word.value.clone()).collect());
                }
            }
        }
        globs.build().map_or_else(|_| PathIgnores::default(), |globs| PathIgnores { globs, ids })
    }

    /// Whether a rule of a row is ignored in a file, whose path is relative to the scanned path.
    pub fn ignores(&self, path: &str, rule: &str, row: &str) -> bool {
        let matching = self.globs.matches(path).into_iter().filter_map(|index| self.ids.get(index));
        matching.flatten().any(|id| id == rule || id == row)
    }
}
