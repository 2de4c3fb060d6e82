//! The forms of writing, locking and merging that databases know, and what they mean.

use super::*;

const DIALECTS: &[Dialect] = &[Dialect::Generic, Dialect::Postgres, Dialect::MySql, Dialect::Sqlite, Dialect::MsSql];

fn action(sql: &str) -> Option<ConflictAction> {
    one(sql).conflict.map(|conflict| conflict.action)
}

#[test]
fn inserts_say_what_happens_to_a_row_that_is_there() {
    use ConflictAction::{DoNothing, DoUpdate, Ignore, Replace};
    let forms: &[(&str, Option<ConflictAction>, bool)] = &[
        ("INSERT INTO t (a, b) VALUES (1, 2)", None, false),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (lower(a)) DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a COLLATE nocase) DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT ON CONSTRAINT t_pk DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b", Some(DoUpdate), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = 1 ON CONFLICT DO NOTHING", Some(DoUpdate), true),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO SELECT FOR UPDATE RETURNING *", Some(DoNothing), true),
        ("INSERT OR IGNORE INTO t (a, b) VALUES (1, 2)", Some(Ignore), true),
        ("INSERT OR REPLACE INTO t (a, b) VALUES (1, 2)", Some(Replace), true),
        ("INSERT OR ABORT INTO t (a, b) VALUES (1, 2)", None, false),
        ("INSERT OR FAIL INTO t (a, b) VALUES (1, 2)", None, false),
        ("INSERT OR ROLLBACK INTO t (a, b) VALUES (1, 2)", None, false),
        ("INSERT IGNORE INTO t (a, b) VALUES (1, 2)", Some(Ignore), true),
        ("REPLACE INTO t (a, b) VALUES (1, 2)", Some(Replace), true),
        ("UPSERT INTO t (a, b) VALUES (1, 2)", Some(Replace), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(b)", Some(DoUpdate), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE b = new.b", Some(DoUpdate), true),
        ("INSERT INTO t SET a = 1, b = 2 ON DUPLICATE KEY UPDATE b = 2", Some(DoUpdate), true),
        ("INSERT LOW_PRIORITY INTO t SET a = 1, b = 2", None, false),
        ("INSERT INTO t (a, b) SELECT 1, 2 ON CONFLICT DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a) SELECT unnest($1::int[]) ON CONFLICT DO NOTHING", Some(DoNothing), true),
        ("INSERT INTO t (a, b) VALUES (1, 2) IF NOT EXISTS USING TTL 60", Some(DoNothing), true),
        ("INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = x.a + 1", Some(DoUpdate), false),
    ];
    for (sql, expected, idempotent) in forms {
        for dialect in DIALECTS {
            let found = one_in(sql, *dialect);
            assert!(found.inserts() && found.writes(), "{sql}");
            assert_eq!(target(&found), "t", "{sql}");
            assert_eq!(found.conflict.as_ref().map(|conflict| conflict.action), *expected, "{sql} in {dialect:?}");
            assert_eq!(names(&found.columns)[0], "a", "{sql}");
            assert_eq!(found.is_idempotent(), *idempotent, "{sql}");
        }
    }
}

#[test]
fn an_upsert_is_absolute_or_relative() {
    let value = |sql: &str| one(sql).conflict.map(|conflict| conflict.assignments[0].value.clone());
    let relative = Some(AssignedValue::Relative { accumulates: true });
    assert_eq!(value("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b"), Some(AssignedValue::Proposed));
    assert_eq!(value("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = t.b + excluded.b"), relative);
    assert_eq!(value("INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(b)"), Some(AssignedValue::Proposed));
    assert_eq!(value("INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = b + VALUES(b)"), relative);
    assert_eq!(value("INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = x.a + 1"), relative);
    assert_eq!(value("INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) DO UPDATE SET b = ?"), Some(AssignedValue::Placeholder(2)));
}

#[test]
fn the_conflict_target_is_told() {
    let found = one("INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a, b) WHERE c > 0 DO UPDATE SET b = 3 WHERE t.v < 3");
    let Some(conflict) = found.conflict else { return assert!(found.conflict.is_some()) };
    assert_eq!(names(&conflict.target), ["a", "b"]);
    assert!(conflict.conditional);
    let found = one("INSERT INTO t (a) VALUES (1) ON CONFLICT ON CONSTRAINT t_pk DO NOTHING");
    assert_eq!(found.conflict.and_then(|conflict| conflict.constraint), Some(Name::Known("t_pk".into())));
}

#[test]
fn guarded_inserts_are_known() {
    for sql in [
        "INSERT INTO t (a) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = 1)",
        "INSERT INTO t (a) SELECT 1 FROM dual WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = 1)",
        "INSERT INTO t (a) SELECT 1 WHERE (SELECT count(*) FROM t WHERE a = 1) < 3",
    ] {
        let found = one(sql);
        assert!(found.predicate.not_exists, "{sql}");
        assert_eq!(found.source, Some(InsertSource::Select));
        assert_eq!(reads(&found), ["t"], "{sql}");
        assert_eq!(action(sql), None);
    }
    let found = all("IF NOT EXISTS (SELECT 1 FROM t WHERE a = 1) INSERT INTO t (a) VALUES (1)");
    assert_eq!(verbs(&found), ["Select", "Insert"]);
    assert!(found[1].predicate.not_exists);
}

#[test]
fn merges_are_upserts() {
    let sql = "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a \
               WHEN NOT MATCHED THEN INSERT (id, a) VALUES (s.id, s.a)";
    let found = one(sql);
    assert_eq!((found.verb.clone(), target(&found), reads(&found)), (Verb::Merge, "t".into(), vec!["s".into()]));
    assert_eq!(found.assignments[0].value, AssignedValue::Other);
    assert_eq!(action(sql), Some(ConflictAction::DoUpdate));
    assert!(!found.locking.range);
    let found = one("MERGE t WITH (HOLDLOCK) AS x USING s ON x.id = s.id WHEN MATCHED THEN UPDATE SET a = x.a + s.a");
    assert!(found.locking.range);
    assert_eq!(target(&found), "t");
    assert_eq!(found.assignments[0].value, AssignedValue::Relative { accumulates: true });
}

#[test]
fn updates_are_absolute_relative_or_conditional() {
    let values = |sql: &str| one(sql).assignments.into_iter().map(|assignment| assignment.value).collect::<Vec<_>>();
    let adds = AssignedValue::Relative { accumulates: true };
    let keeps = AssignedValue::Relative { accumulates: false };
    assert_eq!(values("UPDATE t SET n = n - ? WHERE id = ?"), vec![adds.clone()]);
    assert_eq!(values("UPDATE t SET n += 1 WHERE id = 1"), vec![adds.clone()]);
    assert_eq!(values("UPDATE t SET t.n = t.n + 1"), vec![adds.clone()]);
    assert_eq!(values("UPDATE t AS x SET n = x.n + 1"), vec![adds.clone()]);
    assert_eq!(values("UPDATE t SET n = s.n + 1 FROM s WHERE s.id = t.id"), [AssignedValue::Other]);
    assert_eq!(values("UPDATE t SET a = COALESCE(a, now()), b = GREATEST(b, 3)"), [keeps.clone(), keeps.clone()]);
    assert_eq!(values("UPDATE t SET a = COALESCE(a, 0) + 1, b = b || 'x'"), [adds.clone(), adds.clone()]);
    assert_eq!(values("UPDATE t SET a = CASE WHEN a > 3 THEN 3 ELSE a END"), vec![keeps.clone()]);
    assert_eq!(values("UPDATE t SET d = d || '{\"k\": 1}'::jsonb"), [keeps]);
    assert_eq!(values("UPDATE t SET d = array_append(d, 1), e = NOT e"), [adds.clone(), adds]);
    assert_eq!(
        values("UPDATE t SET a = %s, b = 'x', c = NULL, d = now()"),
        [AssignedValue::Placeholder(0), AssignedValue::Constant("x".into()), AssignedValue::Null, AssignedValue::Other]
    );
    assert_eq!(values("UPDATE t SET (a, b) = (1, ?)")[1], AssignedValue::Placeholder(0));
    assert_eq!(one("UPDATE t SET a = ? * 2 WHERE id = ?").assignments[0].placeholders, [0]);

    let found = one("UPDATE t SET qty = ?, version = version + 1 WHERE id = ? AND version = ?");
    assert_eq!(conditions(&found), [("id".into(), Op::Eq), ("version".into(), Op::Eq)]);
    assert_eq!(found.predicate.conditions[1].value, Value::Placeholder(2));
    let found = one("UPDATE t SET s = 'run' WHERE id = :id AND (s = 'new' OR s = 'old') AND x IS NULL AND y > 3 AND z IN (1, 2)");
    assert!(found.predicate.disjunction && found.predicate.has_where);
    let expected = [("id", Op::Eq), ("s", Op::Other), ("s", Op::Other), ("x", Op::IsNull), ("y", Op::Compare), ("z", Op::In)];
    assert_eq!(conditions(&found), expected.map(|(name, op)| (name.to_string(), op)));
    assert!(one("UPDATE t SET a = 1 WHERE id = 1 IF v = 3").predicate.compare_and_set);
}

#[test]
fn the_written_table_is_found_behind_aliases_and_joins() {
    assert_eq!(target(&one("UPDATE p SET n = 1 FROM products p WHERE p.id = 1")), "products");
    assert_eq!(target(&one("UPDATE a JOIN b ON a.id = b.id SET b.n = 1")), "b");
    assert_eq!(target(&one_in("DELETE p FROM products p JOIN s ON s.id = p.id", Dialect::MySql)), "products");
    assert_eq!(target(&one("UPDATE TOP (1) t SET a = 1")), "t");
    assert!(one("UPDATE TOP (1) t SET a = 1").limit);
    assert_eq!(target(&one("DELETE FROM ONLY public.t USING s WHERE t.id = s.id")), "t");
    assert_eq!(target(&one("ALTER TABLE t UPDATE a = 1 WHERE id = ?")), "t");
    assert_eq!(one("ALTER TABLE t DELETE WHERE id = ?").verb, Verb::Delete);
}

#[test]
fn claims_are_one_statement() {
    let found = one("UPDATE jobs SET state = 'run', owner = $1 WHERE id = (SELECT id FROM jobs WHERE state = 'new' \
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *");
    assert!(found.locking.for_update && found.locking.skip_locked && found.returning && found.limit && found.order_by);
    assert_eq!(found.predicate.conditions[0].value, Value::Subquery);
    let found = one("WITH c AS (SELECT id FROM jobs WHERE s = 'p' LIMIT 1 FOR UPDATE SKIP LOCKED) \
         UPDATE jobs SET s = 'r' FROM c WHERE jobs.id = c.id RETURNING jobs.*");
    assert_eq!((found.verb.clone(), target(&found), reads(&found)), (Verb::Update, "jobs".into(), vec!["jobs".into()]));
    assert!(found.locking.skip_locked);
}

#[test]
fn row_locks_of_every_dialect() {
    let locking = |sql: &str| {
        let locking = one(sql).locking;
        (locking.for_update, locking.for_share, locking.skip_locked, locking.nowait, locking.range)
    };
    assert_eq!(locking("SELECT * FROM t WHERE id = 1"), (false, false, false, false, false));
    assert_eq!(locking("SELECT * FROM t WHERE id = 1 FOR UPDATE"), (true, false, false, false, false));
    assert_eq!(locking("SELECT * FROM t WHERE id = 1 FOR NO KEY UPDATE"), (true, false, false, false, false));
    assert_eq!(locking("SELECT * FROM t FOR UPDATE OF t, u SKIP LOCKED"), (true, false, true, false, false));
    assert_eq!(locking("SELECT * FROM t FOR SHARE NOWAIT"), (false, true, false, true, false));
    assert_eq!(locking("SELECT * FROM t FOR KEY SHARE"), (false, true, false, false, false));
    assert_eq!(locking("SELECT * FROM t LOCK IN SHARE MODE"), (false, true, false, false, false));
    assert_eq!(locking("SELECT * FROM t WITH (UPDLOCK, HOLDLOCK, READPAST)"), (true, false, true, false, true));
    assert_eq!(one("SELECT * FROM t FOR UPDATE WAIT 5").locking.wait, Some(5));
}

#[test]
fn writing_ctes_are_statements_of_their_own() {
    let found = all("WITH x AS (INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM x");
    assert_eq!(verbs(&found), ["Select", "Insert"]);
    assert!(!found[0].inner && found[1].inner);
    assert_eq!(reads(&found[0]), Vec::<String>::new());
    let found = all("WITH up AS (UPDATE t SET a = 1 RETURNING *) INSERT INTO u (a) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM up)");
    assert_eq!(verbs(&found), ["Insert", "Update"]);
    assert_eq!((target(&found[0]), target(&found[1])), ("u".into(), "t".into()));
    assert!(found[0].predicate.not_exists);
}

#[test]
fn queries_say_what_they_ask() {
    let found = one("SELECT COALESCE(MAX(seq), 0) + 1 FROM runs WHERE job = %s");
    assert_eq!(found.aggregate, Some(Aggregate::Max));
    assert_eq!(found.rows, RowCount::One);
    let found = one("SELECT EXISTS (SELECT 1 FROM t WHERE email = :email)");
    assert_eq!((target(&found), conditions(&found)), ("t".into(), vec![("email".into(), Op::Eq)]));
    let found = one("SELECT a.id, b.name FROM a JOIN b ON a.id = b.id LEFT JOIN (SELECT * FROM c) d ON true WHERE a.k = 1");
    assert_eq!(reads(&found), ["a", "b", "c"]);
    assert_eq!(found.predicate.conditions[0].qualifier, Some(Name::Known("a".into())));
    assert_eq!(one("SELECT * FROM t LIMIT 1").rows, RowCount::One);
    assert_eq!(one("SELECT * FROM t").rows, RowCount::Many);
    assert_eq!(one("SELECT count(*) FROM t").aggregate, Some(Aggregate::Count));
    assert_eq!(one("SELECT rank() OVER (ORDER BY a), max(b) OVER () FROM t").aggregate, None);
    assert_eq!(reads(&one("SELECT * FROM generate_series(1, 3)")), Vec::<String>::new());
    let found = one("INSERT INTO t (n) VALUES ((SELECT max(n) + 1 FROM t))");
    assert_eq!((found.aggregate, reads(&found)), (Some(Aggregate::Max), vec!["t".to_string()]));
}

#[test]
fn rows_are_counted() {
    let rows = |sql: &str| one(sql).rows;
    assert_eq!(rows("INSERT INTO t (a) VALUES (1)"), RowCount::One);
    assert_eq!(rows("INSERT INTO t (a) VALUES (1), (2)"), RowCount::Many);
    assert_eq!(rows("INSERT INTO t (a) VALUES %s"), RowCount::Many);
    assert_eq!(rows("INSERT INTO t (a) VALUES {rows}"), RowCount::Unknown);
    assert_eq!(rows("INSERT INTO t DEFAULT VALUES"), RowCount::One);
    assert_eq!(rows("INSERT INTO t (a) SELECT unnest($1::int[])"), RowCount::Many);
    assert_eq!(rows("DELETE FROM t"), RowCount::Many);
    assert_eq!(one("INSERT INTO t DEFAULT VALUES").source, Some(InsertSource::Default));
}

#[test]
fn advisory_locks_and_calls_keep_their_arguments() {
    let found = one("SELECT pg_try_advisory_xact_lock(hashtext('stock:' || %s))");
    assert_eq!(calls(&found), ["pg_try_advisory_xact_lock", "hashtext"]);
    let expected = Value::Pattern(vec![Piece::Literal("stock:".into()), Piece::Hole(Placeholder::Positional(0))]);
    assert_eq!(found.functions[1].args[0].value, expected);
    assert_eq!(found.functions[0].args[0].value, Value::Call { name: "hashtext".into(), args: vec![expected] });
    let found = one("SELECT GET_LOCK('stock', 10)");
    assert_eq!(found.functions[0].args[1].value, Value::Text("10".into()));
    let found = one("SELECT pg_advisory_lock(1, $1) FROM t WHERE id = 1");
    assert_eq!(found.functions[0].args[1].value, Value::Placeholder(0));
    let found = one("EXEC sp_getapplock @Resource = 'stock', @LockMode = 'Exclusive', @LockTimeout = 5000, @x = @y OUTPUT");
    assert_eq!(found.verb, Verb::Call { procedure: Name::Known("sp_getapplock".into()) });
    assert_eq!(found.functions[0].args[0], Argument { name: Some("resource".into()), value: Value::Text("stock".into()) });
    assert_eq!(found.functions[0].args[2].value, Value::Text("5000".into()));
    assert_eq!(calls(&one("SELECT * FROM pg_try_advisory_lock(1)")), ["pg_try_advisory_lock"]);
}

#[test]
fn transactions_and_settings() {
    let verb = |sql: &str| one(sql).verb;
    let begin = |mode, isolation| Verb::Begin { mode, isolation };
    assert_eq!(verb("BEGIN"), begin(None, None));
    assert_eq!(verb("BEGIN TRAN"), begin(None, None));
    assert_eq!(verb("BEGIN IMMEDIATE"), begin(Some(BeginMode::Immediate), None));
    assert_eq!(verb("BEGIN EXCLUSIVE TRANSACTION"), begin(Some(BeginMode::Exclusive), None));
    assert_eq!(verb("BEGIN CONCURRENT"), begin(Some(BeginMode::Concurrent), None));
    assert_eq!(verb("START TRANSACTION ISOLATION LEVEL REPEATABLE READ"), begin(None, Some(Isolation::RepeatableRead)));
    assert_eq!(verb("START TRANSACTION WITH CONSISTENT SNAPSHOT"), begin(None, None));
    assert_eq!(verb("COMMIT"), Verb::Commit);
    assert_eq!(verb("END"), Verb::Commit);
    assert_eq!(verb("ROLLBACK TO SAVEPOINT a"), Verb::Rollback { to_savepoint: true });
    assert_eq!(verb("SAVEPOINT a"), Verb::Savepoint);
    let isolation = |level, session| Verb::SetIsolation { level, session };
    assert_eq!(verb("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), isolation(Isolation::Serializable, false));
    assert_eq!(verb("SET TRANSACTION ISOLATION LEVEL SNAPSHOT"), isolation(Isolation::Snapshot, false));
    assert_eq!(
        verb("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"),
        isolation(Isolation::ReadCommitted, true)
    );
    assert_eq!(verb("SET default_transaction_isolation = 'serializable'"), isolation(Isolation::Serializable, true));
    let timeout = |name: &str, value: &str, local| Verb::SetLockTimeout { name: name.into(), value: Value::Text(value.into()), local };
    assert_eq!(verb("SET LOCAL lock_timeout = '2s'"), timeout("lock_timeout", "2s", true));
    assert_eq!(verb("SET lock_timeout TO '2s'"), timeout("lock_timeout", "2s", false));
    assert_eq!(verb("SET LOCK_TIMEOUT 5000"), timeout("lock_timeout", "5000", false));
    assert_eq!(verb("SET SESSION innodb_lock_wait_timeout = 5"), timeout("innodb_lock_wait_timeout", "5", false));
    assert_eq!(verb("SET @@session.innodb_lock_wait_timeout = 5"), timeout("innodb_lock_wait_timeout", "5", false));
    assert_eq!(verb("PRAGMA busy_timeout = 5000"), timeout("busy_timeout", "5000", false));
    assert_eq!(verb("ALTER ROLE app SET lock_timeout = '5s'"), timeout("lock_timeout", "5s", false));
    assert_eq!(verb("PRAGMA journal_mode=WAL"), Verb::Pragma { name: "journal_mode".into(), value: Some("wal".into()) });
    assert_eq!(verb("LISTEN ch"), Verb::Listen { channel: Name::Known("ch".into()) });
    assert_eq!(verb("NOTIFY ch, 'x'"), Verb::Notify { channel: Name::Known("ch".into()) });
    let locked = one("LOCK TABLE a, b IN ACCESS EXCLUSIVE MODE NOWAIT");
    assert_eq!(locked.verb, Verb::LockTable { mode: Some("access exclusive".into()), nowait: true, session: false });
    assert_eq!(reads(&locked), ["a", "b"]);
    let locked = one("LOCK TABLES a WRITE, b READ");
    assert!(matches!(locked.verb, Verb::LockTable { session: true, .. }));
    assert_eq!(verb("UNLOCK TABLES"), Verb::UnlockTables);
}

#[test]
fn names_are_normalised() {
    for (sql, expected) in [
        ("INSERT INTO Public.Items (a) VALUES (1)", "items"),
        ("INSERT INTO \"Items\" (a) VALUES (1)", "Items"),
        ("INSERT INTO `Items` (a) VALUES (1)", "items"),
        ("INSERT INTO [dbo].[Items] ([a]) VALUES (1)", "items"),
        ("INSERT INTO shop.items (a) VALUES (1)", "shop.items"),
        ("INSERT INTO db..items (a) VALUES (1)", "db.items"),
    ] {
        let found = one(sql);
        assert_eq!((target(&found).as_str(), names(&found.columns)[0].as_str()), (expected, "a"), "{sql}");
    }
}

#[test]
fn what_may_run_twice() {
    for (sql, expected) in [
        ("UPDATE t SET a = ? WHERE id = ?", true),
        ("UPDATE t SET n = n + 1 WHERE id = ?", false),
        ("UPDATE t SET n = n - 1 WHERE id = ? AND n >= 1", false),
        ("UPDATE t SET a = ?, version = version + 1 WHERE id = ? AND version = ?", true),
        ("UPDATE t SET state = 'done', n = n + 1 WHERE id = ? AND state = 'new'", true),
        ("UPDATE t SET state = 'new', n = n + 1 WHERE id = ? AND state = 'new'", false),
        ("UPDATE t SET a = COALESCE(a, ?)", true),
        ("UPDATE t SET s = 'r' WHERE id = (SELECT id FROM t WHERE s = 'n' LIMIT 1 FOR UPDATE SKIP LOCKED)", false),
        ("DELETE FROM t WHERE id = ?", true),
        ("TRUNCATE t", true),
        ("COPY t FROM STDIN", false),
        ("INSERT INTO t (a) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = 1)", true),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = s.a", true),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = t.a + s.a", false),
        ("SELECT 1", true),
    ] {
        assert_eq!(one(sql).is_idempotent(), expected, "{sql}");
    }
}
