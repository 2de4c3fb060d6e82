//! Locks as values: what a lock excludes, when it expires, how long a caller waits for it.

use super::{Kind, LibraryValue, Owner, Program, Template, argument};
use crate::facts::Name;
use crate::knowledge::vocabulary::{LockScope, PackLanguage, Row, Unit};
use crate::source::Site;
use std::rc::Rc;

/// How many calls that build a command are looked through for a time.
const BUILT: usize = 4;

/// A lock as it is used at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct LockUse {
    /// Its name or key.
    pub name: Template,
    /// The store that holds it: `redis`, `postgres`, `memory`, `file`.
    pub store: Name,
    /// Whom it excludes.
    pub scope: LockScope,
    /// When it expires by itself.
    pub ttl: Ttl,
    /// How long a caller waits.
    pub wait: Wait,
    /// It ends with its session, process or file handle.
    pub session: bool,
    /// Releasing compares the owner.
    pub owner_checked: bool,
    /// Where the open file was made on which it was taken: it ends where that is closed.
    pub handle: Option<Site>,
    /// A value holds it: dropping that gives it back.
    pub guard: bool,
    /// The holder may take it again.
    pub reentrant: bool,
    /// A refusal is told by the result.
    pub refusal_returned: bool,
    /// A refusal is told by nothing: what follows runs without the lock.
    pub refusal_ignored: bool,
    /// Something extends its life while it is held.
    pub renewed: bool,
    /// Whose it is.
    pub owner: Owner,
    /// The library call or the project's own method.
    pub api: Name,
    /// Where the lock value was made.
    pub made: Option<Site>,
    /// It is handed out by a class of the project.
    pub own: bool,
    /// A semaphore of more than one permit excludes nobody.
    pub permits: Option<i64>,
    /// It ends with the transaction in which it was taken.
    pub of_transaction: bool,
}

/// When a lock expires by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Ttl {
    /// Never.
    Never,
    /// After what this value says, in units of this many seconds.
    After(Kind, f64),
    /// It expires, when is not known.
    Some,
}

/// How long a caller waits for a lock.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// Not at all.
    Not,
    /// For ever.
    Forever,
    /// A limited time; seconds where known.
    Limited(Option<f64>),
}

impl Program<'_> {
    /// The lock that a row makes or takes.
    pub fn lock_use(
        &self,
        row: &Row,
        receiver: Option<&Rc<LibraryValue>>,
        args: &[(Option<Name>, Kind)],
        api: &str,
        site: Site,
    ) -> LockUse {
        let place = row.lock.as_deref().or(row.resource.as_deref());
        let named = place.and_then(|p| self.place_text(p, receiver, args)).or_else(|| receiver.and_then(|r| r.identity.clone()));
        let store = row.store.clone().or_else(|| receiver.and_then(|r| self.knowledge.store_of(r.ty)).map(str::to_string));
        // Of a lock that was made out of sight, its type says whom it excludes, and nobody how long it lives.
        let made = receiver.filter(|_| row.scope.is_none()).and_then(|r| self.knowledge.construct(r.ty)).map(|f| f.row);
        let scope = row.scope.or_else(|| made.and_then(|m| m.scope)).unwrap_or(LockScope::Process);
        let unseen = made.filter(|m| m.scope.is_some());
        LockUse {
            // A lock without a name of its own is told apart by where it is made.
            name: named.unwrap_or_default(),
            store: store.unwrap_or_default().into(),
            scope,
            ttl: match self.ttl(row, receiver, args, site) {
                Ttl::Never if unseen.is_some_and(|m| m.ttl.is_some()) => Ttl::Some,
                ttl => ttl,
            },
            wait: match self.wait(row, args) {
                Wait::Forever if unseen.is_some_and(|m| m.wait.is_some()) => Wait::Limited(None),
                wait => wait,
            },
            session: row.session,
            owner_checked: row.owner_checked,
            handle: None,
            guard: row.guard,
            reentrant: row.reentrant,
            refusal_returned: row.refusal_returned,
            refusal_ignored: row.refusal_ignored,
            renewed: self.renewed(row, args),
            owner: if scope == LockScope::Process || unseen.is_some() { Owner::Unknown } else { Owner::Shared },
            api: api.into(),
            made: Some(site),
            own: false,
            permits: match (row.permits.as_deref(), made.and_then(|m| m.permits.as_ref())) {
                (Some(place), _) => Some(argument(place, args).map_or(1, |k| k.number().map_or(i64::MAX, |n| n as i64))),
                // How many it lets in was said where it was made.
                (None, unseen) => unseen.map(|_| i64::MAX),
            },
            of_transaction: false,
        }
    }

    fn ttl(&self, row: &Row, receiver: Option<&Rc<LibraryValue>>, args: &[(Option<Name>, Kind)], site: Site) -> Ttl {
        let unit = row.ttl_unit.in_seconds();
        let given = match (row.ttl.as_deref(), receiver) {
            // `cmd("SET").arg(key).arg(token).arg("NX").arg("PX").arg(5000)`: the time that it was built with.
            (Some("receiver"), Some(built)) => built_time(built),
            (place, _) => match place.and_then(|p| argument(p, args)) {
                Some(Kind::Library(options)) if self.language_at(site) == PackLanguage::Rust => built_time(options),
                given => given,
            },
        };
        match given {
            Some(Kind::Null) => Ttl::Never,
            Some(kind) if kind.number().is_some_and(|n| n <= 0.0) => Ttl::Never,
            Some(kind) => Ttl::After(kind.clone(), unit),
            None => match row.ttl_default {
                Some(seconds) => Ttl::After(Kind::Float(seconds), 1.0),
                None => Ttl::Never,
            },
        }
    }

    /// Whether the library itself extends the lock's life while it is held.
    fn renewed(&self, row: &Row, args: &[(Option<Name>, Kind)]) -> bool {
        let by_argument = |p: &str| argument(p, args).is_some_and(|k| !k.is_falsy());
        row.renewed || row.renewed_with.iter().any(|p| by_argument(p))
    }

    /// How long a row's call waits.
    pub fn wait(&self, row: &Row, args: &[(Option<Name>, Kind)]) -> Wait {
        if let Some(Kind::Bool(false) | Kind::Int(0)) = row.blocking.as_deref().and_then(|p| argument(p, args)) {
            return Wait::Not;
        }
        let given = row.wait.as_deref().and_then(|p| argument(p, args));
        let seconds = |unit: Unit, kind: &Kind| match kind {
            Kind::Lookup(table) => table.0.number().map(|n| n * unit.in_seconds()),
            kind => kind.number().map(|n| n * unit.in_seconds()),
        };
        match given {
            Some(Kind::Null) => Wait::Forever,
            Some(kind) => match seconds(row.wait_unit, kind) {
                Some(n) if n < 0.0 => Wait::Forever,
                Some(0.0) => Wait::Not,
                known => Wait::Limited(known),
            },
            None => match self.variant(row, args).and_then(|v| v.wait_default).or(row.wait_default) {
                None => Wait::Forever,
                Some(0.0) => Wait::Not,
                Some(n) => Wait::Limited(Some(n)),
            },
        }
    }
}

/// The time that a command or its options were built with: what its calls were given that is no word and no name.
fn built_time(built: &Rc<LibraryValue>) -> Option<&Kind> {
    let is_time = |kind: &&Kind| !matches!(kind, Kind::Text(_) | Kind::External(_) | Kind::Bool(_) | Kind::Null);
    let calls = std::iter::successors(Some(built), |value| value.parent.as_ref()).take(BUILT);
    calls.filter_map(|call| call.args.first().map(|(_, given)| given)).find(is_time)
}
