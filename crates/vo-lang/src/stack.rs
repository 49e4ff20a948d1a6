//! Native stack for recursion over what a program nests: trees, types, imports.

/// With less native stack left than this, recursion goes on on a new segment. A level of expression or
/// statement takes some kilobytes in unoptimised builds.
const RED_ZONE: usize = 128 << 10;

/// The size of a new segment.
const SEGMENT: usize = 4 << 20;

/// Runs `f` with enough stack for another level of recursion.
pub(crate) fn deeper<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, SEGMENT, f)
}
