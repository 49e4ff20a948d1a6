//! Loops that can be tested at the bottom.
//!
//! A loop as a compiler emits it tests at the top and jumps back from the bottom: two jumps each
//! time round. Rotated, it ends with a copy of its header, whose branch is the only jump. This
//! module says which loops allow that; the code generator makes the copies.

use super::effects::Effects;
use super::graph::{BlockId, Cfg, EdgeKind};
use super::loops::Loops;
use vo_bytecode::{Function, Inst};

/// The largest header that is copied, in instructions: enough for a comparison of two fields or
/// elements, with their loads and checks, and little enough for one copy at each `continue`.
pub const MAX_HEADER: usize = 12;

/// A loop that can be rotated: each back edge to the header becomes a copy of the header, which
/// goes on to the body (with the poll on that edge) or leaves by the exit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rotation {
    /// The loop's header, which ends with a `Br`.
    pub header: BlockId,
    /// Where the `Br` goes on in the loop.
    pub body: BlockId,
    /// Where it leaves the loop.
    pub exit: BlockId,
}

/// The loops that can be rotated, by number.
///
/// A loop of a single block is not among them: it has its test at the bottom already.
pub fn rotations(func: &Function, cfg: &Cfg, loops: &Loops) -> Vec<Rotation> {
    let all = loops.iter().filter(|(_, each)| !each.is_irreducible());
    all.filter_map(|(id, each)| {
        let header = each.header;
        let last = cfg.block(header).last()?;
        if !matches!(func.code[last], Inst::Br { .. }) || !may_copy(func, cfg, header) {
            return None;
        }
        let (mut taken, mut not_taken) = (None, None);
        for edge in cfg.succs(header) {
            match edge.kind {
                EdgeKind::Taken => taken = Some(edge.to),
                _ => not_taken = Some(edge.to),
            }
        }
        let (taken, not_taken) = (taken?, not_taken?);
        let (body, exit) = match (loops.contains(id, taken), loops.contains(id, not_taken)) {
            (true, false) => (taken, not_taken),
            (false, true) => (not_taken, taken),
            _ => return None,
        };
        (body != header).then_some(Rotation { header, body, exit })
    })
    .collect()
}

/// Whether a header is small, and nothing in it is a place where the function may be captured:
/// such a place must exist once.
fn may_copy(func: &Function, cfg: &Cfg, header: BlockId) -> bool {
    cfg.block(header).len() <= MAX_HEADER
        && cfg.range(header).all(|at| {
            let effects = Effects::of(&func.code[at]);
            !effects.may_block && !effects.calls
        })
}
