//! The YAML block between `---` lines at the head of a Markdown file, and nothing else of it.

use super::{Documents, yaml};
use memchr::memmem;

/// Read the front matter of a Markdown text; no document where it has none.
pub fn documents(text: &str) -> Documents {
    match block(text) {
        Some((start, end)) => {
            let mut found = yaml::read(text.get(start..end).unwrap_or(""), start as u32);
            found.documents.truncate(1);
            found
        }
        None => Documents::default(),
    }
}

/// Where the block starts and ends, its fences left out.
fn block(text: &str) -> Option<(usize, usize)> {
    let first = text.find('\n').map(|i| i + 1)?;
    if text[..first].trim_end() != "---" {
        return None;
    }
    // A newline before the block lets an empty one end at once.
    for at in memmem::find_iter(&text.as_bytes()[first - 1..], "\n---") {
        let fence = first + at;
        let line = text[fence..].split('\n').next().unwrap_or("");
        if line.trim_end() == "---" {
            return Some((first, fence));
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on fails.
mod tests {
    use super::*;
    use crate::parse::testing::show;

    #[test]
    fn the_block_at_the_head_is_read() {
        let text = "---\nname: a\ntools: Read, Bash\n---\n# Title\n---\nb: 1\n---\n";
        let found = documents(text);
        assert_eq!(found.problems, []);
        let document = &found.documents[0];
        assert_eq!(show(document), "{name: \"a\", tools: \"Read, Bash\"}");
        let name = document.entry(document.root.unwrap(), "name").unwrap();
        assert_eq!(&text[name.key_span.start as usize..name.key_span.end as usize], "name");
        let crlf = documents("---\r\na: 1\r\n---\r\ntext");
        assert_eq!(show(&crlf.documents[0]), "{a: \"1\"}");
    }

    #[test]
    fn a_text_without_one_holds_nothing() {
        for text in ["", "# Title\n---\na: 1\n---\n", "---\na: 1\n", "---", "----\na: 1\n---\n", "---\n---\n"] {
            assert_eq!(documents(text).documents.len(), 0, "{text:?}");
        }
    }

    #[test]
    fn bad_front_matter_is_a_problem_at_its_place() {
        let text = "---\nname: a: b: c\n---\n";
        let problem = &documents(text).problems[0];
        assert!(problem.span.start >= 4 && (problem.span.end as usize) <= text.len(), "{problem:?}");
    }
}
