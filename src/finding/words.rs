//! How names, numbers and lists are written in messages, so that every rule and every report reads the same.
//!
//! Checks make their sentences with these; reports reuse them. Names stay raw here: what comes from the scanned repository
//! is escaped where it is printed.

/// How many names of a longer list are written out: `"a", "b" and 3 others`.
const NAMED: usize = 2;
/// The longest list that is written out whole.
const WHOLE: usize = 3;

/// `a`, `a and b`, `a, b and c`; empty for an empty list.
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Names in quotes, the tail of a long list counted: `"a" and "b"`, `"a", "b" and 3 others`.
pub fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    let quote = |name: &T| format!("\"{}\"", name.as_ref());
    if names.len() <= WHOLE {
        return list(&names.iter().map(quote).collect::<Vec<_>>());
    }
    let mut parts: Vec<String> = names.iter().take(NAMED).map(quote).collect();
    parts.push(counted(names.len() - NAMED, "other"));
    list(&parts)
}

/// The noun and its names, capitalised as at the start of a sentence: `Agent "a"`, `Agents "a" and "b"`.
pub fn subject<T: AsRef<str>>(noun: &str, names: &[T]) -> String {
    let noun = if names.len() == 1 { noun.to_owned() } else { plural(noun) };
    format!("{} {}", capitalised(&noun), quoted(names))
}

/// A number and its noun: `1 resource`, `4 resources`, `0 files`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {}", plural(noun)) }
}

/// A number as people write it: without a fraction where there is none.
pub fn number(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 { format!("{}", value.round() as i64) } else { format!("{value}") }
}

/// The regular plural of a noun (of the last word of several): `queries`, `caches`, `tool functions`.
pub fn plural(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|ending| noun.ends_with(ending));
    format!("{noun}{}", if hisses { "es" } else { "s" })
}

/// The text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_a_person_writes_them() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn long_lists_of_names_are_counted() {
        assert_eq!(subject("agent", &["a"]), "Agent \"a\"");
        assert_eq!(subject("agent", &["a", "b"]), "Agents \"a\" and \"b\"");
        assert_eq!(quoted(&["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
        assert_eq!(quoted(&["a", "b", "c", "d", "e"]), "\"a\", \"b\" and 3 others");
    }

    #[test]
    fn numbers_and_nouns_agree() {
        assert_eq!(counted(1, "resource"), "1 resource");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(counted(2, "query"), "2 queries");
        assert_eq!(counted(2, "cache"), "2 caches");
        assert_eq!(counted(2, "box"), "2 boxes");
        assert_eq!(counted(2, "key"), "2 keys");
    }
}
