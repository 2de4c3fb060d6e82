//! Summaries as text, for contributors: `clawproof debug effects`.
//!
//! One block a function, one line an item: its number, its line, what it does, what its value depends on (`data`), what
//! decided whether it runs (`control`), which record it is to (`key`), what is held around it, and through which call it came.

use super::{Column, Context, Dep, Deps, Effects, Held, Item, What};
use std::fmt::Write;

/// Every summary that was asked for, in the order of the program.
pub fn print(effects: &Effects) -> String {
    let mut text = String::new();
    for function in effects.program.functions() {
        let Some(summary) = effects.known(function) else { continue };
        if summary.items.is_empty() && !summary.never_returns {
            continue;
        }
        let _ = writeln!(text, "{}{}", effects.program.dotted(function), if summary.never_returns { " never returns" } else { "" });
        for (index, item) in summary.items.iter().enumerate() {
            let _ = writeln!(text, "  {index:>3} {}", line(effects, item));
        }
    }
    text
}

fn line(effects: &Effects, item: &Item) -> String {
    let file = effects.program.path_of(item.site.file);
    let mut text = format!("{file}@{} {}", item.site.span.start, what(&item.what));
    if !item.data.is_empty() {
        let _ = write!(text, " data[{}]", deps(&item.data));
    }
    if !item.control.is_empty() {
        let control: Vec<String> = item.control.iter().map(|(dep, check)| format!("{}:{check:?}", one(dep))).collect();
        let _ = write!(text, " control[{}]", control.join(" "));
    }
    for (name, on) in item.keys.iter().flat_map(|keys| keys.iter()) {
        let _ = write!(text, " key {name}[{}]", deps(on));
    }
    if !item.contexts.is_empty() {
        let held: Vec<String> = item.contexts.iter().map(context).collect();
        let _ = write!(text, " in[{}]", held.join(" "));
    }
    if let Some(call) = &item.chain {
        let _ = write!(text, " via@{}", call.site.span.start);
    }
    if item.inferred > 0 {
        let _ = write!(text, " inferred={}", item.inferred);
    }
    text
}

fn deps(deps: &Deps) -> String {
    deps.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn one(dep: &Dep) -> String {
    match dep {
        Dep::Item(index, part) => format!("#{index}{}", part_of(*part)),
        Dep::Parameter(index, part) => format!("p{index}{}", part_of(*part)),
        Dep::Field(_) => "field".into(),
        Dep::Captured(..) => "captured".into(),
        Dep::Is(index, _) => format!("p{index}?"),
        Dep::Fresh => "fresh".into(),
    }
}

fn what(what: &What) -> String {
    match what {
        What::Access(access) => {
            let name = access.name.as_ref().map_or("?".to_string(), |n| n.pattern());
            format!("{} {}:{name} ({})", access.operation.word(), access.store, access.api)
        }
        What::Acquire { lock, .. } => format!("acquire {} {:?} {:?}", lock.name.pattern(), lock.scope, lock.wait),
        What::Release { name, .. } => format!("release {}", name.pattern()),
        What::Leak { lock, way } => format!("leak {} {way:?}", lock.name.pattern()),
        What::Renew { name } => format!("renew {}", name.pattern()),
        What::Event { effect, channel, .. } => format!("{effect:?} {}", channel.pattern()),
        What::Pause { effect, seconds, .. } => format!("{effect:?} {seconds:?}"),
        What::Control { effect, name, .. } => format!("{effect:?} {}", name.as_ref().map_or(String::new(), |n| n.pattern())),
        What::Declare(declaration) => format!("declare {:?} {} {:?}", declaration.effect, declaration.api, declaration.names),
        What::CallParameter { callee, .. } => format!("call {callee:?}"),
    }
}

fn context(context: &Context) -> String {
    match &context.held {
        Held::Lock(lock) => format!("lock {}", lock.name.pattern()),
        Held::Transaction { isolation, .. } => format!("transaction {isolation:?}"),
        Held::Rows(table) => format!("rows {}", table.pattern()),
        Held::Retry(retry) => format!("retry {}", retry.api),
        Held::Loop { endless, .. } => format!("loop{}", if *endless { "!" } else { "" }),
        Held::Limited(seconds) => format!("limited {seconds:?}"),
        Held::Hollow(name) => format!("hollow {name}"),
        Held::Caught { types, .. } => format!("caught {}", types.join(",")),
        Held::Thread => "thread".into(),
        Held::Spawned { api, .. } => format!("spawned {api}"),
    }
}

/// How much of it.
fn part_of(part: Column) -> &'static str {
    match part {
        Column::WHOLE => "",
        Column::THERE => "?",
        _ => ".",
    }
}
