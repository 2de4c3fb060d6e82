//! What a Python file imports and whether it may declare an actor, read from its text without parsing it.
//!
//! Every `import` in the text counts, in code, strings and comments alike: an outline may say too much, and must never miss
//! an import that [`facts`](super::facts) reports. So the scan skips whatever the grammar allows between two words (blanks,
//! comments, continued lines, and in brackets line ends) and stops a list of names only where no name can follow.
//! Lists that hold one another (`import a, import a, import a, …`) would be read again for each `import` in them: a text
//! that costs more than [`READS`] of its length is parsed instead, which costs the same whatever it holds.

use crate::facts::{Name, Outline};
use memchr::memmem::{self, Finder};

/// Longest module that is read, in bytes or in pieces; bounds what a hostile text can make of one name.
const MAX_MODULE: usize = 1000;
/// What a name may have in bytes before it counts as read.
const LONG_NAME: usize = 200;

/// How often, on average, a byte may be read as part of a list of names. Code as people write it is read once.
const READS: usize = 4;

/// Scan `text`; `actor_words` says whether an identifier is one that an actor's declaration names.
pub fn outline(text: &str, actor_words: &impl Fn(&str) -> bool) -> Outline {
    let mut imports = scan(text, READS.saturating_mul(text.len())).unwrap_or_else(|| parsed(text));
    imports.sort_unstable();
    imports.dedup();
    let is_script = memmem::find(text.as_bytes(), b"__main__").is_some();
    Outline { imports, names_actor: names_actor(text, actor_words), is_script, starts: starts(text) }
}

/// The programs that a text names, with an ending or as the module of a command.
pub fn starts(text: &str) -> Vec<Name> {
    let bytes = text.as_bytes();
    let mut found: Vec<Name> = Vec::new();
    for at in Finder::new(".py").find_iter(bytes) {
        let start = bytes[..at].iter().rposition(|b| !is_word(*b)).map_or(0, |i| i + 1);
        let ends = bytes.get(at + 3).is_none_or(|b| !is_word(*b));
        found.extend(text.get(start..at).filter(|word| ends && !word.is_empty()).map(Name::from));
    }
    for at in Finder::new("-m").find_iter(bytes) {
        let rest = text[at + 2..].trim_start_matches([' ', '"', '\'', ',']);
        let end = rest.find(|c: char| c != '.' && !is_name(c)).unwrap_or(rest.len());
        let last = rest[..end].rsplit('.').next().unwrap_or("");
        found.extend(Some(last).filter(|word| !word.is_empty() && word.len() <= MAX_MODULE).map(Name::from));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What all imports name; `None` where more than `most` bytes would be read for it.
fn scan(text: &str, most: usize) -> Option<Vec<Name>> {
    let mut imports = Vec::new();
    let mut read = 0_usize;
    for at in Finder::new("import").find_iter(text.as_bytes()) {
        read += read_import(text, at, &mut imports);
        if read > most {
            return None;
        }
    }
    Some(imports)
}

/// The imports that the parser reports, as an outline spells them.
fn parsed(text: &str) -> Vec<Name> {
    let mut all = Vec::new();
    for import in super::facts(text).imports {
        let mut module = Name::from(".".repeat(import.level as usize));
        module.push_str(&import.module);
        if let Some(item) = import.item.filter(|i| i != "*") {
            all.push(join(&module, &item));
        }
        all.push(module);
    }
    all
}

fn names_actor(text: &str, actor_words: &impl Fn(&str) -> bool) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        if !bytes[start].is_ascii_digit() && text.get(start..at).is_some_and(actor_words) {
            return true;
        }
    }
    false
}

/// Bytes of a character that is not ASCII count as part of a word.
fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Read what the `import` at `at` imports, if it is that word; how many bytes that took.
fn read_import(text: &str, at: usize, imports: &mut Vec<Name>) -> usize {
    let (before, after) = (&text[..at], &text[at + "import".len()..]);
    if before.chars().next_back().is_some_and(is_name) {
        // `__import__("x")`
        if before.ends_with("__") {
            read_call(after.strip_prefix("__").unwrap_or(""), imports);
        }
        return 0;
    }
    if after.chars().next().is_some_and(is_name) {
        read_call(after.strip_prefix("_module").unwrap_or(""), imports);
        return 0;
    }
    let first = imports.len();
    let from = from_module(before);
    if let Some(module) = &from {
        imports.push(module.clone());
    }
    let mut reader = Reader { rest: after, bracket: false };
    reader.blanks();
    if reader.eat('(') {
        reader.bracket = true;
    }
    loop {
        reader.blanks();
        let star = reader.eat('*');
        if !star {
            let name = reader.dotted();
            match (&from, name.is_empty()) {
                (_, true) => {}
                (Some(module), false) => imports.push(join(module, &name)),
                (None, false) => imports.push(name),
            }
        }
        while let Some(loose) = reader.loose_word() {
            imports.push(from.as_ref().map_or_else(|| loose.clone(), |module| join(module, &loose)));
        }
        if !reader.next_name() {
            // A long module's name is repeated in front of each item.
            let named: usize = imports[first..].iter().filter(|name| name.len() > LONG_NAME).map(Name::len).sum();
            return after.len() - reader.rest.len() + named;
        }
    }
}

fn join(module: &Name, name: &Name) -> Name {
    let mut joined = module.clone();
    if !module.ends_with('.') {
        joined.push('.');
    }
    joined.push_str(name);
    joined
}

/// `("x.y"` after a function that imports.
fn read_call(after: &str, imports: &mut Vec<Name>) {
    let Some(rest) = after.trim_start().strip_prefix('(') else { return };
    let rest = rest.trim_start().trim_start_matches(['r', 'R', 'u', 'U']);
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return };
    let module: &str = rest.trim_start_matches(quote).split(quote).next().unwrap_or("");
    if !module.is_empty() && module.chars().all(|c| c == '.' || is_name(c)) {
        imports.push(Name::new(module));
    }
}

/// The module of `from module` at the end of `before`, dots included.
fn from_module(before: &str) -> Option<Name> {
    let mut rest = before;
    let mut pieces: Vec<&str> = Vec::new();
    loop {
        rest = trim_blanks_end(rest);
        let start = rest.char_indices().rev().take_while(|(_, c)| is_name(*c)).last().map_or(rest.len(), |(i, _)| i);
        let (head, word) = rest.split_at(start);
        if word == "from" {
            break;
        }
        if word == "import" || pieces.len() > MAX_MODULE {
            return None;
        }
        if !word.is_empty() {
            pieces.push(word);
            rest = head;
        } else if let Some(head) = rest.strip_suffix('.') {
            pieces.push(".");
            rest = head;
        } else {
            return None;
        }
        let two_words = matches!(pieces.as_slice(), [.., a, b] if *a != "." && *b != ".");
        if two_words {
            return None;
        }
    }
    let module: Name = pieces.iter().rev().copied().collect();
    (!module.is_empty() && module.len() <= MAX_MODULE).then_some(module)
}

/// Blanks, continued lines and comments at the end of `text` left out; a comment counts where its line ends `text`.
fn trim_blanks_end(mut text: &str) -> &str {
    loop {
        let trimmed = text.trim_end_matches(is_blank);
        let trimmed = trimmed.strip_suffix('\\').unwrap_or(trimmed);
        if trimmed.len() == text.len() {
            return text;
        }
        let line_ended = text[trimmed.len()..].contains('\n');
        text = trimmed;
        if line_ended {
            let line = text.rfind('\n').map_or(0, |i| i + 1);
            if let Some(comment) = text[line..].find('#') {
                text = &text[..line + comment];
            }
        }
    }
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric() || (!c.is_ascii() && !is_blank(c))
}

/// What the grammar skips besides comments and continued lines.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{2060}' | '\u{200b}')
}

struct Reader<'t> {
    rest: &'t str,
    bracket: bool,
}

impl Reader<'_> {
    /// Skip blanks, continued lines and comments; line ends only in brackets.
    fn blanks(&mut self) {
        loop {
            let bracket = self.bracket;
            let before = self.rest.len();
            self.rest = self.rest.trim_start_matches(|c| is_blank(c) && (bracket || c != '\n'));
            if let Some(next) = self.rest.strip_prefix('\\') {
                let next = next.trim_start_matches('\r');
                self.rest = next.strip_prefix('\n').unwrap_or(next);
            }
            if bracket && self.rest.starts_with('#') {
                self.rest = self.rest.split_at(self.rest.find('\n').unwrap_or(self.rest.len())).1;
            }
            if self.rest.len() == before {
                return;
            }
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &str {
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// `a . b`, without what is skipped in it.
    fn dotted(&mut self) -> Name {
        let mut name = Name::new(self.word());
        if name.is_empty() {
            return name;
        }
        loop {
            self.blanks();
            if !self.eat('.') || name.len() > MAX_MODULE || name == "import" {
                return name;
            }
            self.blanks();
            name.push('.');
            name.push_str(self.word());
        }
    }

    /// A name that follows another without a comma: no import, but the parser repairs such a line to one.
    fn loose_word(&mut self) -> Option<Name> {
        loop {
            self.blanks();
            match self.rest.chars().next()? {
                '\n' | ';' | ',' | '#' => return None,
                ')' if self.bracket => return None,
                c if is_name(c) => {
                    let name = self.dotted();
                    if name.starts_with("import") || name.len() > MAX_MODULE {
                        return None;
                    }
                    if name != "as" {
                        return Some(name);
                    }
                    self.blanks();
                    self.word();
                }
                c => self.rest = &self.rest[c.len_utf8()..],
            }
        }
    }

    /// Go past the next comma; `false` where the list ends.
    fn next_name(&mut self) -> bool {
        self.eat(',') && {
            self.blanks();
            self.rest.chars().next().is_some_and(|c| c != '\n')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<String> {
        outline(text, &|_| false).imports.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_spelling_of_an_import_is_seen() {
        assert_eq!(imports("import a.b as c, d"), ["a.b", "d"]);
        assert_eq!(imports("def f():\n  from ..a . b import (x as y,  # why, not\n    z)\nw"), ["..a.b", "..a.b.x", "..a.b.z"]);
        assert_eq!(imports("from . import x; import y"), [".", ".x", "y"]);
        assert_eq!(imports("from.import(x)"), [".", ".x"]);
        assert_eq!(imports("from a \\\n  import \\\n b, \\\r\n c\nd, e"), ["a", "a.b", "a.c"]);
        assert_eq!(imports("from a import*"), ["a"]);
        assert_eq!(imports("m = importlib.import_module('x.y'); n = __import__(\"z\")"), ["x.y", "z"]);
        assert_eq!(imports("important = reimport"), [] as [&str; 0]);
    }

    #[test]
    fn hostile_texts_are_read_to_their_end() {
        for piece in ["import ", "import.", "import(", "from.", "import a,", "import\\\n", "import\n", "import_module(", "from a import(b,"]
        {
            let text = format!("{}\nimport last", piece.repeat(1 << 9));
            // An unclosed bracket or a continued line may swallow what follows; nothing may panic or run for ever.
            let found = imports(&text);
            assert!(found.len() <= text.len(), "{piece}");
        }
        assert_eq!(imports(&format!("{}\nimport last", "import\n".repeat(1 << 9))), ["last"]);
    }

    #[test]
    fn what_would_be_read_again_and_again_is_parsed_instead() {
        let pieces = ["import a,", "import(\n#"];
        for piece in pieces {
            let text = piece.repeat(1 << 14);
            // Each list is read once for every `import` in it.
            assert!(scan(&text, READS * text.len()).is_none(), "{piece}");
            let mut names = parsed(&text);
            names.sort_unstable();
            names.dedup();
            assert!(outline(&text, &|_| false).imports == names, "{piece}");
        }
        for piece in ["import a\n", "from a import (\n  b,  # import\n  c,\n)\n", "x = 1  # import, from\n", "import_all(import_one)\n"] {
            let text = piece.repeat(1 << 14);
            assert!(scan(&text, 2 * text.len()).is_some(), "{piece}");
        }
    }

    #[test]
    fn programs_that_may_be_started_are_named() {
        let of = |text: &str| outline(text, &|_| false);
        assert_eq!(of("run([exe, '-m', 'jobs.sync'])\nrun(f'python {root}/bin/work.py')").starts, ["sync", "work"]);
        assert_eq!(of("a.pyc .py x-m").starts, [] as [&str; 0]);
        assert!(of("if __name__ == '__main__': main()").is_script && !of("main()").is_script);
    }

    #[test]
    fn actor_words_are_whole_identifiers() {
        let named = |text: &str| outline(text, &|w| w == "Agent").names_actor;
        assert!(named("x = crew.Agent(1)") && named("Agent"));
        assert!(!named("Agents = MyAgent"));
    }

    #[test]
    fn nothing_that_the_parser_reports_is_missed_in_written_cases() {
        let cases = [
            "from __future__ import annotations, division\nimport a . b . c as d , e\n",
            "if x: import y\nelse: from z import (\n  # first\n  a, b as c, # second\n  d,\n)\n",
            "try: from ... import q\nexcept ImportError: pass\nfrom .é import ü\n",
            "from a.\\\n  b import \\\n  c\nclass K:\n\timport m\x0c\nlambda: 1; import n",
            "import a b, c\nfrom x import (y z, w\n",
            "import\u{a0}os, \u{feff}sys\r\nfrom os import path\r\n",
        ];
        for text in cases {
            let outline = outline(text, &|_| false).imports;
            for name in parsed(text) {
                assert!(outline.contains(&name), "{name} of {text:?} is missing in {outline:?}");
            }
        }
    }

    #[test]
    fn nothing_that_the_parser_reports_is_missed_in_the_standard_library() {
        let roots = ["/root/.pyenv/versions/3.11.7/lib/python3.11", "/usr/lib/python3", "/usr/lib/python3.12", "/usr/lib/python3.11"];
        let Some(root) = roots.iter().find(|r| std::path::Path::new(r).is_dir()) else { return };
        let mut seen = 0;
        let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
        for file in files.filter(|f| f.path().extension().is_some_and(|e| e == "py")).step_by(7).take(150) {
            let Ok(text) = std::fs::read_to_string(file.path()) else { continue };
            let outline = outline(&text, &|_| false).imports;
            for name in parsed(&text) {
                assert!(outline.contains(&name), "{name} of {} is missing", file.path().display());
                seen += 1;
            }
        }
        assert!(seen > 100, "{root} holds few imports: {seen}");
    }
}
