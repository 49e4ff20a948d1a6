//! Where goroutines come from: by whom, and where in the program, each was started.
//!
//! A fiber has the number of its creator; its root record, whose room is known from its cell, has
//! the number of a *site*: one of the instructions that start goroutines, numbered from 1. That is
//! all that is kept while a goroutine lives, at the price of a store.
//!
//! What this does not know: a creator on another island is told by its number alone there. That
//! suffices, since only the island that has made another starts goroutines there.

use super::context::Context;
use super::fiber::Fiber;
use crate::inline::{Frame, Places};
use vo_bytecode::{FuncId, Inst, Module};

/// The instructions of a program that start goroutines.
#[derive(Debug, Default)]
pub struct Sites {
    /// In order of function and instruction.
    all: Vec<Site>,
}

#[derive(Debug)]
struct Site {
    func: FuncId,
    inst: u32,
    /// Where it stands in the source.
    place: Frame,
    /// Whether it starts them on another island.
    elsewhere: bool,
}

/// By whom and where a goroutine was started.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// The creator's island.
    pub island: u64,
    /// The creator's number.
    pub goroutine: u32,
    /// The function that has started it.
    pub func: FuncId,
    /// The line in its source.
    pub line: u32,
}

impl Sites {
    /// The sites of a module, with the places of instructions that were copied.
    pub fn new(module: &Module, places: &Places) -> Sites {
        let mut all = Vec::new();
        for (func, function) in module.functions.iter().enumerate() {
            for (inst, code) in function.code.iter().enumerate() {
                let elsewhere = match code {
                    Inst::GoStart { .. } => false,
                    Inst::GoIsland { .. } => true,
                    _ => continue,
                };
                let func = FuncId(func as u32);
                let line = function.lines.get(inst).copied().unwrap_or(0);
                let innermost = places
                    .frames(places.site(module, func, inst))
                    .first()
                    .copied();
                all.push(Site {
                    func,
                    inst: inst as u32,
                    place: innermost.unwrap_or(Frame { func, line }),
                    elsewhere,
                });
            }
        }
        Sites { all }
    }

    /// The number of the site at an instruction; 0 where that starts no goroutine.
    pub fn number(&self, func: FuncId, inst: usize) -> u32 {
        let found = self
            .all
            .binary_search_by_key(&(func, inst as u32), |site| (site.func, site.inst));
        found.map_or(0, |at| at as u32 + 1)
    }
}

impl Context {
    /// Notes where a goroutine comes from that has not run yet.
    ///
    /// # Safety
    /// The fiber is a fresh one of this context.
    pub unsafe fn set_origin(&self, fiber: *mut Fiber, creator: u32, site: u32) {
        // SAFETY: the caller's promise.
        unsafe {
            (*fiber).creator = creator;
            (*Fiber::root(fiber)).words = site;
        }
    }

    /// The number of the running goroutine; 0 where none runs.
    pub fn running(&self) -> u32 {
        if self.current.is_null() {
            return 0;
        }
        // SAFETY: the running fiber is valid.
        unsafe { (*self.current).id }
    }

    /// A goroutine ends: where it ends by a panic, notes where it comes from.
    ///
    /// # Safety
    /// As for [`Context::origin`].
    pub unsafe fn note_origin(&mut self, fiber: *mut Fiber) {
        if self.panicking.is_some() {
            // SAFETY: the caller's promise.
            let origin = unsafe { self.origin(fiber) };
            if let Some(panicking) = &mut self.panicking {
                panicking.origin = origin;
            }
        }
    }

    /// Where a goroutine comes from; `None` for those that the runtime has started.
    ///
    /// # Safety
    /// The fiber is one of this context that has not ended.
    pub unsafe fn origin(&self, fiber: *mut Fiber) -> Option<Origin> {
        // SAFETY: the caller's promise.
        let (goroutine, number) = unsafe { ((*fiber).creator, (*Fiber::root(fiber)).words) };
        let site = &self.program.sites.all[(number as usize).checked_sub(1)?];
        Some(Origin {
            island: if site.elsewhere {
                self.maker
            } else {
                self.island
            },
            goroutine,
            func: site.place.func,
            line: site.place.line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::text;

    #[test]
    fn sites_are_numbered_through_all_functions() {
        let source = "func f() {\n Return []\n}\n\
                      func g() {\n GoStart f, []\n GoStart f, []\n Return []\n}\n";
        let module = text::parse(source).expect("it is well-formed");
        let sites = Sites::new(&module, &Places::new(module.functions.len()));
        let g = module.find_func("g").expect("it is there");
        let numbers: Vec<u32> = (0..3).map(|inst| sites.number(g, inst)).collect();
        assert_eq!(numbers, [1, 2, 0]);
        assert_eq!(sites.number(FuncId(0), 0), 0);
    }
}
