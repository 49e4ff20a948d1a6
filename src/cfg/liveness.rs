//! Backward liveness: a slot is live where some path reads it before it is written.
//!
//! Slots that no block reads before it writes them are live only inside blocks; the sets at
//! block borders leave them out, so a function with very many temporaries costs little. Between
//! the borders liveness is found on demand by walking a block backwards.
//!
//! What the landing wants is live before each instruction from which panics lead there, even where
//! that instruction writes it: a panic comes before the write.
//!
//! The two slots of an interface are live together: its data word can be traced only with its
//! type word.

use super::graph::{BlockId, Cfg, EdgeKind};
use super::slotset::{SlotSet, bits};
use smallvec::SmallVec;
use std::rc::Rc;
use vo_bytecode::{Function, Slot, SlotTy};

const WORD: usize = u64::BITS as usize;

/// The number of a slot that is live only inside blocks.
const LOCAL: u32 = u32::MAX;

/// The liveness of a function's slots.
#[derive(Clone, Debug)]
pub struct Liveness<'a> {
    func: &'a Function,
    cfg: &'a Cfg,
    /// The slots that are live at some block border, by their dense number.
    globals: Vec<Slot>,
    /// The words of each block's set, over dense numbers.
    words: usize,
    /// What is live at the entry of each block: `words` words each.
    ins: Vec<u64>,
    /// What is live where panics lead, if there is such a place.
    landing: Option<Rc<SlotSet>>,
}

impl<'a> Liveness<'a> {
    /// Finds the liveness of all slots.
    pub fn build(func: &'a Function, cfg: &'a Cfg) -> Liveness<'a> {
        let borders = Borders::find(func, cfg);
        let words = borders.globals.len().div_ceil(WORD);
        let mut ins = vec![0; words * cfg.len()];
        for (block, exposed) in borders.exposed.iter().enumerate() {
            for number in exposed {
                ins[block * words + *number as usize / WORD] |= 1 << (number % WORD as u32);
            }
        }
        let mut live = Liveness {
            func,
            cfg,
            globals: borders.globals,
            words,
            ins,
            landing: None,
        };
        live.solve(&borders.killed, &borders.killed_early);
        live.landing = cfg.landing().map(|block| Rc::new(live.live_in(block)));
        live
    }

    /// The least fixed point, by a worklist of blocks in postorder.
    fn solve(&mut self, killed: &[Vec<u32>], killed_early: &[Vec<u32>]) {
        let mut waiting = vec![false; self.cfg.len()];
        let mut work = std::collections::BinaryHeap::new();
        // Unreachable blocks have liveness too, though no place in the reverse postorder: they
        // are numbered behind it.
        let mut order = self.cfg.rpo().to_vec();
        order.extend(self.cfg.blocks().filter(|b| !self.cfg.is_reachable(*b)));
        let mut place = vec![0; self.cfg.len()];
        for (at, block) in order.iter().enumerate() {
            place[block.index()] = at;
            waiting[block.index()] = true;
            work.push(at);
        }
        let mut out = vec![0; self.words];
        let mut thrown = vec![0; self.words];
        let kill = |set: &mut [u64], numbers: &[u32]| {
            for number in numbers {
                set[*number as usize / WORD] &= !(1 << (number % WORD as u32));
            }
        };
        while let Some(at) = work.pop() {
            let block = order[at];
            waiting[block.index()] = false;
            self.out_into(block, &mut out);
            kill(&mut out, &killed[block.index()]);
            if let Some(landing) = self.lands(block) {
                thrown.copy_from_slice(self.dense_in(landing));
                kill(&mut thrown, &killed_early[block.index()]);
                out.iter_mut()
                    .zip(&thrown)
                    .for_each(|(to, from)| *to |= from);
            }
            let start = block.index() * self.words;
            let mut changed = false;
            for (word, new) in self.ins[start..start + self.words].iter_mut().zip(&out) {
                changed |= *word | new != *word;
                *word |= new;
            }
            if !changed {
                continue;
            }
            let thrown = (self.cfg.landing() == Some(block))
                .then(|| self.cfg.blocks().filter(|from| self.lands(*from).is_some()));
            let jumped = self.cfg.preds(block).iter().map(|edge| edge.from);
            for from in jumped.chain(thrown.into_iter().flatten()) {
                if !std::mem::replace(&mut waiting[from.index()], true) {
                    work.push(place[from.index()]);
                }
            }
        }
    }

    /// The landing, if panics lead there from a block.
    fn lands(&self, block: BlockId) -> Option<BlockId> {
        self.cfg.first_landing(block).and(self.cfg.landing())
    }

    /// What is live at the end of a block, over dense numbers.
    fn out_into(&self, block: BlockId, out: &mut [u64]) {
        out.fill(0);
        let edges = self.cfg.succs(block).iter();
        for edge in edges.filter(|edge| edge.kind != EdgeKind::Panic) {
            for (word, succ) in out.iter_mut().zip(self.dense_in(edge.to)) {
                *word |= succ;
            }
        }
    }

    fn dense_in(&self, block: BlockId) -> &[u64] {
        &self.ins[block.index() * self.words..][..self.words]
    }

    fn expand(&self, dense: &[u64]) -> SlotSet {
        let mut set = SlotSet::new(self.func.slots.len());
        for (at, word) in dense.iter().enumerate() {
            set.extend(bits(*word).map(|bit| self.globals[at * WORD + bit]));
        }
        set
    }

    /// The function.
    pub fn func(&self) -> &'a Function {
        self.func
    }

    /// What is live where panics of the function lead, if that is a place in it.
    pub fn landing(&self) -> Option<&SlotSet> {
        self.landing.as_deref()
    }

    /// What is live where a block begins.
    pub fn live_in(&self, block: BlockId) -> SlotSet {
        self.expand(self.dense_in(block))
    }

    /// What is live where a block ends.
    pub fn live_out(&self, block: BlockId) -> SlotSet {
        let mut out = vec![0; self.words];
        self.out_into(block, &mut out);
        self.expand(&out)
    }

    /// What is live before instruction `at` runs. Whoever wants many points of a block walks
    /// it once, with [`Liveness::walk`].
    pub fn live_before(&self, at: usize) -> SlotSet {
        let mut walk = self.walk_to(at);
        walk.step();
        walk.live
    }

    /// What is live after instruction `at` has run, its results included.
    pub fn live_after(&self, at: usize) -> SlotSet {
        self.walk_to(at).live
    }

    /// What is live after instruction `at` has run, without what it writes itself: the values
    /// that a capture at this instruction must keep.
    pub fn live_across(&self, at: usize) -> SlotSet {
        self.walk_to(at).live_across()
    }

    /// Walks a block backwards, from its end.
    pub fn walk(&self, block: BlockId) -> Walk<'a> {
        let range = self.cfg.range(block);
        Walk {
            func: self.func,
            start: range.start,
            at: range.end,
            live: self.live_out(block),
            landing: self.landing.clone(),
        }
    }

    /// A walk that stands behind instruction `at`.
    fn walk_to(&self, at: usize) -> Walk<'a> {
        let mut walk = self.walk(self.cfg.block_of(at));
        while walk.at > at + 1 {
            walk.step();
        }
        walk
    }
}

/// A walk through a block, backwards. It stands between two instructions (or at a border), and
/// knows what is live there.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    func: &'a Function,
    start: usize,
    at: usize,
    live: SlotSet,
    landing: Option<Rc<SlotSet>>,
}

impl Walk<'_> {
    /// The instruction that the walk stands behind; none at the block's start.
    pub fn inst(&self) -> Option<usize> {
        (self.at > self.start).then(|| self.at - 1)
    }

    /// What is live here: after [`Walk::inst`] has run.
    pub fn live(&self) -> &SlotSet {
        &self.live
    }

    /// What is live here, without what [`Walk::inst`] writes, but with what is wanted should it
    /// panic: the values that a capture at that instruction must keep.
    pub fn live_across(&self) -> SlotSet {
        let mut live = self.live.clone();
        if let Some(at) = self.inst() {
            kills(self.func, at, |slot| live.remove(slot));
            live.extend(self.thrown(at));
        }
        live
    }

    /// What is wanted where a panic of the instruction leads.
    fn thrown(&self, at: usize) -> impl Iterator<Item = Slot> + use<> {
        let landing = self.landing.clone().filter(|_| self.func.code[at].lands());
        let slots: Vec<Slot> = landing.iter().flat_map(|set| set.iter()).collect();
        slots.into_iter()
    }

    /// Goes before [`Walk::inst`] and gives its index; none at the block's start.
    pub fn step(&mut self) -> Option<usize> {
        let at = self.inst()?;
        kills(self.func, at, |slot| self.live.remove(slot));
        uses(self.func, at, |slot| self.live.insert(slot));
        let thrown = self.thrown(at);
        self.live.extend(thrown);
        self.at = at;
        Some(at)
    }
}

/// The slots that instruction `at` wants: what it reads, interfaces whole.
fn uses(func: &Function, at: usize, mut each: impl FnMut(Slot)) {
    func.reads(at, |slot| {
        each(slot);
        match func.slots[slot.index()] {
            SlotTy::IfaceType => each(slot.next()),
            SlotTy::IfaceData => each(Slot(slot.0 - 1)),
            _ => {}
        }
    });
}

/// The slots whose former value instruction `at` ends: what it writes, but not the half of an
/// interface whose other half stays.
fn kills(func: &Function, at: usize, mut each: impl FnMut(Slot)) {
    let mut written: SmallVec<[Slot; 8]> = SmallVec::new();
    func.writes(at, |slot| written.push(slot));
    for (i, slot) in written.iter().enumerate() {
        match func.slots[slot.index()] {
            SlotTy::IfaceType => {
                if written.get(i + 1) == Some(&slot.next()) {
                    each(*slot);
                    each(slot.next());
                }
            }
            SlotTy::IfaceData => {}
            _ => each(*slot),
        }
    }
}

/// What blocks do to the slots that are live at their borders.
struct Borders {
    globals: Vec<Slot>,
    /// Per block, the dense numbers of the slots that it reads before it writes them.
    exposed: Vec<Vec<u32>>,
    /// Per block, the dense numbers of the slots that it writes.
    killed: Vec<Vec<u32>>,
    /// Per block, of those that it writes before any panic can leave it.
    killed_early: Vec<Vec<u32>>,
}

impl Borders {
    fn find(func: &Function, cfg: &Cfg) -> Borders {
        let mut globals = Vec::new();
        let mut number = vec![LOCAL; func.slots.len()];
        let mut all_killed = Vec::with_capacity(cfg.len());
        let mut all_killed_early = Vec::with_capacity(cfg.len());
        let mut exposed = Vec::with_capacity(cfg.len());
        // The block that wrote, or exposed, each slot last, plus one.
        let mut written_in = vec![0; func.slots.len()];
        let mut exposed_in = vec![0; func.slots.len()];
        for block in cfg.blocks() {
            let stamp = block.0 + 1;
            let mut killed_here = Vec::new();
            let mut exposed_here = Vec::new();
            let mut killed_early_here = Vec::new();
            for at in cfg.range(block) {
                if cfg.first_landing(block) == Some(at) {
                    killed_early_here.clone_from(&killed_here);
                }
                uses(func, at, |slot| {
                    let i = slot.index();
                    if written_in[i] == stamp || exposed_in[i] == stamp {
                        return;
                    }
                    exposed_in[i] = stamp;
                    if number[i] == LOCAL {
                        number[i] = globals.len() as u32;
                        globals.push(slot);
                    }
                    exposed_here.push(number[i]);
                });
                kills(func, at, |slot| {
                    if std::mem::replace(&mut written_in[slot.index()], stamp) != stamp {
                        killed_here.push(slot);
                    }
                });
            }
            exposed.push(exposed_here);
            all_killed.push(killed_here);
            all_killed_early.push(killed_early_here);
        }
        let dense = |slots: Vec<Slot>| {
            let numbers = slots.into_iter().map(|slot| number[slot.index()]);
            numbers.filter(|number| *number != LOCAL).collect()
        };
        Borders {
            exposed,
            killed: all_killed.into_iter().map(dense).collect(),
            killed_early: all_killed_early.into_iter().map(dense).collect(),
            globals,
        }
    }
}
