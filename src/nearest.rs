//! Which known word somebody probably meant: for configuration keys, rule ids and silencing comments alike.
//!
//! Knows nothing else of ours, so that every stage may ask.

/// Words less alike than this have nothing to do with one another.
const ALIKE: f64 = 0.75;

/// The known word that is most like `word`; none where nothing is. Case, `-` and `_` do not count; of equally near words
/// the first in the alphabet is taken.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('_', "-");
    let word = plain(word);
    let scored = known.map(|known| (strsim::jaro_winkler(&word, &plain(known)), known)).filter(|(score, _)| *score >= ALIKE);
    scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1))).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        let known = || ["lost-update", "lock-order", "locks"].into_iter();
        assert_eq!(nearest("lost_updates", known()), Some("lost-update"));
        assert_eq!(nearest("Lokcs", known()), Some("locks"));
        assert_eq!(nearest("zzz", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
