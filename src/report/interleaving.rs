//! The schedule that loses, step by step, one column per actor.

use super::{Ink, Report};
use crate::finding::Turn;
use std::fmt::Write;

/// The narrowest and the widest column.
const WIDTH: std::ops::RangeInclusive<usize> = 20..=44;

/// The steps in columns, with the place of each at the end of its line.
pub(super) fn render(out: &mut String, report: &Report<'_>, turns: &[Turn], indent: &str, ink: Ink) {
    let mut actors: Vec<&str> = Vec::new();
    for turn in turns {
        if !actors.contains(&turn.actor.as_str()) {
            actors.push(&turn.actor);
        }
    }
    let step = |turn: &Turn| {
        let value = if turn.value.is_empty() { String::new() } else { format!(" = {}", turn.value) };
        ink.text(&format!("{}{value}", turn.step)).into_owned()
    };
    let headings: Vec<String> = actors.iter().map(|actor| ink.text(actor).into_owned()).collect();
    let steps: Vec<String> = turns.iter().map(step).collect();
    let longest = headings.iter().chain(&steps).map(|text| text.chars().count()).max().unwrap_or(0);
    let width = longest.clamp(*WIDTH.start(), *WIDTH.end());
    let pad = |text: &str| format!("{text:<width$}  ");
    let heading: String = headings.iter().map(|heading| pad(heading)).collect();
    let _ = writeln!(out, "{indent}{}", heading.trim_end());
    for (turn, step) in turns.iter().zip(&steps) {
        let column = actors.iter().position(|actor| *actor == turn.actor).unwrap_or(0);
        let mut line = String::from(indent);
        for index in 0..actors.len() {
            line.push_str(&pad(if index == column { step } else { "" }));
        }
        let _ = writeln!(out, "{line}{}", ink.dim(&report.at(turn.site)));
    }
}
