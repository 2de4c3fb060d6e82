//! Tables, keys, indexes and their changes.

use super::*;

fn table(sql: &str, dialect: Dialect) -> TableDefinition {
    match one_in(sql, dialect).verb {
        Verb::CreateTable(definition) => definition,
        _ => TableDefinition::default(),
    }
}

fn keys(sql: &str) -> Vec<Vec<String>> {
    table(sql, Dialect::Generic).unique_keys
}

#[test]
fn keys_of_every_dialect() {
    let key = |columns: &[&str]| columns.iter().map(|column| column.to_string()).collect::<Vec<_>>();
    assert_eq!(keys("CREATE TABLE t (id INT PRIMARY KEY, k TEXT UNIQUE)"), [key(&["id"]), key(&["k"])]);
    assert_eq!(keys("CREATE TABLE t (id INT, k TEXT, UNIQUE (id, k), CONSTRAINT c UNIQUE (k))"), [key(&["id", "k"]), key(&["k"])]);
    assert_eq!(
        keys(
            "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT, k VARCHAR(9), PRIMARY KEY (id), UNIQUE KEY `uk` (`k`(10)), KEY x (k)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
        ),
        [key(&["id"]), key(&["k"])]
    );
    assert_eq!(keys("CREATE TABLE t (a INT, UNIQUE(a) ON CONFLICT REPLACE) STRICT"), [key(&["a"])]);
    assert_eq!(
        keys("CREATE TABLE [dbo].[t] ([id] INT IDENTITY(1,1) NOT NULL, CONSTRAINT [pk] PRIMARY KEY CLUSTERED ([id] ASC)) ON [PRIMARY]"),
        [key(&["id"])]
    );
    assert_eq!(keys("CREATE TABLE t (a INT, b WHATEVER ??? NOT NULL, UNIQUE (a))"), [key(&["a"])]);
    assert!(keys("CREATE TABLE t (a TEXT, UNIQUE (lower(a)))").is_empty());
}

#[test]
fn columns_and_references() {
    let found = table(
        "CREATE TABLE IF NOT EXISTS orders (
            id BIGSERIAL PRIMARY KEY,
            ref uuid NOT NULL DEFAULT gen_random_uuid(),
            price numeric(10, 2) NOT NULL DEFAULT 0 CHECK (price >= 0),
            at timestamp with time zone,
            user_id INT NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
            \"Shop\" INT,
            key text,
            FOREIGN KEY (\"Shop\") REFERENCES shops
        )",
        Dialect::Postgres,
    );
    assert!(found.if_not_exists && !found.as_select);
    let column = |name: &str| found.columns.iter().find(|column| column.name == name).cloned();
    assert_eq!(found.columns.len(), 7);
    assert!(column("id").is_some_and(|c| c.primary_key && c.unique && !c.nullable && c.default_generated));
    assert!(column("ref").is_some_and(|c| c.default_generated && !c.unique && c.type_name == "uuid"));
    assert!(column("price").is_some_and(|c| c.has_default && !c.default_generated && c.type_name == "numeric(10,2)"));
    assert!(column("at").is_some_and(|c| c.nullable && c.type_name == "timestamp with time zone"));
    let reference = column("user_id").and_then(|column| column.references);
    assert_eq!(reference.map(|r| (r.table.display(), r.columns, r.delete_cascades)), Some(("users".into(), vec!["id".into()], true)));
    assert_eq!(found.references[0].1.table.display(), "shops");
    assert!(!found.references[0].1.delete_cascades);
    assert!(table("CREATE TABLE t (id INTEGER PRIMARY KEY)", Dialect::Sqlite).columns[0].default_generated);
    assert!(!table("CREATE TABLE t (id INTEGER PRIMARY KEY)", Dialect::Postgres).columns[0].default_generated);
    assert!(table("CREATE TEMP TABLE t (id INTEGER)", Dialect::Postgres).temporary);
}

#[test]
fn tables_from_queries_and_views() {
    let found = one("CREATE TABLE t AS SELECT * FROM s JOIN u ON true");
    assert_eq!(reads(&found), ["s", "u"]);
    assert!(matches!(&found.verb, Verb::CreateTable(definition) if definition.as_select));
    let found = one("CREATE MATERIALIZED VIEW v AS SELECT a, b FROM s");
    assert_eq!((found.verb.clone(), target(&found), reads(&found)), (Verb::CreateView, "v".into(), vec!["s".into()]));
    let found = one("CREATE TABLE t (id INT) WITH (fillfactor = 70)");
    assert!(matches!(&found.verb, Verb::CreateTable(definition) if !definition.as_select && definition.columns.len() == 1));
}

#[test]
fn indexes() {
    let index = |sql: &str| match one(sql).verb {
        Verb::CreateIndex(index) => Some((index.unique, index.columns, index.where_clause)),
        _ => None,
    };
    let name = |name: &str| Some(name.to_string());
    assert_eq!(index("CREATE UNIQUE INDEX i ON t (a, b DESC) WHERE x IS NULL"), Some((true, vec![name("a"), name("b")], true)));
    assert_eq!(index("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (lower(k))"), Some((true, vec![None], false)));
    assert_eq!(index("CREATE INDEX ON t USING btree (k text_pattern_ops)"), Some((false, vec![name("k")], false)));
    let behind = |sql: &str| match one(sql).verb {
        Verb::CreateIndex(index) => index.behind,
        _ => Vec::new(),
    };
    assert_eq!(behind("CREATE UNIQUE INDEX i ON t (a, COALESCE(b, '{}'::jsonb), lower(c) DESC)"), ["b", "c"]);
    assert_eq!(behind("CREATE UNIQUE INDEX i ON t ((true))"), Vec::<String>::new());
    assert_eq!(target(&one("CREATE UNIQUE INDEX i ON public.t (a)")), "t");
    assert_eq!(one("DROP INDEX IF EXISTS i").verb, Verb::DropIndex(Name::Known("i".into())));
}

#[test]
fn changes() {
    let changes = |sql: &str| match one(sql).verb {
        Verb::AlterTable(changes) => changes,
        _ => Vec::new(),
    };
    let unique =
        |name: Option<&str>, primary_key| Change::AddUnique { name: name.map(str::to_string), columns: vec!["k".into()], primary_key };
    assert_eq!(changes("ALTER TABLE t ADD CONSTRAINT c UNIQUE (k)"), [unique(Some("c"), false)]);
    assert_eq!(changes("ALTER TABLE ONLY public.t ADD CONSTRAINT c PRIMARY KEY (k)"), [unique(Some("c"), true)]);
    assert_eq!(changes("ALTER TABLE t ADD UNIQUE INDEX uk (k), DROP COLUMN b"), [unique(None, false), Change::DropColumn("b".into())]);
    assert_eq!(changes("ALTER TABLE t DROP CONSTRAINT IF EXISTS c"), [Change::DropConstraint("c".into())]);
    assert_eq!(changes("ALTER TABLE t RENAME COLUMN a TO b"), [Change::RenameColumn { from: "a".into(), to: "b".into() }]);
    assert_eq!(changes("ALTER TABLE t RENAME TO u"), [Change::RenameTable(Name::Known("u".into()))]);
    assert_eq!(changes("ALTER TABLE t ALTER COLUMN a SET NOT NULL"), [Change::Other]);
    let added = changes("ALTER TABLE t ADD COLUMN IF NOT EXISTS k TEXT UNIQUE, ADD v INT NOT NULL DEFAULT 0");
    assert!(matches!(&added[0], Change::AddColumn(column) if column.unique && column.name == "k"));
    assert!(matches!(&added[1], Change::AddColumn(column) if !column.nullable && column.has_default));
    assert!(matches!(
        &changes("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE")[0],
        Change::AddReference { columns, reference } if columns == &["a".to_string()] && reference.delete_cascades
    ));
    assert_eq!(target(&one("DROP TABLE IF EXISTS a, b CASCADE")), "a");
}
