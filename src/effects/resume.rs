//! Calls of what a function was given to call, done where the caller knows what that is.

use super::answers;
use super::bind::is_callers;
use super::call::{CallPlace, Coroutine, Given, all_deps};
use super::context::{Context, Held};
use super::item::{Call, Check, Item, What};
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::link::Kind;
use std::rc::Rc;

/// How deep caller-given calls are followed into one another.
const RESUME_DEPTH: u8 = 4;
/// How many caller-given calls one walk follows.
const RESUMES: u16 = 200;

/// Where a caller-given call takes place.
pub(super) struct Through<'a> {
    pub item: &'a Item,
    pub chain: Option<Rc<Call>>,
    pub held: Vec<Context>,
    pub control: Rc<Vec<(Dep, Check)>>,
    /// What the call depends on here.
    pub on: Deps,
    pub hint: Name,
}

/// The name of the parameter a caller-given method is called on: packs may know it (`db.execute`).
pub(super) fn receiver_hint(what: &What, names: &[Name]) -> Name {
    match what {
        What::CallParameter { callee: Kind::ParameterMember(member), .. } => names.get(usize::from(member.0)).cloned().unwrap_or_default(),
        What::CallParameter { callee: Kind::Member(member), .. } => match &member.0 {
            Kind::Field(name) => name.clone(),
            Kind::ParameterMember(inner) => inner.1.clone(),
            _ => Name::default(),
        },
        _ => Name::default(),
    }
}

impl Walker<'_, '_, '_> {
    /// Now that its callee is known, do what a call of the callee's caller-given function does.
    pub(super) fn resume(&mut self, callee: &Kind, args: &[(Option<Name>, Value)], through: Through<'_>) -> Value {
        let given: Vec<Given> = args.iter().flat_map(answers::given_again).collect();
        // Nobody further up will say what this calls.
        if matches!(callee, Kind::Unknown | Kind::Null) {
            return Value::unknown(all_deps(&given).with(&through.on));
        }
        if is_callers(callee) {
            let made_of = if self.rust { Deps::default() } else { through.on.clone() };
            let later = self.push_item(Item {
                what: Rc::new(What::CallParameter { callee: callee.clone(), args: args.to_vec() }),
                site: through.item.site,
                function: through.item.function,
                contexts: Rc::new(through.held),
                chain: through.chain,
                data: all_deps(&given).with(&through.on),
                control: through.control,
                keys: None,
                inferred: through.item.inferred,
                awaits: self.awaits + through.item.awaits,
                kept: false,
            });
            return Value { answer: self.answer_of(&later), ..Value::unknown(later.with(&made_of)) };
        }
        // Callbacks that call callbacks: each level multiplies the work, so both depth and number are bounded.
        // A method of a value that the caller gives is one step and multiplies nothing; in Rust most such calls are that.
        let one_step = self.rust && matches!(callee, Kind::Member(_));
        if self.depth >= RESUME_DEPTH || self.resumed >= RESUMES && !one_step {
            return Value::unknown(through.on);
        }
        self.spawned_by_callee(callee, &through.item.contexts, through.chain.as_ref().map(|c| c.site));
        self.depth += 1;
        self.resumed += u16::from(!one_step && answers::set_on(callee).is_none());
        let before: Vec<u64> = through.held.iter().map(|c| c.token).collect();
        let saved = (
            std::mem::replace(&mut self.state.held, through.held),
            std::mem::replace(&mut self.state.control, through.control),
            self.proxy.replace((through.item.function, through.chain)),
        );
        let place = CallPlace {
            site: through.item.site,
            receiver: match callee {
                Kind::Member(member) => Some(Value::of(member.0.clone())),
                Kind::Function(f) => f.receiver.clone().map(Value::of),
                _ => None,
            },
            receiver_path: None,
            receiver_name: through.hint,
            written: false,
        };
        let begun = self.summary.items.len();
        let called = match answers::set_on(callee) {
            Some(holder) => self.set_now(holder, &given, &place),
            None => self.call_value(&Value::of(callee.clone()), &given, &place, Coroutine::Awaited),
        };
        // What the call took or gave back, `to_thread(lock.acquire)`, is held or not for the code behind it.
        let after = std::mem::replace(&mut self.state.held, saved.0);
        self.state.held.retain(|c| !before.contains(&c.token) || after.iter().any(|a| a.token == c.token));
        let stays = |c: &Context| c.lock().is_some() || matches!(c.held, Held::Rows(_));
        self.state.held.extend(after.into_iter().filter(|c| !before.contains(&c.token) && stays(c)));
        self.state.control = saved.1;
        self.proxy = saved.2;
        self.depth -= 1;
        // `order.model_dump_json()`: what does nothing outside is made of what it is called on.
        let silent = !self.rust && matches!(callee, Kind::Member(_)) && self.summary.items.len() == begun;
        if silent { called.value.depending(&through.on) } else { called.value }
    }
}
