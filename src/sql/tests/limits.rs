//! Texts made to break a parser. Tests run on small stacks, so an overflow would end them.

use super::*;

/// A text of `n` repetitions of `open` and `close` around `middle`.
fn nested(before: &str, open: &str, middle: &str, close: &str, n: usize) -> String {
    format!("{before}{}{middle}{}", open.repeat(n), close.repeat(n))
}

#[test]
fn deep_nesting_is_safe() {
    for n in [12, 23, 30, 60, 300, 10_000] {
        for (before, open, middle, close) in [
            ("SELECT ", "(", "1", ")"),
            ("SELECT a FROM ", "(", "t", ")"),
            ("", "(", "SELECT 1", ")"),
            ("SELECT a FROM t WHERE ", "(", "a = 1", ")"),
            ("SELECT a FROM t WHERE a IN ", "(", "1", ")"),
            ("INSERT INTO t (a) VALUES ", "(", "1", ")"),
            ("SELECT ", "f(", "1", ")"),
            ("SELECT ", "[", "1", "]"),
            ("SELECT a FROM ", "(SELECT a FROM ", "t", ") x"),
            ("SELECT a FROM t WHERE ", "(", "a", ""),
            ("SELECT a FROM ", "(u JOIN ", "t", " ON true)"),
            ("SELECT ", "CASE WHEN ", "1", " THEN 1 END"),
            ("SELECT ", "NOT ", "1", ""),
            ("SELECT ", "- ", "1", ""),
            ("SELECT ", "INTERVAL ", "'1'", ""),
            ("SELECT 1", " + 1", "", ""),
            ("SELECT 1", " || f(a, b)", "", ""),
            ("SELECT 1", " UNION SELECT 1", "", ""),
            ("SELECT a FROM t WHERE a", " IS NULL", "", ""),
            ("SELECT a FROM t WHERE a = 1", " OR f(a, b) = 1", "", ""),
            ("SELECT a", "::int", "", ""),
            ("SELECT a", "[1]", "", ""),
            ("SELECT CAST(a AS ", "ARRAY<", "int", ">)"),
            ("SELECT a FROM t ", "JOIN u ON a = b ", "", ""),
            ("SELECT ", "(SELECT (", "", ""),
            ("BEGIN ", "IF (a) THEN BEGIN ", "", ""),
            ("", "FOR FOREACH DECLARE ", "", ""),
            ("DO ", "$$ DO $a$ ", "", ""),
            ("CREATE TABLE t (a ", "(", "", ")"),
            ("WITH ", "x AS (WITH ", "SELECT 1", ") SELECT 1"),
            ("EXPLAIN ", "EXPLAIN ", "SELECT 1", ""),
        ] {
            let sql = nested(before, open, middle, close, n);
            let _ = parse(&sql.as_str().into(), Dialect::Generic);
            let _ = looks_like_sql(&sql);
        }
    }
}

#[test]
fn long_statements_are_read_by_keywords() {
    let sql = format!("INSERT INTO t (a) VALUES {}(1)", "(1), ".repeat(30_000));
    let found = &all(&sql)[0];
    assert!(!found.exact);
    assert_eq!((found.verb.clone(), target(found)), (Verb::Insert, "t".into()));
    let sql = format!("SELECT a FROM t WHERE a IN ({}1)", "1, ".repeat(2_000));
    assert!(all(&sql)[0].exact);
}

#[test]
fn broken_texts_are_survived() {
    for sql in [
        "'",
        "\"",
        "`",
        "[",
        "$$",
        "$a$",
        "/*",
        "--",
        "{",
        "{{",
        "%(",
        "%",
        ":",
        "@",
        "?",
        "SELECT '",
        "INSERT",
        "INSERT INTO",
        "UPDATE",
        "UPDATE t SET",
        "DELETE",
        "WITH",
        "CREATE",
        "CREATE TABLE",
        "CREATE TABLE t (",
        "CREATE INDEX",
        "ALTER TABLE",
        "ALTER TABLE t ADD",
        "SET",
        "LOCK",
        "CALL",
        "EXEC",
        "COPY",
        "DO",
        "MERGE",
        "BEGIN TRY",
        "IF",
        "FOR",
        "DECLARE",
        "END",
        "\\",
        "DELIMITER",
        "DELIMITER é\né",
        "é",
        "SELECT é FROM ü WHERE ß = 'ö'",
        "ON CONFLICT (",
        "INSERT INTO t ON CONFLICT",
        "INSERT INTO t SET",
        "FOR UPDATE OF",
        "\u{F0000}",
        "\u{100000}",
        "SELECT \u{10FFFF}",
        "UPDATE TOP",
        "UPSERT",
        "x += 1",
        "UPDATE t SET += 1",
        "RETURNING INTO",
        "USING TTL",
        "a.b.",
        "..",
    ] {
        for dialect in [Dialect::Generic, Dialect::Postgres, Dialect::MySql, Dialect::Sqlite, Dialect::MsSql] {
            let _ = parse(&sql.into(), dialect);
            let _ = looks_like_sql(sql);
        }
    }
    // Every prefix of a rich text.
    let rich = "WITH x AS (SELECT a FROM t WHERE b = %(c)s AND d ->> 'e' = $1) INSERT INTO {p}_t AS y (a, \"b\") SELECT 'é''x', :n::int \
                FROM x ON CONFLICT (lower(a)) DO UPDATE SET n += 1 RETURNING id; CREATE TABLE t (a int, UNIQUE (a)); DO $$ BEGIN IF x THEN \
                EXECUTE 'DELETE FROM t'; END IF; END $$; MERGE t WITH (HOLDLOCK) AS x USING s ON a = b WHEN MATCHED THEN DELETE;";
    for end in (0..rich.len()).filter(|end| rich.is_char_boundary(*end)) {
        let _ = parse(&rich[..end].into(), Dialect::Generic);
        let _ = looks_like_sql(&rich[..end]);
        let _ = parse(&rich[end..].into(), Dialect::MsSql);
        let _ = looks_like_sql(&rich[end..]);
    }
}
