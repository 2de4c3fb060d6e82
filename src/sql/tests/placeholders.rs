//! Everything that may be filled in, as values and as names.

use super::*;

fn text(parts: &[&str]) -> SqlText {
    // Holes stand between the texts, numbered from 7.
    let mut out = SqlText::default();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.parts.push(Part::Hole(6 + index));
        }
        out.parts.push(Part::Text((*part).into()));
    }
    out
}

fn first(parts: &[&str]) -> Statement {
    let found = parse(&text(parts), Dialect::Generic);
    assert!(!found.is_empty() && found[0].exact, "{parts:?}");
    found[0].clone()
}

#[test]
fn each_driver_has_its_own() {
    use Placeholder::{Format, Named, Numbered, Positional};
    for (sign, expected) in [
        ("%s", Positional(0)),
        ("?", Positional(0)),
        ("?3", Numbered(3)),
        ("$2", Numbered(2)),
        (":2", Numbered(2)),
        (":name", Named("name".into())),
        ("$name", Named("name".into())),
        ("@name", Named("@name".into())),
        ("%(name)s", Named("name".into())),
        ("{name}", Format("name".into())),
        ("{}", Format(String::new())),
        ("{{ name }}", Format("name".into())),
        ("${name}", Format("name".into())),
        ("#{name}", Format("name".into())),
        ("{id:UInt32}", Format("id".into())),
        ("'%s'", Positional(0)),
        (":'name'", Named("name".into())),
    ] {
        for dialect in [Dialect::Generic, Dialect::Postgres, Dialect::Sqlite, Dialect::MsSql] {
            let sql = format!("SELECT * FROM t WHERE a = {sign} AND b IN ({sign}) LIMIT 3");
            let found = one_in(&sql, dialect);
            assert_eq!(found.placeholders[0], expected, "{sql}");
            assert_eq!(found.predicate.conditions[0].value, Value::Placeholder(0), "{sql}");
            let inserted = one_in(&format!("INSERT INTO t (a, b) VALUES ({sign}, 'x')"), dialect);
            assert_eq!(inserted.inserted("a").and_then(|value| inserted.placeholder(value)), Some(&expected), "{sign}");
        }
    }
}

#[test]
fn what_looks_like_one_and_is_none() {
    assert!(one("SELECT * FROM t WHERE a % 2 = 0 AND b LIKE '%s%%' AND c = '{x}' AND d::text = 'a?b:c'").placeholders.is_empty());
    assert!(one("SELECT d->>'a' FROM t WHERE d ? 'k' AND d ?| array['x'] AND d @> '{\"a\": 1}'").placeholders.is_empty());
    assert!(one("SELECT a -- what? :this %s\nFROM t /* {x} ? */").placeholders.is_empty());
    assert_eq!(one("SELECT * FROM t WHERE ts > now() - interval %s").placeholders.len(), 1);
    assert_eq!(one("SELECT * FROM t WHERE a = $1::text AND b = :name::int").placeholders.len(), 2);
    assert_eq!(one("SELECT * FROM t WHERE a LIKE ?||'%'").placeholders.len(), 1);
}

#[test]
fn lists_and_rows() {
    assert_eq!(conditions(&one("SELECT * FROM t WHERE a IN %s")), [("a".into(), Op::In)]);
    assert_eq!(conditions(&one("SELECT * FROM t WHERE a = ANY(%s)")), [("a".into(), Op::In)]);
    assert_eq!(one("SELECT * FROM t WHERE a IN {ids}").predicate.conditions[0].value, Value::Placeholder(0));
}

#[test]
fn names_may_be_filled_in() {
    let hole = |number| Piece::Hole(Placeholder::Hole(number));
    let literal = |text: &str| Piece::Literal(text.into());
    let table = |parts: &[&str]| first(parts).table.map(|table| table.name);
    assert_eq!(table(&["INSERT INTO ", " (a) VALUES (?)"]), Some(Name::Pattern(vec![hole(7)])));
    assert_eq!(table(&["UPDATE ", " SET a = ? WHERE id = ?"]), Some(Name::Pattern(vec![hole(7)])));
    assert_eq!(table(&["DELETE FROM ", "_items WHERE id = ", ""]), Some(Name::Pattern(vec![hole(7), literal("_items")])));
    assert_eq!(table(&["SELECT * FROM items_", " WHERE id = 1"]), Some(Name::Pattern(vec![literal("items_"), hole(7)])));
    assert_eq!(table(&["SELECT * FROM \"", "\" WHERE id = 1"]), Some(Name::Pattern(vec![hole(7)])));
    assert_eq!(table(&["INSERT INTO ", ".items (a) VALUES (1)"]), Some(Name::Known("items".into())));
    assert_eq!(table(&["SELECT ", " FROM items JOIN ", " ON true"]), Some(Name::Known("items".into())));
    let found = first(&["INSERT INTO ", ".items (a) VALUES (1)"]);
    assert_eq!(found.table.and_then(|table| table.schema), Some(Name::Pattern(vec![hole(7)])));
    for sql in ["INSERT INTO {table} (a) VALUES (%s)", "INSERT INTO %s (a) VALUES (%s)", "INSERT INTO ? (a) VALUES (?)"] {
        let found = one(sql);
        assert_eq!((target(&found).as_str(), found.placeholders.len()), ("*", 2), "{sql}");
        assert_eq!(found.values[0], Value::Placeholder(1));
    }
    let found = one("SELECT x.{column} FROM {schema}.t x WHERE x.{key} = ? ORDER BY {order}");
    assert_eq!(names(&found.columns), ["*"]);
    assert_eq!(target(&found), "*.t");
    assert_eq!(conditions(&found), [("*".into(), Op::Eq)]);
}

#[test]
fn clauses_may_be_filled_in() {
    let found = first(&["INSERT INTO t (", ") VALUES (", ")"]);
    assert_eq!((names(&found.columns), target(&found)), (vec!["*".to_string()], "t".into()));
    let found = first(&["UPDATE t SET ", " WHERE id = ", ""]);
    assert!(found.predicate.open);
    assert_eq!((target(&found), conditions(&found)), ("t".into(), vec![("id".into(), Op::Eq)]));
    let found = first(&["UPDATE t SET a = 1, ", " = ", " WHERE id = 3"]);
    assert_eq!(found.assignments[1].value, AssignedValue::Placeholder(1));
    for parts in [
        &["SELECT * FROM t ", ""][..],
        &["SELECT * FROM t WHERE ", ""],
        &["SELECT * FROM t WHERE a = 1 ", " ORDER BY id"],
        &["SELECT * FROM t WHERE a = 1 AND ", ""],
        &["DELETE FROM t ", " RETURNING id"],
        &["SELECT * ", " FROM t"],
        &["SELECT * FROM t WHERE 1 = 1 ", " LIMIT 10 ", ""],
        &["SELECT * FROM t WHERE id = 1 FOR UPDATE ", ""],
    ] {
        let found = first(parts);
        assert!(found.predicate.open, "{parts:?}");
        assert_eq!(target(&found), "t", "{parts:?}");
    }
    let found = first(&["SELECT * FROM t WHERE a ", " ? ORDER BY b ", ""]);
    assert_eq!(conditions(&found), [("a".into(), Op::Compare)]);
    assert!(first(&["INSERT ", " INTO t (a) VALUES (1)"]).predicate.open);
    assert_eq!(target(&first(&["", " SELECT * FROM t"])), "t");
}

#[test]
fn strings_may_have_holes() {
    let found = first(&["SELECT pg_advisory_lock(hashtext('stock:", "'))"]);
    let expected = Value::Pattern(vec![Piece::Literal("stock:".into()), Piece::Hole(Placeholder::Hole(7))]);
    assert_eq!(found.functions[1].args[0].value, expected);
    let found = first(&["SELECT * FROM t WHERE name = '", "'"]);
    assert_eq!(found.predicate.conditions[0].value, Value::Placeholder(0));
    assert_eq!(found.placeholders, [Placeholder::Hole(7)]);
}

#[test]
fn offsets_count_in_the_flattened_text() {
    let text = text(&["SELECT 1; INSERT INTO ", " (a) VALUES (1) ;"]);
    let flat = text.flatten();
    let found = parse(&text, Dialect::Generic);
    assert_eq!(flat.get(found[1].start..found[1].end).map(|sql| (sql.starts_with("INSERT"), sql.ends_with("(1)"))), Some((true, true)));
    assert_eq!(flat.len(), "SELECT 1; INSERT INTO  (a) VALUES (1) ;".len() + 4);
}

#[test]
fn signs_and_holes_make_one_placeholder() {
    for parts in [
        &["SELECT * FROM t WHERE a = $", " LIMIT $", ""][..],
        &["SELECT * FROM t WHERE a = :", " LIMIT :", ""],
        &["SELECT * FROM t WHERE a = %(", ")s LIMIT %(", ")s"],
    ] {
        let found = first(parts);
        assert_eq!(found.placeholders, [Placeholder::Hole(7), Placeholder::Hole(8)], "{parts:?}");
        assert_eq!(found.predicate.conditions[0].value, Value::Placeholder(0));
    }
}

#[test]
fn whole_clauses_and_queries_may_be_filled_in() {
    let found = first(&["SELECT * FROM t ", " a = ? AND b MATCH :q"]);
    assert_eq!(found.predicate.conditions[0].column, Name::Known("a".into()));
    assert!(found.predicate.open);
    assert_eq!(target(&first(&["WITH x AS (", ") SELECT * FROM t JOIN x ON true"])), "t");
    // The host adds the main statement.
    let found = all("WITH x AS (INSERT INTO t (a) VALUES (1) RETURNING a)");
    assert_eq!(verbs(&found), ["Select", "Insert"]);
}
