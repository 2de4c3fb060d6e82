//! What statements do.

use super::name::Name;
use super::statement::{Statement, Value};
use super::table::{Change, IndexDefinition, TableDefinition};

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// SELECT, VALUES, or a procedural expression that reads.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// REPLACE INTO.
    Replace,
    /// UPSERT INTO.
    Upsert,
    /// MERGE INTO.
    Merge,
    /// CREATE TABLE.
    CreateTable(TableDefinition),
    /// CREATE VIEW; its query is in `reads`.
    CreateView,
    /// CREATE INDEX.
    CreateIndex(IndexDefinition),
    /// ALTER TABLE.
    AlterTable(Vec<Change>),
    /// DROP TABLE; `table` is the first one, `reads` the others.
    DropTable,
    /// DROP INDEX by name.
    DropIndex(Name),
    /// TRUNCATE.
    Truncate,
    /// BEGIN, START TRANSACTION.
    Begin {
        /// SQLite's kind.
        mode: Option<BeginMode>,
        /// The level, where it says one.
        isolation: Option<Isolation>,
    },
    /// COMMIT, END.
    Commit,
    /// ROLLBACK.
    Rollback {
        /// Back to a savepoint only.
        to_savepoint: bool,
    },
    /// SAVEPOINT.
    Savepoint,
    /// RELEASE SAVEPOINT.
    ReleaseSavepoint,
    /// SET TRANSACTION ISOLATION LEVEL and the settings that mean it.
    SetIsolation {
        /// The level.
        level: Isolation,
        /// For the session, not for this transaction only.
        session: bool,
    },
    /// A setting that bounds a wait for a lock: `lock_timeout`, `innodb_lock_wait_timeout`, `busy_timeout`.
    SetLockTimeout {
        /// The setting.
        name: String,
        /// Its value as written.
        value: Value,
        /// Ends with the transaction (SET LOCAL).
        local: bool,
    },
    /// Any other SET.
    Set {
        /// The setting.
        name: String,
        /// Its value as written.
        value: Value,
    },
    /// LOCK TABLE; the first table is `table`, all are in `reads`.
    LockTable {
        /// The mode as written.
        mode: Option<String>,
        /// Fails instead of waiting.
        nowait: bool,
        /// MySQL's LOCK TABLES: held until UNLOCK TABLES, not until the transaction's end.
        session: bool,
    },
    /// UNLOCK TABLES.
    UnlockTables,
    /// NOTIFY.
    Notify {
        /// The channel.
        channel: Name,
    },
    /// LISTEN.
    Listen {
        /// The channel.
        channel: Name,
    },
    /// UNLISTEN.
    Unlisten,
    /// CALL, EXEC; its arguments are in `functions`.
    Call {
        /// The procedure.
        procedure: Name,
    },
    /// CREATE FUNCTION, PROCEDURE, TRIGGER, EVENT.
    CreateRoutine {
        /// Which of them.
        kind: RoutineKind,
        /// Its name.
        name: Name,
        /// The statements of its body.
        body: Vec<Statement>,
    },
    /// DO: an anonymous body.
    Block {
        /// Its statements.
        body: Vec<Statement>,
    },
    /// PRAGMA.
    Pragma {
        /// Which.
        name: String,
        /// Its value as written.
        value: Option<String>,
    },
    /// COPY or LOAD DATA.
    Copy {
        /// Rows go into the table.
        into_table: bool,
    },
    /// Anything else.
    Other,
}

/// What kind of routine is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutineKind {
    /// Called in expressions.
    Function,
    /// Called by CALL or EXEC.
    Procedure,
    /// Runs by itself when its table is written; the statement's `table` is that table.
    Trigger,
    /// Runs by itself at a time.
    Event,
}

/// How SQLite begins a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginMode {
    /// Locks at the first write; the default.
    Deferred,
    /// Takes the write lock at once.
    Immediate,
    /// Keeps readers out too.
    Exclusive,
    /// Optimistic.
    Concurrent,
}

/// Isolation levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isolation {
    /// READ UNCOMMITTED.
    ReadUncommitted,
    /// READ COMMITTED.
    ReadCommitted,
    /// REPEATABLE READ.
    RepeatableRead,
    /// SNAPSHOT.
    Snapshot,
    /// SERIALIZABLE.
    Serializable,
}
