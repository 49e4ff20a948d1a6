//! Finds out what decides where variables live, beyond what the checker knows: array variables that are
//! indexed dynamically must live in memory although they are small; a loop variable that only the head of
//! its loop changes need not be shared with the closures that use it.

use super::program::Program;
use crate::syntax::ast::*;
use crate::types::info::{ObjKind, Target};
use crate::types::ty::Kind;

/// Looks through a function's body, the literals in it included.
pub fn block(p: &mut Program<'_>, block: &Block) {
    stmts(p, &block.stmts);
}

fn stmts(p: &mut Program<'_>, list: &[Stmt]) {
    list.iter().for_each(|s| stmt(p, s));
}

fn stmt(p: &mut Program<'_>, s: &Stmt) {
    match &s.kind {
        StmtKind::Decl(Decl::Var(decl)) => {
            decl.specs.iter().for_each(|spec| exprs(p, &spec.values));
        }
        StmtKind::Bad
        | StmtKind::Empty
        | StmtKind::Decl(_)
        | StmtKind::Break(_)
        | StmtKind::Continue(_)
        | StmtKind::Fallthrough => {}
        StmtKind::Labeled { stmt: inner, .. } => stmt(p, inner),
        StmtKind::Expr(e) | StmtKind::Defer(e) | StmtKind::ErrDefer(e) | StmtKind::Fail(e) => {
            expr(p, e)
        }
        StmtKind::Send { chan, value, .. } => {
            expr(p, chan);
            expr(p, value);
        }
        StmtKind::IncDec { x, .. } => {
            assigned(p, x);
            expr(p, x);
        }
        StmtKind::Assign { lhs, op, rhs, .. } => {
            if *op != AssignOp::Define || lhs.len() > 1 {
                lhs.iter().for_each(|e| assigned(p, e));
            }
            exprs(p, lhs);
            exprs(p, rhs);
        }
        StmtKind::Go { island, call } => {
            exprs(p, island);
            expr(p, call);
        }
        StmtKind::Return(results) => exprs(p, results),
        StmtKind::Block(inner) => block(p, inner),
        StmtKind::If(s) => {
            s.init.iter().for_each(|s| stmt(p, s));
            expr(p, &s.cond);
            block(p, &s.then);
            s.els.iter().for_each(|s| stmt(p, s));
        }
        StmtKind::Switch(s) => {
            s.init.iter().for_each(|s| stmt(p, s));
            exprs(p, &s.tag);
            s.cases.iter().for_each(|c| clause(p, c));
        }
        StmtKind::TypeSwitch(s) => {
            s.init.iter().for_each(|s| stmt(p, s));
            expr(p, &s.x);
            s.cases.iter().for_each(|c| stmts(p, &c.body));
        }
        StmtKind::Select(clauses) => {
            for c in clauses {
                match &c.comm {
                    Comm::Bad | Comm::Default => {}
                    Comm::Send { chan, value, .. } => {
                        expr(p, chan);
                        expr(p, value);
                    }
                    Comm::Recv { lhs, recv, .. } => {
                        lhs.iter().for_each(|e| assigned(p, e));
                        exprs(p, lhs);
                        expr(p, recv);
                    }
                }
                stmts(p, &c.body);
            }
        }
        StmtKind::For(s) => for_stmt(p, s),
        StmtKind::Range(s) => {
            s.key.iter().chain(&s.value).for_each(|e| assigned(p, e));
            exprs(p, &s.key);
            exprs(p, &s.value);
            if s.value.is_some() {
                indexed(p, &s.x);
            }
            expr(p, &s.x);
            block(p, &s.body);
        }
    }
}

fn for_stmt(p: &mut Program<'_>, s: &ForStmt) {
    let mut vars = Vec::new();
    if let Some(init) = &s.init {
        if let StmtKind::Assign {
            lhs,
            op: AssignOp::Define,
            ..
        } = &init.kind
        {
            vars.extend(lhs.iter().filter_map(|e| p.info.def(e.as_ident()?.id)));
            p.loop_vars.extend(&vars);
        }
        stmt(p, init);
    }
    exprs(p, &s.cond);
    // What the usual `i++` and `i += 2` change is the next iteration's variable, unless it is not the
    // loop's own; no closure is made here.
    let mut post = |target: &Expr| {
        let obj = target.as_ident().and_then(|ident| p.info.use_of(ident.id));
        if obj.is_none_or(|obj| !vars.contains(&obj)) {
            assigned(p, target);
        }
        expr(p, target);
    };
    match s.post.as_ref().map(|post| &post.kind) {
        Some(StmtKind::IncDec { x, .. }) => post(x),
        Some(StmtKind::Assign { lhs, rhs, .. }) if rhs.iter().all(is_simple) => {
            lhs.iter().for_each(&mut post);
            exprs(p, rhs);
        }
        _ => s.post.iter().for_each(|post| stmt(p, post)),
    }
    block(p, &s.body);
}

fn is_simple(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Ident(_) | ExprKind::Lit(_) => true,
        ExprKind::Binary { x, y, .. } => is_simple(x) && is_simple(y),
        ExprKind::Unary { x, .. } | ExprKind::Paren(x) => is_simple(x),
        _ => false,
    }
}

/// Notes the variable that an assignment changes, all or a part of it.
fn assigned(p: &mut Program<'_>, target: &Expr) {
    let mut e = target.unparen();
    loop {
        e = match &e.kind {
            ExprKind::Ident(ident) => {
                if let Some(obj) = p.info.use_of(ident.id) {
                    p.assigned.insert(obj);
                }
                return;
            }
            ExprKind::Selector { x, .. } | ExprKind::Index { x, .. } => x.unparen(),
            _ => return,
        };
    }
}

fn clause(p: &mut Program<'_>, c: &CaseClause) {
    c.exprs.iter().for_each(|list| exprs(p, list));
    stmts(p, &c.body);
}

fn exprs<'e>(p: &mut Program<'_>, list: impl IntoIterator<Item = &'e Expr>) {
    list.into_iter().for_each(|e| expr(p, e));
}

fn expr(p: &mut Program<'_>, e: &Expr) {
    match &e.kind {
        ExprKind::CompositeLit { elems, .. } => {
            for elem in elems {
                exprs(p, &elem.key);
                expr(p, &elem.value);
            }
        }
        ExprKind::FuncLit { body, .. } => block(p, body),
        ExprKind::Paren(x) | ExprKind::Star(x) | ExprKind::Try(x) => expr(p, x),
        ExprKind::Selector { x, .. } | ExprKind::TypeAssert { x, .. } => expr(p, x),
        ExprKind::Unary { x, .. } => expr(p, x),
        ExprKind::Index { x, index } => {
            if p.info.const_value(index.id).is_none() {
                indexed(p, x);
            }
            expr(p, x);
            expr(p, index);
        }
        ExprKind::Slice { x, lo, hi, max } => {
            expr(p, x);
            [lo, hi, max].into_iter().flatten().for_each(|e| expr(p, e));
        }
        ExprKind::Call { fun, args, .. } => {
            expr(p, fun);
            exprs(p, args);
        }
        ExprKind::Binary { x, y, .. } => {
            expr(p, x);
            expr(p, y);
        }
        ExprKind::Dyn { x, access, .. } => {
            expr(p, x);
            match access {
                DynAccess::Attr(_) => {}
                DynAccess::Index(index) => expr(p, index),
                DynAccess::Method { args, .. } | DynAccess::Call { args, .. } => exprs(p, args),
            }
        }
        _ => {}
    }
}

/// Marks the variable that an indexed array is, or is a part of.
fn indexed(p: &mut Program<'_>, array: &Expr) {
    if !matches!(p.tys.under(p.info.type_of(array.id)), Kind::Array(..)) {
        return;
    }
    let mut e = array.unparen();
    loop {
        let x = match &e.kind {
            ExprKind::Ident(ident) => {
                if let Some(obj) = p.info.use_of(ident.id)
                    && matches!(p.info.object(obj).kind, ObjKind::Var(_))
                {
                    p.indexed.insert(obj);
                }
                return;
            }
            // Through a pointer the array is in memory anyway.
            ExprKind::Selector { x, .. } => match p.info.selection(e.id) {
                Some(s) if s.target == Target::Field && s.path.iter().all(|step| !step.deref) => x,
                _ => return,
            },
            ExprKind::Index { x, .. }
                if matches!(p.tys.under(p.info.type_of(x.id)), Kind::Array(..)) =>
            {
                x
            }
            _ => return,
        };
        e = x.unparen();
    }
}
