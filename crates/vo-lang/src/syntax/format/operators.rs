//! The spaces around binary operators.
//!
//! As gofmt has it: in a mixture of operators those that bind tighter have no spaces, and the deeper an
//! expression is nested the fewer there are. `a*b + c`, `f(a+b, c)`, `x[i+1]`.

use super::super::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

/// Operators of at least this precedence have no spaces in `e`, a binary expression at a depth.
pub(super) fn cutoff(e: &Expr, depth: u32) -> u8 {
    let mut seen = Seen::default();
    walk(e, &mut seen);
    if seen.problem > 0 {
        return seen.problem + 1;
    }
    match (seen.has4 && seen.has5, depth) {
        (true, 1) => 5,
        (false, 1) => 6,
        _ => 4,
    }
}

/// By how much deeper the left operand of an operator of that precedence is.
pub(super) fn left_depth(left: &Expr, precedence: u8) -> u32 {
    match &left.kind {
        ExprKind::Binary { op, .. } if op.precedence() == precedence => 0,
        _ => 1,
    }
}

#[derive(Default)]
struct Seen {
    has4: bool,
    has5: bool,
    /// The precedence from which tight operators would run together with what follows them.
    problem: u8,
}

fn walk(e: &Expr, seen: &mut Seen) {
    // Chains are deep on the left only.
    let mut e = e;
    while let ExprKind::Binary { op, x, y, .. } = &e.kind {
        match op.precedence() {
            4 => seen.has4 = true,
            5 => seen.has5 = true,
            _ => {}
        }
        match &y.kind {
            ExprKind::Binary { op: right, .. } if right.precedence() > op.precedence() => {
                walk(y, seen);
            }
            ExprKind::Star(_) if *op == BinaryOp::Div => seen.problem = 5,
            ExprKind::Unary { op: unary, .. } => {
                let problem = match (op, unary) {
                    (BinaryOp::And, UnaryOp::Addr | UnaryOp::BitNot) => 5,
                    (BinaryOp::Add, UnaryOp::Plus) | (BinaryOp::Sub, UnaryOp::Neg) => 4,
                    _ => 0,
                };
                seen.problem = seen.problem.max(problem);
            }
            _ => {}
        }
        match &x.kind {
            ExprKind::Binary { op: left, .. } if left.precedence() >= op.precedence() => e = x,
            _ => return,
        }
    }
}
