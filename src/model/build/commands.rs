//! What a command line starts: shell words, matched with the rows that packs have of programs.
//!
//! A command is followed through wrappers, interpreters, names of the project's own scripts and shell scripts of the
//! repository, to the modules of the project that it runs, and to how many processes run them. What is not found there
//! starts nothing: a guess would make actors concurrent that are not.

use super::Input;
use super::systems::folder_of;
use crate::facts::{Document, NodeId, NodeKind};
use crate::knowledge::vocabulary::{ActorKind, CommandRow};
use crate::link::Binary;
use crate::source::Language;
use rustc_hash::FxHashMap;

/// How far wrappers and scripts are followed.
const MAX_DEPTH: u8 = 6;
/// How many commands of one line or script are looked at.
const MAX_COMMANDS: usize = 200;
/// Words of the shell that stand before a command.
const LEADING: [&str; 12] = ["if", "elif", "while", "until", "then", "do", "else", "exec", "time", "!", "{", "("];

/// A module that a command runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Start {
    /// Which module.
    pub module: u32,
    /// How many processes run it.
    pub processes: u32,
    /// One for each processor, or another number that nobody wrote down.
    pub many: bool,
    /// The kinds of actors that it runs; empty: every kind.
    pub runs: Vec<ActorKind>,
    /// Frameworks whose actors it runs wherever they are defined.
    pub frameworks: Vec<String>,
    /// What it does with the module.
    pub way: Way,
}

/// What a command does with the module that it names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Way {
    /// A server or a pool of workers imports it and calls what it finds there.
    Imported,
    /// A server calls what stands in the module itself; of what it imports nothing is told.
    Alone,
    /// It runs as a program that is given these words.
    Run(Vec<String>),
    /// A function of it runs as a program: `sweep = "shop.jobs:sweep"` among a package's scripts.
    Called(String),
}

/// Where a command stands.
pub(super) struct At<'a> {
    /// The folder it runs in, with its final slash; empty for the top.
    pub folder: &'a str,
    /// Environment variables.
    pub environment: &'a [(String, String)],
}

/// Everything that commands are matched with.
pub(super) struct Commands<'i> {
    /// Paths of modules without `.py` and `__init__`, by segments.
    modules: Vec<Vec<&'i str>>,
    rows: Vec<&'i CommandRow>,
    /// Names of the project's own commands, and what they call.
    pub scripts: FxHashMap<String, String>,
    shells: Vec<(&'i str, &'i Document)>,
    /// Programs that crates of the project build.
    binaries: &'i [(Binary, u32)],
}

impl<'i> Commands<'i> {
    pub fn new(input: &'i Input) -> Self {
        let program = input.effects.program;
        let segments = |path: &'i str| {
            let mut parts: Vec<&str> = path.strip_suffix(".py").unwrap_or(path).split('/').collect();
            parts.pop_if(|last| matches!(*last, "__init__" | "__main__"));
            parts
        };
        let scripts = input.manifests.iter().filter(|m| input.files[m.file.index()].language == Language::Shell);
        Commands {
            modules: program.modules.iter().map(|m| segments(&m.path)).collect(),
            rows: program.knowledge.commands().collect(),
            scripts: FxHashMap::default(),
            shells: scripts.map(|m| (m.path.as_str(), &m.document)).collect(),
            binaries: &program.binaries,
        }
    }

    /// Frameworks whose actors run in processes that their own command starts, and whether by default in many.
    pub fn own_processes(&self) -> impl Iterator<Item = (&str, bool)> {
        self.rows.iter().flat_map(|row| row.frameworks.iter().map(|f| (f.as_str(), row.processes_default.is_some_and(|n| n != 1))))
    }

    /// What a command line starts.
    pub fn line(&self, text: &str, at: &At, depth: u8) -> Vec<Start> {
        split(text).iter().take(MAX_COMMANDS).flat_map(|words| self.words(words, at, depth)).collect()
    }

    /// What one command starts.
    pub fn words(&self, words: &[String], at: &At, depth: u8) -> Vec<Start> {
        let words = &words.iter().map(|word| substituted(word, at.environment)).collect::<Vec<String>>();
        let is_leading = |word: &&String| LEADING.contains(&word.as_str()) || is_assignment(word);
        let skipped = words.iter().take_while(is_leading).count();
        let Some((program, rest)) = words[skipped..].split_first().filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
        if let Some(row) = self.row(program, rest) {
            return self.matched(row, rest, at, depth);
        }
        if let Some(target) = self.scripts.get(program.as_str()) {
            let way = target.rsplit_once(':').map_or(Way::Imported, |(_, function)| Way::Called(function.trim().to_string()));
            return self.resolve(target, at.folder).map(|module| start(module, way)).into_iter().collect();
        }
        if let Some(script) = self.shell(program, at.folder) {
            return self.script(script, rest, at, depth);
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        if let Some(module) = self.built(at.folder, |binary| binary.name == name) {
            return vec![start(module, Way::Run(rest.to_vec()))];
        }
        let script = program.ends_with(".py").then(|| self.resolve(program, at.folder)).flatten();
        script.map(|module| start(module, Way::Run(rest.to_vec()))).into_iter().collect()
    }

    fn row(&self, program: &str, rest: &[String]) -> Option<&'i CommandRow> {
        let name = program.rsplit('/').next().unwrap_or(program);
        self.rows.iter().filter(|row| row.names(name)).find(|row| row.with.iter().all(|w| rest.contains(w))).copied()
    }

    fn matched(&self, row: &CommandRow, rest: &[String], at: &At, depth: u8) -> Vec<Start> {
        if let Some(line) = row.script.as_ref().and_then(|option| value(rest, std::slice::from_ref(option))) {
            return self.line(line, at, depth + 1);
        }
        if row.wraps {
            let inner = (0..rest.len()).find(|i| self.starts_one(&rest[*i], &rest[i + 1..], at.folder));
            return inner.map(|i| self.words(&rest[i..], at, depth + 1)).unwrap_or_default();
        }
        if !row.program.is_empty() {
            let own = row.own_after.as_ref().and_then(|word| rest.iter().position(|w| w == word));
            let (options, arguments) = rest.split_at(own.unwrap_or(rest.len()));
            let module = match value(options, &row.program) {
                Some(name) => self.built(at.folder, |b| b.name == name).or_else(|| self.built(at.folder, |b| b.package == name)),
                None => self.built(at.folder, |_| true),
            };
            let words = arguments.iter().skip(1).cloned().collect();
            return module.map(|module| start(module, Way::Run(words))).into_iter().collect();
        }
        let mut found = row.fixed.as_ref().and_then(|fixed| self.resolve(fixed, at.folder));
        for place in &row.module {
            if found.is_some() {
                break;
            }
            if place == "*" {
                found = rest.iter().filter(|w| !w.starts_with('-')).find_map(|w| self.resolve(w, at.folder));
                continue;
            }
            let Some(index) = rest.iter().position(|w| w == place || w.strip_prefix(place.as_str()).is_some_and(|r| r.starts_with('=')))
            else {
                continue;
            };
            let Some(module) = value(rest, std::slice::from_ref(place)) else { continue };
            // `python -m uvicorn …`: the module is a program itself.
            if self.row(module, &rest[index..]).is_some() {
                let inner: Vec<String> = std::iter::once(module.to_string()).chain(rest.iter().skip(index + 2).cloned()).collect();
                return self.words(&inner, at, depth + 1);
            }
            // Where the option is given, other arguments name no module: `python -m pytest tests/test_a.py`.
            found = self.resolve(module, at.folder);
            break;
        }
        let Some(module) = found else { return Vec::new() };
        let (processes, many) = processes(row, rest, at);
        // What runs only some kinds of actors looks them up in what it imports.
        let way = if row.runs.is_empty() { Way::Run(rest.to_vec()) } else { Way::Imported };
        vec![Start { module, processes, many, runs: row.runs.clone(), frameworks: row.frameworks.clone(), way }]
    }

    /// Whether a command starts with this word.
    fn starts_one(&self, word: &str, rest: &[String], folder: &str) -> bool {
        self.row(word, rest).is_some()
            || self.scripts.contains_key(word)
            || self.shell(word, folder).is_some()
            || self.built(folder, |binary| word.rsplit('/').next() == Some(binary.name.as_str())).is_some()
            || word.ends_with(".py") && self.resolve(word, folder).is_some()
    }

    /// The one program of the project that is meant, the nearest to a folder: of the package that holds it, else of one below.
    fn built(&self, folder: &str, meant: impl Fn(&Binary) -> bool) -> Option<u32> {
        let all = || self.binaries.iter().filter(|(binary, _)| meant(binary));
        let near = |binary: &Binary| (folder.starts_with(&binary.folder), shared(&binary.folder, folder));
        let best = all().map(|(binary, _)| near(binary)).max()?;
        let mut nearest = all().filter(|(binary, _)| near(binary) == best);
        let (_, module) = nearest.next()?;
        nearest.next().is_none().then_some(*module)
    }

    fn shell(&self, word: &str, folder: &str) -> Option<&'i Document> {
        // A word without an ending or a folder is a program that is installed somewhere.
        let name = word.rsplit('/').next().filter(|n| n.ends_with(".sh") || word.contains('/'))?;
        let named = || self.shells.iter().filter(|(path, _)| path.rsplit('/').next() == Some(name));
        let near = |path: &str| shared(path, folder);
        let best = named().map(|(path, _)| near(path)).max()?;
        let mut nearest = named().filter(|(path, _)| near(path) == best);
        let found = nearest.next()?;
        // Two of one name, equally near: which is meant cannot be told.
        nearest.next().is_none().then_some(found.1)
    }

    /// The commands of a shell script; those of a labelled branch only where an argument names it.
    fn script(&self, script: &Document, arguments: &[String], at: &At, depth: u8) -> Vec<Start> {
        let Some(root) = script.root else { return Vec::new() };
        let mut found = Vec::new();
        let mut set: Vec<(String, String)> = at.environment.to_vec();
        for item in script.items(root).iter().take(MAX_COMMANDS) {
            let at = &At { folder: at.folder, environment: &set };
            match &script.node(*item).kind {
                NodeKind::Scalar(line) => {
                    found.extend(self.line(line, at, depth + 1));
                    set.extend(assignment(line));
                }
                _ => {
                    for entry in script.entries(*item) {
                        let chosen =
                            entry.key.split('|').any(|label| arguments.iter().any(|a| a == label.trim().trim_matches(['"', '\''])));
                        if let (true, Some(line)) = (chosen, script.text(entry.value)) {
                            found.extend(self.line(line, at, depth + 1));
                        }
                    }
                }
            }
        }
        // `exec "$@"`: the arguments are the command.
        found.extend(self.words(arguments, at, depth + 1));
        found
    }

    /// The module of the project that `a.b:app`, `a/b.py` or `a.b` means, as seen from a folder.
    pub fn resolve(&self, text: &str, folder: &str) -> Option<u32> {
        let text = text.split(':').next().unwrap_or(text);
        // `"$HERE/move.py"`: what is known of it is its end.
        let text = text.strip_prefix('$').and_then(|rest| rest.split_once('/')).map_or(text, |(_, rest)| rest);
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || "$*=(){}<>".contains(c)) {
            return None;
        }
        if text.contains('/') || text.ends_with(".py") {
            let path = text.strip_suffix(".py")?;
            let absolute = path.starts_with('/');
            let mut wanted: Vec<&str> = path.split('/').filter(|s| !matches!(*s, "" | "." | "..")).collect();
            // `/app/worker.py` stands where the image puts it; what is known of it is its end.
            loop {
                if let Some(found) = self.tail(&wanted, folder) {
                    return Some(found);
                }
                if !absolute || wanted.len() < 2 {
                    return None;
                }
                wanted.remove(0);
            }
        }
        let wanted: Vec<&str> = text.split('.').collect();
        self.tail(&wanted, folder).or_else(|| {
            // `-A package.attribute`
            let (_, package) = wanted.split_last().filter(|(_, package)| !package.is_empty())?;
            self.tail(package, folder)
        })
    }

    /// The one module whose path ends so, the nearest to a folder.
    fn tail(&self, wanted: &[&str], folder: &str) -> Option<u32> {
        let ends = |path: &Vec<&str>| path.len() >= wanted.len() && path[path.len() - wanted.len()..] == *wanted;
        let rank = |path: &Vec<&str>| {
            let here: Vec<&str> = folder.split('/').filter(|s| !s.is_empty()).collect();
            let common = path.iter().zip(&here).take_while(|(a, b)| a == b).count();
            (common, std::cmp::Reverse(path.len()))
        };
        let mut candidates: Vec<u32> = (0..self.modules.len() as u32).filter(|m| ends(&self.modules[*m as usize])).collect();
        let best = candidates.iter().map(|m| rank(&self.modules[*m as usize])).max()?;
        candidates.retain(|m| rank(&self.modules[*m as usize]) == best);
        let paths: Vec<&Vec<&str>> = candidates.iter().map(|m| &self.modules[*m as usize]).collect();
        // `__init__` and `__main__` of one package are one; two packages are not.
        paths.windows(2).all(|w| w[0] == w[1]).then(|| candidates.last().copied()).flatten()
    }
}

/// One process that may run every kind of actor.
pub(super) fn start(module: u32, way: Way) -> Start {
    Start { module, processes: 1, many: false, runs: Vec::new(), frameworks: Vec::new(), way }
}

/// How much of a path's folder is also the beginning of another folder.
fn shared(path: &str, folder: &str) -> usize {
    folder_of(path).split('/').zip(folder.split('/')).take_while(|(a, b)| a == b).count()
}

/// How many processes a command starts, and whether it is a number that nobody wrote down.
fn processes(row: &CommandRow, rest: &[String], at: &At) -> (u32, bool) {
    let joined = rest.join(" ");
    let alone = |words: &String| rest.contains(words) || joined.contains(&words.replace('=', " ")) && words.contains('=');
    if row.one_process.iter().any(alone) {
        return (1, false);
    }
    if let Some(text) = value(rest, &row.processes) {
        // A number that is computed on the machine is one for each processor or the like; a variable is not known.
        return (number(text, at.environment).unwrap_or(1).max(1), text.contains("$(") || matches!(text, "auto" | "max"));
    }
    let variable = row.processes_from.iter().find_map(|name| at.environment.iter().find(|(n, _)| n == name));
    if let Some(count) = variable.and_then(|(_, value)| number(value, at.environment)) {
        return (count.max(1), false);
    }
    match row.processes_default {
        Some(0) => (1, true),
        Some(count) => (count, false),
        None => (1, false),
    }
}

/// A number as it is written, or as a variable has it: `4`, `$WORKERS`, `${WORKERS:-4}`.
pub(super) fn number(text: &str, environment: &[(String, String)]) -> Option<u32> {
    if let Ok(number) = text.trim().parse() {
        return Some(number);
    }
    let variable = text.trim().trim_start_matches('$').strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    let (name, default) = match variable {
        Some(inner) => inner.split_once([':', '-']).map_or((inner, ""), |(name, rest)| (name, rest.trim_start_matches('-'))),
        None => (text.trim().strip_prefix('$')?, ""),
    };
    let set = environment.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.parse().ok());
    set.or_else(|| default.parse().ok())
}

/// The value of an option: `-w 4`, `-w4`, `--workers=4`.
fn value<'w>(words: &'w [String], options: &[String]) -> Option<&'w str> {
    for (index, word) in words.iter().enumerate() {
        for option in options {
            let Some(rest) = word.strip_prefix(option.as_str()) else { continue };
            if rest.is_empty() {
                return words.get(index + 1).map(String::as_str);
            }
            if let Some(value) = rest.strip_prefix('=') {
                return Some(value);
            }
            if option.len() == 2 && rest.starts_with(|c: char| c.is_ascii_digit()) {
                return Some(rest);
            }
        }
    }
    None
}

/// The variable that a line of a script sets, to what.
fn assignment(line: &str) -> Option<(String, String)> {
    let commands = split(line);
    let [words] = commands.as_slice() else { return None };
    let [word] = words.as_slice() else { return None };
    let (name, value) = word.split_once('=').filter(|_| is_assignment(word))?;
    (!value.contains('$')).then(|| (name.to_string(), value.to_string()))
}

/// A word with what was set for the variable that it is.
fn substituted(word: &str, environment: &[(String, String)]) -> String {
    let name = word.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    let set = name.and_then(|name| environment.iter().rev().find(|(known, _)| known == name));
    set.map_or_else(|| word.to_string(), |(_, value)| value.clone())
}

/// The words that programs are started with, where all that start one give the same: a variable or a placeholder is nobody's word.
pub(super) fn words_given<'s>(
    starts: impl Iterator<Item = &'s Start>,
    name: impl Fn(u32) -> &'s str,
) -> FxHashMap<u32, Vec<Option<String>>> {
    let mut found: FxHashMap<u32, Vec<Option<String>>> = FxHashMap::default();
    for start in starts {
        let Way::Run(words) = &start.way else { continue };
        let file = name(start.module).rsplit('/').next().unwrap_or_default();
        let own = words.iter().position(|word| word.rsplit('/').next() == Some(file));
        let given = words[own.map_or(0, |at| at + 1)..].iter().map(|word| Some(word.clone()).filter(|w| !w.contains(['$', '<', '*'])));
        let given: Vec<Option<String>> = given.collect();
        let common = |known: &mut Vec<Option<String>>| {
            known.truncate(given.len());
            known.iter_mut().zip(&given).filter(|(known, other)| known != other).for_each(|(known, _)| *known = None);
        };
        found.entry(start.module).and_modify(common).or_insert_with(|| given.clone());
    }
    found
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// The commands of a line as words, as a shell would see them; substitutions stay as they are.
pub(super) fn split(text: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    let mut quote: Option<char> = None;
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => match chars.next() {
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            (_, '$') if matches!(chars.peek(), Some('(' | '{')) => {
                depth += 1;
                let word = word.get_or_insert_default();
                word.push('$');
                word.extend(chars.next());
            }
            (_, ')' | '}') if depth > 0 => {
                depth -= 1;
                word.get_or_insert_default().push(c);
            }
            (_, c) if depth > 0 => word.get_or_insert_default().push(c),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ';' | '&' | '|' | '\n') => {
                finish(&mut commands, &mut word);
                if commands.last().is_some_and(|c| !c.is_empty()) {
                    commands.push(Vec::new());
                }
            }
            (None, c) if c.is_whitespace() => finish(&mut commands, &mut word),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    finish(&mut commands, &mut word);
    commands.retain(|c| !c.is_empty());
    commands
}

fn finish(commands: &mut [Vec<String>], word: &mut Option<String>) {
    if let (Some(word), Some(command)) = (word.take(), commands.last_mut()) {
        command.push(word);
    }
}

/// A command below a node: a line of text, or a list of words.
pub(super) fn given(document: &Document, node: NodeId) -> Option<Vec<Vec<String>>> {
    match &document.node(node).kind {
        NodeKind::Scalar(text) => Some(split(text)),
        NodeKind::List(items) => Some(vec![items.iter().filter_map(|i| document.text(*i)).map(str::to_string).collect()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_a_shell_does() {
        let shown = |text: &str| split(text).iter().map(|c| c.join("|")).collect::<Vec<_>>();
        assert_eq!(
            shown("alembic upgrade head && exec uvicorn 'a.b:app' --port \"80 80\""),
            ["alembic|upgrade|head", "exec|uvicorn|a.b:app|--port|80 80"]
        );
        assert_eq!(shown("a -w ${W:-4}; b $(nproc --all) &\nc\\ d ''"), ["a|-w|${W:-4}", "b|$(nproc --all)", "c d|"]);
        assert_eq!(shown("'open && | ;"), ["open && | ;"]);
        assert!(shown(" ;; && \n").is_empty());
    }

    #[test]
    fn numbers_of_variables() {
        let environment = [("W".to_string(), "6".to_string())];
        for (text, count) in [
            ("4", Some(4)),
            ("$W", Some(6)),
            ("${W}", Some(6)),
            ("${X:-3}", Some(3)),
            ("${X-2}", Some(2)),
            ("$X", None),
            ("", None),
            ("${", None),
        ] {
            assert_eq!(number(text, &environment), count, "{text}");
        }
    }

    #[test]
    fn values_of_options() {
        let words: Vec<String> = ["-w4", "--name=a", "-c", "2"].map(str::to_string).to_vec();
        let of = |option: &str| value(&words, &[option.to_string()]);
        assert_eq!((of("-w"), of("--name"), of("-c"), of("-x")), (Some("4"), Some("a"), Some("2"), None));
    }
}
