//! Files that say what is started: Procfiles, Dockerfiles, unit files (`[Service]`), shell scripts.
//!
//! They are lines and little more, and become documents as data files do: names with their command lines, instructions with
//! their arguments, sections with their settings, a list of commands. A command stays the text it is; what it starts is for
//! others to say. A shell script is read for the commands that stand in it: of its control flow only the label of a `case`
//! branch is kept, since containers choose by it what they run.

use super::{Documents, push_node};
use crate::facts::{Document, Entry, NodeId, NodeKind};
use crate::source::{Comment, Span};

/// How many lines of one file are read.
const MAX_LINES: usize = 5000;

/// `web: uvicorn app:app`.
pub fn procfile(text: &str) -> Documents {
    let mut file = File::new(text);
    let mut entries = Vec::new();
    for line in file.lines() {
        let Some((name, command)) = line.text.split_once(':') else { continue };
        let value = file.scalar(command.trim(), line.span);
        entries.push(Entry { key: name.trim().to_owned(), key_span: line.span, value });
    }
    file.finish(NodeKind::Map(entries))
}

/// `CMD ["gunicorn", "app:app"]`, of the last stage.
pub fn dockerfile(text: &str) -> Documents {
    let mut file = File::new(text);
    let mut entries: Vec<Entry> = Vec::new();
    for line in file.lines() {
        let (instruction, rest) = line.text.split_once(char::is_whitespace).unwrap_or((&line.text, ""));
        let instruction = instruction.to_ascii_uppercase();
        let rest = rest.trim();
        if instruction == "FROM" {
            entries.clear();
        }
        let value = match serde_json::from_str::<Vec<String>>(rest) {
            Ok(words) => {
                let words = words.iter().map(|w| file.scalar(w, line.span)).collect();
                push_node(&mut file.document, NodeKind::List(words), line.span)
            }
            Err(_) => file.scalar(rest, line.span),
        };
        entries.push(Entry { key: instruction, key_span: line.span, value });
    }
    file.finish(NodeKind::Map(entries))
}

/// `[Service]`, then `ExecStart=…`: sections of settings.
pub fn unit_file(text: &str) -> Documents {
    let mut file = File::new(text);
    let mut sections: Vec<(String, Span, Vec<Entry>)> = Vec::new();
    for line in file.lines() {
        if let Some(name) = line.text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            sections.push((name.to_owned(), line.span, Vec::new()));
        } else if let (Some((key, value)), Some(section)) = (line.text.split_once('='), sections.last_mut()) {
            let value = file.scalar(value.trim(), line.span);
            section.2.push(Entry { key: key.trim().to_owned(), key_span: line.span, value });
        }
    }
    let mut entries = Vec::new();
    for (key, key_span, settings) in sections {
        let value = push_node(&mut file.document, NodeKind::Map(settings), key_span);
        entries.push(Entry { key, key_span, value });
    }
    file.finish(NodeKind::Map(entries))
}

/// The commands of a shell script; those of a `case` branch as a mapping from its label.
pub fn shell(text: &str) -> Documents {
    let mut file = File::new(text);
    let mut commands: Vec<NodeId> = Vec::new();
    let mut label: Option<String> = None;
    let mut here: Option<String> = None;
    for line in file.lines() {
        if let Some(end) = &here {
            if line.text == *end {
                here = None;
            }
            continue;
        }
        here = here_document(&line.text);
        let mut rest = line.text.as_str();
        if let Some((name, after)) = branch(rest) {
            label = Some(name.to_owned());
            rest = after;
        }
        let ends = rest.ends_with(";;") || rest == "esac";
        let command = rest.trim_end_matches(";;").trim();
        if !command.is_empty() {
            let node = file.scalar(command, line.span);
            commands.push(match &label {
                Some(label) => {
                    let entry = Entry { key: label.clone(), key_span: line.span, value: node };
                    push_node(&mut file.document, NodeKind::Map(vec![entry]), line.span)
                }
                None => node,
            });
        }
        if ends {
            label = None;
        }
    }
    file.finish(NodeKind::List(commands))
}

/// `web)` or `"web" | 'api')` at the start of a line, and what follows it.
fn branch(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(')')?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '|' | '"' | '\'' | ' ' | '*' | '.');
    (!name.is_empty() && name.chars().all(plain) && !name.contains("  ")).then(|| (name.trim_matches(['"', '\'', ' ']), rest.trim()))
}

/// The word that ends a here document that a line opens.
fn here_document(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("<<")?;
    let word = rest.trim_start_matches(['-', ' ', '"', '\'', '\\']);
    let end = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
    (end > 0 && !rest.starts_with('<')).then(|| word[..end].to_owned())
}

/// A line as it is meant: continued ones are one.
struct Line {
    text: String,
    span: Span,
}

/// A file on its way to a document.
struct File<'t> {
    text: &'t str,
    document: Document,
    comments: Vec<Comment>,
}

impl<'t> File<'t> {
    fn new(text: &'t str) -> Self {
        let mut document = Document { nodes: Vec::new(), root: None };
        document.root = Some(push_node(&mut document, NodeKind::Null, Span::default()));
        File { text, document, comments: Vec::new() }
    }

    fn scalar(&mut self, text: &str, span: Span) -> NodeId {
        push_node(&mut self.document, NodeKind::Scalar(text.to_owned()), span)
    }

    /// Lines that say something, without comments; a backslash at the end of one continues it.
    fn lines(&mut self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut open = false;
        let mut start = 0;
        for raw in self.text.split_inclusive('\n') {
            let (at, trimmed) = (start + (raw.len() - raw.trim_start().len()), raw.trim());
            start += raw.len();
            let span = Span::new(at as u32, (at + trimmed.len()) as u32);
            if trimmed.starts_with('#') || trimmed.starts_with(';') && !trimmed.starts_with(";;") {
                let text = trimmed.trim_start_matches(['#', ';']).trim().to_owned();
                self.comments.push(Comment { text, span, alone: true });
                continue;
            }
            let (part, continues) = match trimmed.strip_suffix('\\') {
                Some(part) => (part.trim_end(), true),
                None => (trimmed, false),
            };
            match lines.last_mut().filter(|_| open) {
                Some(line) if !part.is_empty() => {
                    line.text.push(' ');
                    line.text.push_str(part);
                }
                Some(_) => {}
                None if part.is_empty() => {}
                None => lines.push(Line { text: part.to_owned(), span }),
            }
            open = continues && !lines.is_empty();
            if lines.len() >= MAX_LINES {
                break;
            }
        }
        lines
    }

    /// The whole stands where the first part of it does, and not at a comment before that.
    fn finish(mut self, kind: NodeKind) -> Documents {
        let first = match &kind {
            NodeKind::Map(entries) => entries.first().map(|e| e.key_span),
            NodeKind::List(items) => items.first().map(|i| self.document.node(*i).span),
            _ => None,
        };
        if let Some(root) = self.document.nodes.first_mut() {
            root.kind = kind;
            root.span = first.unwrap_or_default();
        }
        Documents { documents: vec![self.document], comments: self.comments, problems: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A document in one line.
    fn shown(found: &Documents) -> String {
        fn node(document: &Document, id: NodeId) -> String {
            match &document.node(id).kind {
                NodeKind::Null => "null".to_owned(),
                NodeKind::Scalar(text) => format!("`{text}`"),
                NodeKind::List(items) => format!("[{}]", items.iter().map(|i| node(document, *i)).collect::<Vec<_>>().join(", ")),
                NodeKind::Map(entries) => {
                    format!(
                        "{{{}}}",
                        entries.iter().map(|e| format!("{}: {}", e.key, node(document, e.value))).collect::<Vec<_>>().join(", ")
                    )
                }
            }
        }
        node(&found.documents[0], found.documents[0].root.unwrap())
    }

    #[test]
    fn names_and_their_commands() {
        let found = procfile("web: gunicorn app:app \\\n  -w 4\n# no\nworker: celery -A app worker\n");
        assert_eq!(shown(&found), "{web: `gunicorn app:app -w 4`, worker: `celery -A app worker`}");
        assert_eq!(found.comments.len(), 1);
    }

    #[test]
    fn the_last_stage_is_the_image() {
        let found = dockerfile("FROM a AS b\nCMD [\"x\"]\nFROM c\nENTRYPOINT [\"./run.sh\"]\ncmd uvicorn app:app\n");
        assert_eq!(shown(&found), "{FROM: `c`, ENTRYPOINT: [`./run.sh`], CMD: `uvicorn app:app`}");
    }

    #[test]
    fn sections_hold_settings() {
        let found = unit_file("[Unit]\nAfter=a\n\n[Service]\nExecStart=/usr/bin/python3 -m shop.worker\nRestart = always\n");
        assert_eq!(shown(&found), "{Unit: {After: `a`}, Service: {ExecStart: `/usr/bin/python3 -m shop.worker`, Restart: `always`}}");
    }

    #[test]
    fn branches_of_a_script_keep_their_label() {
        let found = shell(
            "#!/bin/sh\nset -e\ncase \"$1\" in\n  web)\n    exec uvicorn app:app\n    ;;\n  worker) exec celery -A app worker ;;\nesac\ncat <<EOF\npython no.py\nEOF\n",
        );
        assert_eq!(
            shown(&found),
            "[`set -e`, `case \"$1\" in`, {web: `exec uvicorn app:app`}, {worker: `exec celery -A app worker`}, `esac`, `cat <<EOF`]"
        );
    }

    #[test]
    fn any_text_is_read() {
        for text in ["", "\\", "[", "=", ":", ")\n<<", "a\\\n\\\n", "CMD [\"a\"", "\u{0}", ";;\n)", "é)\n\\é"] {
            for read in [procfile, dockerfile, unit_file, shell] {
                assert!(read(text).documents.len() == 1, "{text:?}");
            }
        }
    }
}
