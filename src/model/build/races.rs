//! Pairing reads with the writes that depend on them, and asking what protects the pair.

use super::alike::Values;
use super::doubts::Halves;
use super::records::Records;
use super::schema::{Added, Schema};
use super::{Doing, Input, Run, accesses, frames, join, locks, taken, variables};
use crate::effects::{Access, Call, Check, Column, Context, Dep, Fixed, Held, Item, Operation, Sorts, Told, VARIABLE, Visit};
use crate::facts::Name;
use crate::knowledge::vocabulary::LockScope;
use crate::link::{FunctionRef, Kind, Template};
use crate::model::{ActorId, Dependence, Model, Race, ResourceId};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::rc::Rc;

/// Of how many columns a row is still a few values, each in a variable of its own; of more it is a struct.
const VALUES: usize = 3;

/// Where it is not told on which column of a record something depends.
const UNTOLD: [Column; 2] = [Column::WHOLE, Column::THERE];

/// Collect the races that nothing protects.
pub(super) fn collect(input: &Input, doings: &[Doing], schema: &Schema, model: &mut Model) {
    let mut races: Vec<Race> = Vec::new();
    let mut known: FxHashMap<(ResourceId, Site, Site, Dependence, bool), usize> = FxHashMap::default();
    let values = Values::of(doings);
    let taken = taken_where_read(doings);
    let behind = Behind::default();
    for doing in doings {
        for (run, pair) in doing.runs.iter().flat_map(|run| pairs(&run.visits, &behind).into_iter().map(move |pair| (run, pair))) {
            let pair = pair.by_columns(input);
            if pair.dependence == Dependence::Existence && taken.contains(&pair.read.own.site) {
                continue;
            }
            let Some(race) = race(input, (doing.actor, run), &pair, &values, schema, model) else { continue };
            // Where one way catches what refuses the second of two, another may not.
            let key = (race.resource, race.read, race.write, race.dependence, race.handled);
            match known.get(&key) {
                Some(at) => {
                    let known = &mut races[*at];
                    // Where one of its ways waits in between, an actor does.
                    if !race.in_one_turn.is_empty() && !known.actors.contains(&doing.actor) {
                        join(&mut known.in_one_turn, doing.actor);
                    } else if race.in_one_turn.is_empty() {
                        known.in_one_turn.retain(|actor| *actor != doing.actor);
                    }
                    join(&mut known.actors, doing.actor);
                }
                None => {
                    known.insert(key, races.len());
                    races.push(race);
                }
            }
        }
    }
    races.sort_by_key(|r| (r.write, r.read, r.dependence, r.handled));
    model.races = one_for_each_write(nearest_to_the_write(without_what_follows_a_claim(races)));
}

/// Where rows are read and locked that are marked as taken before the lock ends: nobody else gets them from that read, whatever is
/// done with them later.
fn taken_where_read(doings: &[Doing]) -> FxHashSet<Site> {
    let mut found = FxHashSet::default();
    let visits = doings.iter().flat_map(|doing| &doing.runs).flat_map(|run| run.visits.iter());
    for visit in visits.filter(|visit| visit.has(Sorts::WRITE)) {
        for item in visit.own().iter() {
            let Some(write) = item.access().filter(|a| a.operation == Operation::Update) else { continue };
            let locked = |table: &Template| item.contexts.iter().any(|c| matches!(&c.held, Held::Rows(rows) if rows == table));
            if !write.name.as_ref().is_some_and(locked) {
                continue;
            }
            let deciding = item.control.iter().map(|(dep, _)| dep).chain(item.data.iter());
            let reads = deciding.filter_map(|dep| visit.behind(dep)).filter(|read| {
                let from = read.access().filter(|a| a.locks_rows && a.name == write.name);
                from.is_some_and(|from| write.columns.iter().any(|column| from.keys.contains(column)))
            });
            found.extend(reads.map(|read| read.site));
        }
    }
    found
}

/// Records that are claimed where they are read are worked on afterwards: where the claim can be doubled, all that follows can,
/// and the claim is the cause.
fn without_what_follows_a_claim(races: Vec<Race>) -> Vec<Race> {
    let claims: Vec<(ResourceId, Site, Site)> = races.iter().filter(|r| r.claims).map(|r| (r.resource, r.read, r.write)).collect();
    let follows = |race: &Race| {
        claims.iter().any(|(resource, read, write)| {
            let at = |site: &Site| race.ways.iter().position(|way| way == site);
            // Further out than the function that claims, or further down in it.
            let behind = match (at(&race.read), at(read)) {
                (Some(own), Some(claimed)) if own == claimed => write.file == race.write.file && write.span.start < race.write.span.start,
                (Some(own), Some(claimed)) => own < claimed,
                _ => false,
            };
            // A record that is added is none of those that were claimed.
            *resource == race.resource && *write != race.write && behind && race.operation != Operation::Insert.word()
        })
    };
    races.into_iter().filter(|r| !follows(r)).collect()
}

/// The places through which a read is reached, its own included.
fn ways(read: &Item) -> Vec<Site> {
    read.way().map(|(_, site)| site).collect()
}

/// What is written where: one call runs as many statements as helpers give it.
type Written = (Site, ResourceId, &'static str, Vec<String>);

fn written(race: &Race) -> Written {
    (race.write_access, race.resource, race.operation, race.columns.clone())
}

/// A helper that reads and writes is the cause by itself, whoever read the same before calling it: of the pairs that end in
/// one write, those whose halves meet furthest from it go, and their actors join the nearest. What depends by data says more
/// than what depends by condition, however near that is.
fn nearest_to_the_write(races: Vec<Race>) -> Vec<Race> {
    let mut nearest: FxHashMap<(Written, bool), u8> = FxHashMap::default();
    for race in &races {
        let by_data = race.dependence == Dependence::Data;
        let at = nearest.entry((written(race), by_data)).or_insert(race.distance);
        *at = race.distance.min(*at);
    }
    let mut kept: Vec<Race> = Vec::with_capacity(races.len());
    let mut joining: Vec<(Written, Vec<ActorId>)> = Vec::new();
    for race in races {
        let least = |by_data| nearest.get(&(written(&race), by_data)).copied();
        let near = match race.dependence {
            Dependence::Data => least(true),
            _ => least(true).into_iter().chain(least(false)).min(),
        };
        match near {
            Some(near) if near < race.distance => joining.push((written(&race), race.actors)),
            _ => kept.push(race),
        }
    }
    for (write, actors) in joining {
        for race in kept.iter_mut().filter(|r| written(r) == write) {
            race.actors.extend(&actors);
            race.actors.sort();
            race.actors.dedup();
        }
    }
    kept
}

/// One write and one resource is one fault, and so are the columns of a record that are set one after the other: dependence
/// by data says more than by condition.
fn one_for_each_write(races: Vec<Race>) -> Vec<Race> {
    let mut kept: Vec<Race> = Vec::new();
    let sets = |race: &Race| [Operation::Update, Operation::Put].iter().any(|o| race.operation == o.word());
    for race in races {
        let same = |k: &&mut Race| {
            let set = sets(k) && sets(&race) && k.read == race.read && k.function == race.function;
            k.resource == race.resource && (k.write == race.write || set)
        };
        match kept.iter_mut().find(same) {
            Some(before) if says_more(&race, before) => *before = race,
            Some(_) => {}
            None => kept.push(race),
        }
    }
    kept
}

/// Whether a read tells more of what is wrong with a write than another one does: what it is made of, what was found to be
/// missing, and of several that decide the last that was asked.
fn says_more(race: &Race, known: &Race) -> bool {
    let first = |r: &Race| (r.dependence, r.inferred, !r.absence);
    let later = race.write == known.write && race.read.file == known.read.file && race.read > known.read;
    first(race) < first(known) || first(race) == first(known) && later && race.dependence != Dependence::Data
}

/// A write and a read that it depends on.
pub(super) struct Pair<'v> {
    /// The read.
    pub read: Told<'v>,
    /// The write.
    pub write: Told<'v>,
    /// How it depends on it.
    pub dependence: Dependence,
    /// The columns of the record read that it depends on.
    columns: Vec<Column>,
    /// It was asked for being missing.
    absence: bool,
    /// A change of the same that only one can make let the write through.
    claimed: bool,
    /// Something was waited for between the two.
    pub waited: bool,
}

impl Pair<'_> {
    /// The same with the parts of a row by the table's columns: in Rust a field that is called like none may be made of any.
    fn by_columns(mut self, input: &Input) -> Self {
        if input.effects.program.is_rust(self.read.own.function.module)
            && let Some(from) = self.read.access()
        {
            self.columns.iter_mut().for_each(|part| *part = of_table(*part, from));
        }
        self
    }

    /// Whether what hangs on this column may hang on what it depends on.
    fn asks(&self, column: Column) -> bool {
        self.columns.iter().any(|part| UNTOLD.contains(part) || *part == column) || UNTOLD.contains(&column)
    }

    /// Whether one of these columns may be among those whose values it holds.
    fn holds(&self, is_one: impl Fn(Column) -> bool) -> bool {
        self.columns.iter().any(|column| *column == Column::WHOLE || is_one(*column))
    }

    /// Whether one of these columns may be among those it depends on.
    fn on(&self, is_one: impl Fn(Column) -> bool) -> bool {
        self.columns.iter().any(|column| UNTOLD.contains(column) || is_one(*column))
    }

    /// Whether this column may have decided. Of a row that went as a whole into something, nobody knows what was asked of it; of one
    /// that a query's text made, the query says what it holds.
    fn decides_by(&self, column: &str, from: &Access, rust: bool) -> bool {
        let selected = |c: &Name| c == "*" || c.eq_ignore_ascii_case(column);
        // Statements that are built by calls in Rust say nothing of columns.
        let whole = || from.aggregate || from.columns.iter().any(selected) || rust && from.columns.is_empty();
        self.columns.iter().any(|part| *part == Column::named(column) || UNTOLD.contains(part) && whole())
    }
}

/// Every write with each read that it depends on, in the innermost function that has both.
fn pairs<'v>(visits: &'v [Visit], behind: &Behind) -> Vec<Pair<'v>> {
    let mut found = Vec::new();
    for visit in visits.iter().filter(|visit| visit.has(Sorts::WRITE)) {
        found.extend(taken::pairs(visit).into_iter().filter_map(|(read, write)| {
            let (read, write) = (visit.item(read)?, visit.item(write)?);
            Some(Pair {
                read,
                write,
                dependence: Dependence::Existence,
                columns: vec![Column::WHOLE],
                absence: false,
                claimed: false,
                waited: true,
            })
        }));
        found.extend(visit.own().iter().flat_map(|own| pairs_of(visits, visit, own, behind)));
    }
    found
}

/// One write of a visit with each read that it depends on; nothing where it is none.
pub(super) fn pairs_of<'v>(visits: &'v [Visit], visit: &'v Visit, own: &'v Item, behind: &Behind) -> Vec<Pair<'v>> {
    let Some(access) = own.access().filter(|a| !a.operation.is_read() && !a.private) else { return Vec::new() };
    let write = Write { told: Told { visit, own }, access };
    let tells = |own: &Item| visit.tells(own);
    // What both callers have a copy of is paired there, where more is known of it.
    let seen = |read: u32| tells(own) || visit.own().get(read as usize).is_some_and(tells);
    let reads = behind.reads(visit, &write);
    // A file that is made where it is missing is so whatever was found in it before.
    let made_where_missing = access.kind == "file" && access.operation != Operation::Delete && reads.ask_for_absence();
    let mut found = reads.pairs(visit, &write, seen);
    if made_where_missing {
        found.retain(|pair| pair.dependence != Dependence::State);
    } else if tells(own) {
        let above = decided(visits, visit, access);
        found.extend(above.into_iter().flat_map(|(above, reads)| reads.pairs(above, &write, |_| true)));
    }
    if !found.is_empty() && is_claimed(visits, visit, own) {
        found.iter_mut().for_each(|pair| pair.claimed = true);
    }
    found
}

/// Whether a change of the same that asks again, and of whose success somebody asked, let a write through: what follows a claim
/// is done by whoever got it.
fn is_claimed(visits: &[Visit], visit: &Visit, write: &Item) -> bool {
    let Some(name) = write.access().and_then(|a| a.name.as_ref()).filter(|name| name.has_text()) else { return false };
    let claims = |item: &Item| {
        let access = item.access().filter(|a| a.conditional && a.decides && !a.operation.is_read());
        access.is_some_and(|a| a.name.as_ref() == Some(name))
    };
    let beside = write.control.iter().filter_map(|(dep, _)| visit.behind(dep));
    let above = visit.decided.iter().filter_map(|(at, item, ..)| visits.get(*at)?.own().get(*item as usize));
    beside.chain(above).any(claims)
}

/// What was read further up of what is written here and decided that a visit runs, by the visits that read it.
fn decided<'v>(visits: &'v [Visit], visit: &Visit, write: &Access) -> Vec<(&'v Visit, Reads)> {
    let mut above: Vec<(usize, Reads)> = Vec::new();
    for (at, read, column, check, waited) in visit.decided.iter() {
        if !visits.get(*at).is_some_and(|above| looks_at(above, *read, write)) {
            continue;
        }
        if above.iter().all(|(known, _)| known != at) {
            above.push((*at, Reads::default()));
        }
        if let Some((_, reads)) = above.iter_mut().find(|(known, _)| known == at) {
            reads.add(*read, by_condition(*check), *column, Some(*check));
            reads.note_wait(*read, *waited);
        }
    }
    above.into_iter().filter_map(|(at, reads)| Some((visits.get(at)?, reads))).collect()
}

/// Whether another actor that gets the same answer does harm by the same write.
fn is_asked_for(check: Check, operation: Operation) -> bool {
    match check {
        // What is made beside something that is there is not made because it was missing.
        Check::Presence => !matches!(operation, Operation::Insert | Operation::Put | Operation::Call),
        // It was only asked to leave alone what is right already, or to refuse what has nothing: done twice, it is the same.
        Check::Difference | Check::Column => !matches!(operation, Operation::Update | Operation::Put),
        Check::Absence | Check::Existence | Check::State => true,
    }
}

fn by_condition(check: Check) -> Dependence {
    match check {
        Check::State | Check::Column | Check::Difference => Dependence::State,
        Check::Absence | Check::Presence | Check::Existence => Dependence::Existence,
    }
}

/// A write where it is told.
struct Write<'v> {
    told: Told<'v>,
    access: &'v Access,
}

/// What a write depends on: reads of what it writes.
#[derive(Default)]
pub(super) struct Reads(Vec<ReadOf>);

/// An item by its number, how a write depends on it, and on which columns of what was read there, with what was asked of them.
struct ReadOf {
    item: u32,
    dependence: Dependence,
    columns: Vec<(Column, Option<Check>)>,
    /// Something was waited for before what it decided.
    waited: bool,
}

impl Reads {
    fn add(&mut self, item: u32, dependence: Dependence, column: Column, check: Option<Check>) {
        match self.0.iter_mut().find(|known| known.item == item && known.dependence == dependence) {
            Some(known) => known.columns.push((column, check)),
            None => self.0.push(ReadOf { item, dependence, columns: vec![(column, check)], waited: false }),
        }
    }

    /// Whether one of them was asked for being missing, and that decided.
    fn ask_for_absence(&self) -> bool {
        self.0.iter().any(|of| of.columns.iter().any(|(_, check)| *check == Some(Check::Absence)))
    }

    /// The function that read it waited for something before what it decided.
    fn note_wait(&mut self, item: u32, waited: bool) {
        self.0.iter_mut().filter(|of| of.item == item).for_each(|of| of.waited |= waited);
    }

    /// The pairs of a write with those of them that are reads.
    fn pairs<'v>(&self, above: &'v Visit, write: &Write<'v>, seen: impl Fn(u32) -> bool) -> Vec<Pair<'v>> {
        let Write { told, access } = *write;
        let pair = |of: &ReadOf| {
            let read = above.item(of.item)?;
            let from = read.access()?;
            let marks = || of.dependence == Dependence::Existence && super::marks::is_mark_behind_work(of.item, above, &told, access);
            if !matters(of.dependence, access, from) && !is_taken_by_making(of, above, access) && !marks()
                || apart(from, access)
                || !seen(of.item)
            {
                return None;
            }
            let counted = of.columns.iter().filter(|(_, check)| check.is_none_or(|c| is_asked_for(c, access.operation)));
            let columns: Vec<Column> = counted.map(|(column, _)| *column).collect();
            let waited = of.waited || std::ptr::eq(above, told.visit) && told.own.awaits > read.own.awaits;
            let absence = of.columns.iter().any(|(_, check)| *check == Some(Check::Absence));
            (!columns.is_empty()).then_some(Pair { read, write: told, dependence: of.dependence, columns, absence, claimed: false, waited })
        };
        self.0.iter().filter_map(pair).collect()
    }
}

/// What each write depends on in its own function: worked out once, for many visits have the same items.
#[derive(Default)]
pub(super) struct Behind(RefCell<FxHashMap<*const Item, Rc<Reads>>>);

impl Behind {
    fn reads(&self, visit: &Visit, write: &Write) -> Rc<Reads> {
        self.0.borrow_mut().entry(std::ptr::from_ref(write.told.own)).or_insert_with(|| Rc::new(item_reads(visit, write))).clone()
    }
}

/// What of what it writes a write depends on in its function.
fn item_reads(visit: &Visit, write: &Write) -> Reads {
    let mut reads = Reads::default();
    // One read may decide by many of its columns, and in many ways.
    let mut known: Vec<Option<bool>> = vec![None; visit.own().len()];
    let mut on = |dep: &Dep, dependence, check| {
        let Dep::Item(index, column) = dep else { return };
        let Some(known) = known.get_mut(*index as usize) else { return };
        if *known.get_or_insert_with(|| looks_at(visit, *index, write.access)) {
            reads.add(*index, dependence, *column, check);
        }
    };
    write.told.own.data.iter().for_each(|dep| on(dep, Dependence::Data, None));
    write.told.own.control.iter().for_each(|(dep, check)| on(dep, by_condition(*check), Some(*check)));
    reads
}

/// Whether an item of a function reads what is written.
fn looks_at(visit: &Visit, item: u32, write: &Access) -> bool {
    let from = visit.own().get(item as usize).and_then(Item::access);
    from.is_some_and(|from| from.operation.is_read() && from.is_to_part_of(write))
}

fn race(input: &Input, (actor, run): (ActorId, &Run), pair: &Pair, values: &Values, schema: &Schema, model: &Model) -> Option<Race> {
    let dependence = pair.dependence;
    let (from, write) = (pair.read.access()?, pair.write.access()?);
    let rust = input.effects.program.is_rust(pair.read.own.function.module);
    if of_other_fields(pair, write) || !on_what_changes(pair, from, write, values, rust) {
        return None;
    }
    let same_question = |column, check| by_condition(check) == dependence && pair.asks(column);
    if dependence != Dependence::Data && values.are_alike(&run.visits, &pair.read, &pair.write, same_question) {
        return None;
    }
    let (read, item) = (&pair.read.item(), &pair.write.item());
    // A value worked out apart is written only where the state is still the one it was made of.
    let taken = || match dependence {
        Dependence::Data => asked_again(item, pair.write.visit.own(), Some(Check::State)),
        _ => asked_again(item, pair.write.visit.own(), None) || reserved(read, pair.read.visit.own()),
    };
    if write.kind == "memory" && taken() {
        return None;
    }
    if (Records { read: pair.read, from, write: pair.write, to: write }).are_apart(schema) {
        return None;
    }
    // What is made beside something that is there is not made because it was missing.
    let resource = accesses::find(model, if from.is_to_one_with(write) { write } else { from }, actor, run)?;
    if dependence != Dependence::Data && pair.claimed {
        return None;
    }
    let common: Vec<&Context> = item.common(read).collect();
    if is_protected(&common, item, write, is_read_too_early(pair)) {
        return None;
    }
    if dependence != Dependence::Data && write.kind != "memory" && looked_again_inside(pair, item, write) {
        return None;
    }
    // Something is held over both halves, and nobody can say what: that is no ground for a finding.
    if common.iter().any(|c| c.lock().is_some_and(|l| locks::unnamed(l))) {
        return None;
    }
    let process_lock = common.iter().find_map(|c| c.lock().filter(|l| l.scope == LockScope::Process)).map(|l| locks::lock_id(l));
    let function = innermost(read, item);
    if dependence != Dependence::Data && item.way().any(|(function, _)| is_refill(input, function, item)) {
        return None;
    }
    let distance = distance(item, function);
    let in_memory = write.kind == "memory" && dependence != Dependence::Data;
    if write.api == VARIABLE && !variables::comes_between(input, run, pair) {
        return None;
    }
    let site = item.outer_in(function).unwrap_or(item.site);
    if in_memory && !pair.waited && tells_again(pair, site) {
        return None;
    }
    let inserts = write.operation == Operation::Insert;
    let counts = |highest: &&Name| from.aggregate || pair.columns.contains(&Column::named(highest));
    let next = from.highest.as_ref().filter(|_| dependence == Dependence::Data).filter(counts);
    let apart = if next.is_none() { given_apart(pair, write) } else { Vec::new() };
    let added = Added { next, apart, ..Added::by(write) };
    let unique = write.name.as_ref().filter(|_| inserts).and_then(|table| schema.protects(table, &added));
    // Who catches a conflict with a key that is not there catches nothing.
    let vain = inserts && write.name.as_ref().is_some_and(|table| schema.never_refuses(table, &added));
    let adds = !matches!(write.operation, Operation::Update | Operation::Delete | Operation::Increment);
    let in_one_turn = !pair.waited && !write.suspends && accesses::on_event_loop(input, run.entry, item);
    let checked = |column: &Name| from.keys.contains(column) || pair.decides_by(column, from, rust);
    let transition = dependence != Dependence::Data && write.kind == "table" && write.operation == Operation::Update;
    let overwrites = if transition { values.overwritten(write, checked) } else { None };
    let overwritten = overwrites.is_some();
    let halves = Halves { pair, function, overwritten, read: read.outer_in(function).unwrap_or(read.site), write: site };
    let retry = item.contexts.iter().find_map(|c| matches!(c.held, Held::Retry(_)).then_some(c.site));
    Some(Race {
        resource,
        actors: vec![actor],
        dependence,
        read: halves.read,
        read_access: read.site,
        looks: other_looks(pair, write, &halves),
        write: site,
        write_access: item.site,
        function: input.effects.program.qualified(function).to_string(),
        operation: write.operation.word(),
        verb: write.verb.to_string(),
        aggregate: from.aggregate || write.operation == Operation::Insert && counts_on(write, from),
        one_record: !from.aggregate && !from.keys.is_empty() && from.keys == write.keys,
        columns: write.columns.iter().map(ToString::to_string).collect(),
        process_lock,
        in_one_turn: if in_one_turn { vec![actor] } else { Vec::new() },
        unique,
        // One call that looks and adds looks again where a key refuses it.
        // No change of what is there fails because somebody else was first.
        handled: adds && accesses::looks_again(&item.contexts)
            || !vain && accesses::names_conflict(&item.contexts)
            || read.site == item.site && unique.is_some(),
        absence: pair.absence,
        claims: dependence == Dependence::Existence && write.operation == Operation::Update,
        ways: ways(read),
        money: write.money,
        // What is guessed of the read and of the write is the same guess: they have one name.
        inferred: read.inferred.max(item.inferred) + halves.guesses(input, schema),
        path: frames(input, item),
        distance,
        retry,
        overwrites,
    })
}

/// Where else the function that writes looked at what it writes, so that the answer decided too.
fn other_looks(pair: &Pair, write: &Access, halves: &Halves) -> Vec<Site> {
    if pair.dependence == Dependence::Data {
        return Vec::new();
    }
    let visit = pair.write.visit;
    let looks = pair.write.own.control.iter().filter(|(dep, _)| dep.item().is_some_and(|item| looks_at(visit, item, write)));
    let looks = looks.filter_map(|(dep, _)| visit.behind(dep));
    let mut sites: Vec<Site> = looks.map(|item| item.outer_in(halves.function).unwrap_or(item.site)).collect();
    sites.retain(|site| *site != pair.read.own.site && *site != halves.read);
    sites.sort();
    sites.dedup();
    sites
}

/// The columns that a row is added with from something that the caller gives beside what was looked for: the name is asked for,
/// and the id is another each time.
fn given_apart<'w>(pair: &Pair, write: &'w Access) -> Vec<&'w str> {
    let looked: Vec<&Dep> = pair.read.own.keys.iter().flat_map(|keys| keys.iter()).flat_map(|(_, deps)| deps.iter()).collect();
    if looked.is_empty() || !std::ptr::eq(pair.read.visit, pair.write.visit) {
        return Vec::new();
    }
    let asked = |given: u8| looked.iter().any(|dep| matches!(dep, Dep::Parameter(index, _) if *index == given));
    let filled = write.anew.iter().flat_map(|columns| columns.iter());
    filled.filter(|(_, given)| given.is_some_and(|given| !asked(given))).map(|(column, _)| column.as_str()).collect()
}

/// Whether this write depending on that read in this way can lose or double something.
fn matters(dependence: Dependence, write: &Access, read: &Access) -> bool {
    use Operation::{Append, Call, CompareAndSet, CreateIfAbsent, Delete, Increment, Insert, Put, Read, Replace, Update, Upsert};
    match (dependence, write.operation) {
        (_, Read | CreateIfAbsent | CompareAndSet) => false,
        // What is written is made of what was read; a relative change in the store is not.
        (Dependence::Data, Update | Put | Replace) => !write.conditional || write.only_selects,
        // A key of its own makes the row a new one, and not the number that it takes in another column; a count that is kept
        // beside such a key is a statistic.
        (Dependence::Data, Insert) => counts_on(write, read) || read.aggregate && !write.fresh_key,
        // Of two that add a row with the next value, only a key over that value refuses one.
        (Dependence::Data, Upsert) => {
            let refused = read.highest.as_ref().is_some_and(|highest| write.keys.contains(highest));
            let adds_next = read.aggregate && read.highest.is_some() && !write.keys.is_empty() && !write.fresh_key;
            !refused && (!write.conditional || adds_next)
        }
        (Dependence::Data, Append | Increment | Delete | Call) => false,
        // It was not there, so it is made.
        (Dependence::Existence, Insert | Call) => !matches!(write.idempotent, Some((true, _))),
        // What was missing is worked out and kept: done twice, it is the same. A claim says who or what, and is no result.
        (Dependence::Existence, Put) => !(matches!(write.kind.as_str(), "file" | "memory") || write.kind == "cache" && write.computed),
        // It was selected by a state that this write changes: a claim that does not ask again.
        (Dependence::Existence, Update) => {
            !write.conditional && write.columns.iter().any(|c| read.keys.contains(c) || leaves(write, read, c))
        }
        // Of two locks made for one thing, each is held by those who got it.
        (Dependence::Existence, Upsert) => write.kind == "memory" && write.locks,
        (Dependence::Existence, _) => false,
        // It was in a state that allowed this.
        // What was found out of date is worked out and kept; what is taken away was there.
        (Dependence::State, Delete) if write.kind == "memory" => false,
        (Dependence::State, Put) if write.kind == "memory" && write.computed => false,
        (Dependence::State, Update | Delete | Put | Insert | Call | Increment) => {
            !write.conditional && !matches!(write.idempotent, Some((true, _)))
        }
        (Dependence::State, Upsert) => write.kind == "memory" || read.aggregate && counts_others(write, read),
        (Dependence::State, Append | Replace) => false,
    }
}

/// Whether a column is set to another state than the one that a caller asked for rows by.
fn leaves(write: &Access, read: &Access, column: &str) -> bool {
    let asked = read.states.iter().flat_map(|states| states.iter()).find(|(name, _)| name == column);
    let other = |(_, asked): &(Name, Fixed)| matches!(write.fixed(column), Some(to @ Fixed::Constant(_)) if to != asked);
    asked.is_some_and(other)
}

/// Whether many rows were counted that the key by which a row is added or changed does not tell apart: it refuses no further one.
fn counts_others(write: &Access, read: &Access) -> bool {
    write.kind == "table" && write.keys.iter().any(|key| !read.keys.contains(key))
}

/// Whether a row is added with the next value of a column whose highest value was read.
fn counts_on(write: &crate::effects::Access, read: &crate::effects::Access) -> bool {
    read.highest.as_ref().is_some_and(|highest| write.columns.contains(highest))
}

/// Whether a file is made where it is missing, and whoever finds it is refused: who makes it has what it stands for. Others keep in
/// a file what they worked out.
fn is_taken_by_making(of: &ReadOf, above: &Visit, write: &Access) -> bool {
    let makes = write.kind == "file" && matches!(write.operation, Operation::Put | Operation::Replace);
    makes && of.dependence == Dependence::Existence && above.refuses(of.item)
}

/// Whether a function that fills a cache gives back what it finds there: of two that find nothing each works it out, and either
/// answer will do.
fn is_refill(input: &Input, function: FunctionRef, write: &Item) -> bool {
    if !write.access().is_some_and(|to| to.kind == "cache" && to.operation == Operation::Put) {
        return false;
    }
    let summary = input.effects.summary(function, None);
    // Who only says that it is there keeps nothing but that.
    if matches!(summary.returns.kind, Kind::Bool(_) | Kind::Null) {
        return false;
    }
    // In the function's own words, in which the key is called the same.
    let put = summary.items.iter().find(|item| item.site == write.site).and_then(Item::access);
    let given_back = |dep: &Dep| dep.item().and_then(|at| summary.items.get(at as usize)).and_then(Item::access);
    let found = |from: &Access| from.operation.is_read() && !from.presence && put.is_some_and(|to| from.is_to_one_with(to));
    summary.returns.deps.iter().filter_map(given_back).any(found)
}

/// Whether a read and a write behind one lock are of different fields.
fn apart(read: &Access, write: &Access) -> bool {
    let fields = write.kind == "memory" && !read.columns.is_empty() && !write.columns.is_empty();
    fields && !read.columns.iter().any(|c| write.columns.contains(c))
}

/// Whether what is changed behind a lock depends on other fields of what it holds, and on those alone.
fn of_other_fields(pair: &Pair, write: &Access) -> bool {
    let written = |part: &Column| *part == Column::WHOLE || write.columns.iter().any(|c| Column::named(c) == *part);
    write.kind == "memory" && !write.columns.is_empty() && !pair.columns.iter().any(written)
}

/// Whether what was looked at before a lock was taken is looked at again inside it, and that decides: the first look only saved the
/// trouble.
fn looked_again_inside(pair: &Pair, write: &Item, access: &Access) -> bool {
    let visit = pair.write.visit;
    let of_same = |item: &&Item| {
        !std::ptr::eq(*item, pair.read.own) && item.access().is_some_and(|a| a.operation.is_read() && a.is_to_one_with(access))
    };
    let mut again = pair.write.own.control.iter().filter_map(|(dep, _)| visit.behind(dep)).filter(of_same);
    again.any(|again| is_protected(&write.common(again).collect::<Vec<_>>(), write, access, false))
}

/// Whether what is changed behind a lock was looked at again while that lock was held, and that decided; where only one way of
/// asking counts, that the entry is there says nothing of the field that is set.
fn asked_again(write: &Item, items: &[Item], wanted: Option<Check>) -> bool {
    let Some(access) = write.access() else { return false };
    let held = |c: &Context| c.lock().is_some() && write.contexts.iter().any(|w| w.token == c.token);
    // That a field is still as it was is asked of the field that is set.
    let of_written = |dep: &Dep| access.columns.iter().any(|c| matches!(dep, Dep::Item(_, part) if Column::named(c) == *part));
    let counts = |dep: &Dep, check: Check| match wanted {
        None => true,
        Some(wanted) => check == wanted && (access.columns.is_empty() || dep.is_of_column()) || of_written(dep),
    };
    write.control.iter().filter(|(dep, check)| counts(dep, *check)).any(|(dep, _)| {
        let Some(read) = dep.item().and_then(|i| items.get(i as usize)) else { return false };
        let same = read.access().is_some_and(|a| a.operation.is_read() && a.is_named_like(access) && !apart(a, access));
        same && read.contexts.iter().any(held)
    })
}

/// Whether what was looked at behind a lock was acted upon while that lock was held: a place was taken, and what follows later
/// fills it or gives it back.
fn reserved(read: &Item, items: &[Item]) -> bool {
    let held = |c: &Context| c.lock().is_some() && read.contexts.iter().any(|r| r.token == c.token);
    let changes = |i: &Item| {
        i.access().is_some_and(|a| a.kind == "memory" && matches!(a.operation, Operation::Put | Operation::Insert | Operation::Upsert))
    };
    let after = |i: &Item| !i.control.is_empty() && i.contexts.iter().any(held);
    items.iter().any(|i| changes(i) && after(i))
}

/// A part of what was read from a table: a field that is called like none of its columns may be made of any.
fn of_table(part: Column, from: &Access) -> Column {
    let last = |c: &Name| c.rsplit('.').next().is_some_and(|name| Column::named(name) == part);
    let told = from.kind != "table" || from.columns.iter().any(|c| c == "*" || last(c));
    if told || part == Column::THERE { part } else { Column::WHOLE }
}

/// Whether the columns of a table that a write depends on are such that another actor can change the outcome.
///
/// `rust`: rows become structs, whose fields are called like the columns; what goes into something as a whole says little.
fn on_what_changes(pair: &Pair, from: &Access, write: &Access, values: &Values, rust: bool) -> bool {
    if write.kind != "table" {
        return true;
    }
    let untold = from.columns.is_empty() || from.aggregate;
    let is_record = rust && !untold && (from.columns.len() > VALUES || from.columns.iter().any(|c| c == "*"));
    match (pair.dependence, write.operation) {
        // A change that is lost is one of the same column: of others, at most an older value was used. A state that another
        // actor may act upon as well is left by this write.
        (Dependence::Data, Operation::Insert) if !from.aggregate => {
            from.highest.as_ref().is_some_and(|highest| pair.holds(|part| part == Column::named(highest)))
        }
        (Dependence::Data, Operation::Upsert) if from.aggregate && from.highest.is_some() => true,
        (Dependence::Data, Operation::Update | Operation::Upsert) => {
            let written = |part: Column| write.columns.iter().any(|c| Column::named(c) == part);
            write.columns.is_empty() || if is_record { pair.columns.iter().any(|c| written(*c)) } else { pair.holds(written) }
        }
        (Dependence::State, Operation::Update | Operation::Increment) => {
            write.columns.is_empty() || write.columns.iter().any(|c| pair.decides_by(c, from, rust))
        }
        // Who owns it, of which kind it is: what nobody changes is as true at the end as it was at the check.
        (Dependence::State, Operation::Delete | Operation::Insert | Operation::Call) => {
            let table = write.name.clone().unwrap_or_default();
            let changes = |part: Column| values.change(&table, part);
            let any = untold || !rust || from.columns.iter().any(|c| c == "*" || changes(Column::named(c)));
            any && pair.on(changes)
        }
        _ => true,
    }
}

/// Whether what is common to both halves keeps others out.
fn is_protected(common: &[&Context], write: &Item, access: &Access, early: bool) -> bool {
    // What lives in the process is kept by the process's own locks.
    let reach = |scope: LockScope| scope != LockScope::Process || access.kind == "memory";
    let lock = common.iter().any(|c| c.lock().is_some_and(|l| reach(l.scope)));
    let transaction = common.iter().any(|c| c.is_serial());
    // Rows locked by the read that started it, still locked at the write.
    let rows = write.contexts.iter().any(|c| match &c.held {
        Held::Rows(table) => access.name.as_ref() == Some(table),
        _ => false,
    }) && access.operation != Operation::Insert
        // What was read in an earlier transaction may be old by the time the rows are locked.
        && !early;
    // A row of another table that was locked before: the room whose bookings are counted.
    let parent = common.iter().any(|c| matches!(&c.held, Held::Rows(table) if access.name.as_ref() != Some(table)));
    lock || transaction || rows || parent
}

/// Whether a value that is written was read before the transaction of the write, and nothing of what the transaction itself read
/// there went into it.
fn is_read_too_early(pair: &Pair) -> bool {
    let begun = |c: &&Context| matches!(c.held, Held::Transaction { .. });
    let apart = |item: &Item, of: &Context| item.contexts.iter().all(|c| c.token != of.token);
    let (read, write) = (pair.read.item(), pair.write.own);
    let mut transactions = write.contexts.iter().filter(begun).peekable();
    let early = transactions.peek().is_some() && transactions.all(|transaction| apart(&read, transaction));
    let locked = write.contexts.iter().any(|c| matches!(c.held, Held::Rows(_)) && c.site == read.site);
    let again = || {
        let behind = write.data.iter().filter_map(|dep| pair.write.visit.behind(dep));
        behind.filter(|item| item.access().is_some_and(|a| pair.write.access().is_some_and(|to| a.is_to_one_with(to)))).any(|item| {
            let mut transactions = write.contexts.iter().filter(begun);
            transactions.any(|transaction| !apart(item, transaction))
        })
    };
    pair.dependence == Dependence::Data && early && !locked && !again()
}

/// Whether the call that changes what a lock holds looks at it again and hands back what it found, before anything else was done:
/// who only counts what it admits asks before that to save itself the trouble.
fn tells_again(pair: &Pair, call: Site) -> bool {
    let (read, name) = (pair.read.own, pair.write.access().and_then(|a| a.name.as_ref()));
    let items = pair.read.visit.own();
    let of_it = |item: &Item| item.access().is_some_and(|a| a.kind == "memory" && a.operation.is_read() && a.name.as_ref() == name);
    let again = items.iter().position(|i| i.chain.is_some() && i.outer_site() == call && of_it(i) && !std::ptr::eq(i, read));
    let Some(again) = again else { return false };
    let begun = items.iter().position(|i| std::ptr::eq(i, read)).unwrap_or(0);
    let acts = |item: &Item| item.access().is_some_and(|a| a.kind != "memory" && !a.operation.is_read());
    !items.iter().take(again).skip(begun).any(acts)
}

/// How many calls lie between a function and the item it leads to.
pub(super) fn distance(item: &Item, function: FunctionRef) -> u8 {
    distance_over(item, function, |_| true)
}

/// The same of those calls that count.
pub(super) fn distance_over(item: &Item, function: FunctionRef, counts: impl Fn(&Call) -> bool) -> u8 {
    let calls = item.calls().skip_while(|call| call.function != function).filter(|call| counts(call)).count();
    u8::try_from(calls).unwrap_or(u8::MAX)
}

/// The innermost function on the ways to both.
pub(super) fn innermost(read: &Item, write: &Item) -> FunctionRef {
    let mut best = write.function;
    for (x, y) in read.way().zip(write.way()) {
        if x.0 != y.0 {
            break;
        }
        best = x.0;
        if x.1 != y.1 {
            break;
        }
    }
    best
}
