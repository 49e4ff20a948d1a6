//! Labels: each is declared once, used, and names a statement that can be left or continued.

use foldhash::HashMap;

use super::check::Checker;
use super::errors;
use super::info::{ObjId, ObjKind};
use super::ty::{Name, Ty};
use crate::stack::deeper;
use crate::syntax::ast::{Block, Ident, Stmt, StmtKind};

/// A labelled statement around the one being looked at.
#[derive(Clone, Debug)]
struct Enclosing {
    name: Name,
    breakable: bool,
    is_loop: bool,
}

#[derive(Default)]
struct Labels {
    declared: HashMap<Name, ObjId>,
    used: foldhash::HashSet<ObjId>,
    enclosing: Vec<Enclosing>,
}

impl<'a> Checker<'a> {
    /// Checks the labels of a function body; those of function literals within are their own.
    pub(super) fn check_labels(&mut self, body: &'a Block) {
        let mut labels = Labels::default();
        self.label_stmts(&body.stmts, &mut labels);
        let mut unused: Vec<ObjId> = labels
            .declared
            .into_values()
            .filter(|obj| !labels.used.contains(obj))
            .collect();
        unused.sort();
        for obj in unused {
            let object = self.info.object(obj);
            let (span, name) = (object.span, object.name.clone());
            self.report(errors::unused_label(span, &name));
        }
    }

    fn label_stmts(&mut self, stmts: &'a [Stmt], labels: &mut Labels) {
        for stmt in stmts {
            deeper(|| self.label_stmt(stmt, labels));
        }
    }

    fn label_stmt(&mut self, stmt: &'a Stmt, labels: &mut Labels) {
        match &stmt.kind {
            StmtKind::Labeled { label, stmt } => {
                self.declare_label(label, labels);
                let is_loop = matches!(stmt.kind, StmtKind::For(_) | StmtKind::Range(_));
                let breakable = is_loop
                    || matches!(
                        stmt.kind,
                        StmtKind::Switch(_) | StmtKind::TypeSwitch(_) | StmtKind::Select(_)
                    );
                labels.enclosing.push(Enclosing {
                    name: label.name.clone(),
                    breakable,
                    is_loop,
                });
                deeper(|| self.label_stmt(stmt, labels));
                labels.enclosing.pop();
            }
            StmtKind::Break(Some(label)) => self.use_label(label, labels, "break", |e| e.breakable),
            StmtKind::Continue(Some(label)) => {
                self.use_label(label, labels, "continue", |e| e.is_loop)
            }
            StmtKind::Block(block) => self.label_stmts(&block.stmts, labels),
            StmtKind::If(if_stmt) => {
                self.label_stmts(&if_stmt.then.stmts, labels);
                if let Some(els) = &if_stmt.els {
                    deeper(|| self.label_stmt(els, labels));
                }
            }
            StmtKind::Switch(switch) => switch
                .cases
                .iter()
                .for_each(|c| self.label_stmts(&c.body, labels)),
            StmtKind::TypeSwitch(switch) => switch
                .cases
                .iter()
                .for_each(|c| self.label_stmts(&c.body, labels)),
            StmtKind::Select(clauses) => clauses
                .iter()
                .for_each(|c| self.label_stmts(&c.body, labels)),
            StmtKind::For(for_stmt) => self.label_stmts(&for_stmt.body.stmts, labels),
            StmtKind::Range(range) => self.label_stmts(&range.body.stmts, labels),
            _ => {}
        }
    }

    fn declare_label(&mut self, label: &'a Ident, labels: &mut Labels) {
        if label.is_blank() {
            return;
        }
        let obj = self.new_object(label.name.clone(), label.span, Ty::INVALID, ObjKind::Label);
        self.record_def(label.id, obj);
        if let Some(&other) = labels.declared.get(&label.name) {
            let previous = self.info.object(other).span;
            self.report(errors::duplicate_label(label.span, &label.name, previous));
            return;
        }
        labels.declared.insert(label.name.clone(), obj);
    }

    fn use_label(
        &mut self,
        label: &'a Ident,
        labels: &mut Labels,
        what: &str,
        fits: fn(&Enclosing) -> bool,
    ) {
        let declared = labels.declared.get(&label.name).copied();
        if let Some(obj) = declared {
            labels.used.insert(obj);
            self.record_use(label.id, obj);
        }
        let valid = !label.is_blank()
            && labels
                .enclosing
                .iter()
                .any(|e| e.name == label.name && fits(e));
        if !valid {
            self.report(errors::invalid_label(
                label.span,
                what,
                &label.name,
                declared.is_some(),
            ));
        }
    }
}
