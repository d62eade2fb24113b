//! What expressions can call. What could make much of little is as CEL's extension for strings has it, but within bounds.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelInt, CelList, CelString, DYN_TYPE, INT_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, FromVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use crate::canonical::{Currency, Money};

/// Of a text that is put together.
const MOST_BYTES: usize = 65_536;
/// Of a text that is taken apart.
pub(super) const MOST_PARTS: usize = 256;
pub(super) const TOO_MUCH: &str = "an expression that makes at most 65536 bytes and 256 parts";

type Made<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The same for all expressions: making it takes as long as compiling a mapping.
pub(super) fn env() -> Arc<Env> {
    static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(made()));
    Arc::clone(&ENV)
}

fn made() -> Env {
    let mut env = Env::stdlib();
    // Neither can fail: nothing of the standard library is called as these are, and of two overloads that take a call the
    // one that was there first is called.
    drop(bounded(&mut env));
    drop(env.add_extension(cel::extensions::strings));
    env
}

fn bounded(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_member_overload("replace", "replace", DYN_TYPE, vec![STRING_TYPE, STRING_TYPE], replace)?;
    let first = vec![STRING_TYPE, STRING_TYPE, INT_TYPE];
    env.add_member_overload("replace", "replace_first", DYN_TYPE, first, replace)?;
    env.add_member_overload("split", "split", DYN_TYPE, vec![STRING_TYPE], split)?;
    env.add_member_overload("split", "split_first", DYN_TYPE, vec![STRING_TYPE, INT_TYPE], split)?;
    env.add_member_overload("join", "join", DYN_TYPE, vec![], join)?;
    env.add_member_overload("join", "join_by", DYN_TYPE, vec![STRING_TYPE], join)
}

fn wrong(function: &str) -> ExecutionError {
    ExecutionError::function_error(function, "expected other arguments")
}

fn too_much(function: &str) -> ExecutionError {
    ExecutionError::function_error(function, TOO_MUCH)
}

fn argument<'a, 'b, 'v: 'a, T: FromVal<'a, 'v>>(value: &'a CowVal<'b, 'v>) -> Result<&'a T, ExecutionError> {
    value.as_ref().downcast_ref::<T>().ok_or_else(|| wrong("a function of texts"))
}

/// So many at most, where it is said: below 0 all of them.
fn most(said: Option<&CowVal<'_, '_>>) -> Result<usize, ExecutionError> {
    let Some(said) = said else { return Ok(usize::MAX) };
    Ok(usize::try_from(*argument::<CelInt>(said)?.inner()).unwrap_or(usize::MAX))
}

fn replace<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Made<'b, 'v> {
    let [text, from, to, rest @ ..] = arguments.as_slice() else { return Err(wrong("replace")) };
    let [text, from, to] = [text, from, to].map(argument::<CelString<'_>>);
    let (text, from, to) = (text?.inner(), from?.inner(), to?.inner());
    let times = text.matches(from).take(most(rest.first())?).count();
    let without = text.len().saturating_sub(times.saturating_mul(from.len()));
    if without.saturating_add(times.saturating_mul(to.len())) > MOST_BYTES {
        return Err(too_much("replace"));
    }
    Ok(CowVal::owned(CelString::from(text.replacen(from, to, times))))
}

fn split<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Made<'b, 'v> {
    let [text, by, rest @ ..] = arguments.as_slice() else { return Err(wrong("split")) };
    let (text, by) = (argument::<CelString<'_>>(text)?.inner(), argument::<CelString<'_>>(by)?.inner());
    let most = most(rest.first())?;
    let parts: Vec<&str> = if by.is_empty() {
        characters(text, most)
    } else {
        text.splitn(most, by).take(MOST_PARTS + 1).collect()
    };
    if parts.len() > MOST_PARTS {
        return Err(too_much("split"));
    }
    let parts = parts.into_iter().map(|part| Box::new(CelString::from(part.to_owned())) as Box<dyn Val>);
    Ok(CowVal::owned(CelList::from(parts.collect::<Vec<_>>())))
}

/// Each a part of its own, and behind so many the rest.
fn characters(text: &str, most: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() && parts.len() < most.min(MOST_PARTS + 1) {
        let end = rest.chars().next().map_or(0, char::len_utf8);
        let last = (rest, "");
        let (part, behind) =
            if parts.len() + 1 == most { last } else { rest.split_at_checked(end).unwrap_or(last) };
        parts.push(part);
        rest = behind;
    }
    parts
}

fn join<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Made<'b, 'v> {
    let [list, by @ ..] = arguments.as_slice() else { return Err(wrong("join")) };
    let by = by.first().map(argument::<CelString<'_>>).transpose()?.map_or("", CelString::inner);
    let list = list.as_ref().as_iterable().ok_or_else(|| wrong("join"))?;
    let (mut items, mut joined, mut first) = (list.iter(), String::new(), true);
    while let Some(item) = items.next() {
        let item = item.downcast_ref::<CelString<'_>>().ok_or_else(|| wrong("join"))?.inner();
        let by = if first { "" } else { by };
        if joined.len().saturating_add(by.len()).saturating_add(item.len()) > MOST_BYTES {
            return Err(too_much("join"));
        }
        joined.push_str(by);
        joined.push_str(item);
        first = false;
    }
    Ok(CowVal::owned(CelString::from(joined)))
}

/// Minor units as people read them: `42.00 EUR`.
pub(super) fn money(minor: i64, currency: Arc<String>) -> Result<Arc<String>, ExecutionError> {
    let currency = Currency::parse(&currency).map_err(|_| {
        ExecutionError::function_error("money", "expected a currency of three capital letters")
    })?;
    Ok(Arc::new(format!("{} {}", Money { minor, currency }.to_decimal(), currency.as_str())))
}
