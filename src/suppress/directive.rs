//! The words of a silencing comment.

/// What introduces our comments.
pub(super) const NAME: &str = "clawproof:";
/// What a comment may start with, inside another comment: `# noqa  # clawproof: ignore[rule]`.
const INTRODUCERS: [&str; 3] = ["#", "//", "--"];

/// What a comment says to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directive<'a> {
    /// Accept findings of these rules.
    Ignore {
        /// Their ids, as written.
        rules: Vec<&'a str>,
        /// The reason.
        why: Option<&'a str>,
    },
    /// It is meant for us and says nothing that can be done.
    Broken(String),
}

/// Reads a comment's text (without its introducer); `None` where it is not for us.
pub(super) fn parse(text: &str) -> Option<Directive<'_>> {
    let ours = |(at, _): &(usize, &str)| {
        let before = text[..*at].trim_end();
        before.is_empty() || INTRODUCERS.iter().any(|introducer| before.ends_with(introducer))
    };
    let (at, name) = text.match_indices(NAME).find(ours)?;
    let rest = text[at + name.len()..].trim_start();
    let word_ends = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(word_ends);
    if word != "ignore" {
        // `clawproof: a linter` is prose; `clawproof: ignroe[…]` is not.
        let meant = rest.trim_start().starts_with('[') || strsim::osa_distance(word, "ignore") <= 2;
        return meant.then(|| Directive::Broken(format!("unknown word \"{word}\" — write clawproof: ignore[rule] why")));
    }
    let without_rule = || Some(Directive::Broken("silencing needs a rule: write clawproof: ignore[rule] why".to_owned()));
    let Some(inside) = rest.trim_start().strip_prefix('[') else { return without_rule() };
    let Some((rules, why)) = inside.split_once(']') else {
        return Some(Directive::Broken("the closing bracket of ignore[ is missing".to_owned()));
    };
    let rules: Vec<&str> = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()).collect();
    if rules.is_empty() {
        return without_rule();
    }
    let why = why.trim_start_matches([' ', '\t', ':', '-', '–', '—']).trim_end();
    let why = why.strip_suffix("*/").unwrap_or(why).trim_end();
    Some(Directive::Ignore { rules, why: Some(why).filter(|why| !why.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore<'a>(rules: &[&'a str], why: Option<&'a str>) -> Option<Directive<'a>> {
        Some(Directive::Ignore { rules: rules.to_vec(), why })
    }

    #[test]
    fn rules_and_reasons_are_read() {
        assert_eq!(parse("clawproof: ignore[a-b] one writer"), ignore(&["a-b"], Some("one writer")));
        assert_eq!(parse("clawproof: ignore[a, b ,]"), ignore(&["a", "b"], None));
        assert_eq!(parse("clawproof:ignore [a] — because"), ignore(&["a"], Some("because")));
        assert_eq!(parse("noqa: E501  # clawproof: ignore[a]: why"), ignore(&["a"], Some("why")));
    }

    #[test]
    fn prose_is_not_for_us() {
        for text in ["", "see clawproof: ignore[a]", "clawproof: a linter for agents", "clawproof ignore[a]", "expect: a"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let cases = [
            ("clawproof: ignore", "silencing needs a rule"),
            ("clawproof: ignore because", "silencing needs a rule"),
            ("clawproof: ignore[]", "silencing needs a rule"),
            ("clawproof: ignore[ , ]", "silencing needs a rule"),
            ("clawproof: ignore[a", "the closing bracket"),
            ("clawproof: ignroe[a]", "unknown word \"ignroe\""),
            ("clawproof: allow[a]", "unknown word \"allow\""),
        ];
        for (text, message) in cases {
            assert!(matches!(parse(text), Some(Directive::Broken(m)) if m.starts_with(message)), "{text}");
        }
    }
}
