//! What a program can reach of the standard library, by name.
//!
//! A function of the library can run only if something that runs names it: a call, a function value, a
//! method in an interface. So a body that no reached text has the name of need not be parsed, checked or
//! compiled. Names are compared without regard to what they mean, which reaches a little more than needed
//! and never less. Dynamic access finds methods by names that are made at run time: with it, everything is
//! reached.

use foldhash::HashMap;

use crate::diag::Diagnostics;
use crate::package::Package;
use crate::source::SourceMap;
use crate::syntax::Outline;
use crate::syntax::ast::{Decl, File, FuncDecl, NodeIds};

/// The file of a standard package whose function bodies wait, and where it is among the packages.
#[derive(Debug)]
pub struct Waiting {
    /// The package's index.
    pub package: usize,
    /// The file's index in it.
    pub file: usize,
    /// The bodies.
    pub outline: Outline,
}

/// A function whose body waits: which file of [`Waiting`], which declaration of that file.
#[derive(Clone, Copy)]
struct Function {
    waiting: usize,
    decl: usize,
}

/// Parses the bodies that the packages' other text can reach. `all` reaches every one.
pub fn parse_reached(
    packages: &mut [Package],
    waiting: &[Waiting],
    all: bool,
    sources: &SourceMap,
    ids: &mut NodeIds,
    diags: &mut Diagnostics,
) {
    let mut by_name: HashMap<&str, Vec<Function>> = HashMap::default();
    let mut reached = Vec::new();
    let mut mentioned = Vec::new();
    for (at, file) in waiting.iter().enumerate() {
        let tree = &packages[file.package].files[file.file];
        for (decl, function) in functions(tree).filter(|(_, function)| function.left_out) {
            let function_at = Function { waiting: at, decl };
            if all || &*function.name.name == "init" {
                reached.push(function_at);
            } else {
                let span = function.name.span;
                let name = &sources.file(span.file).text()[span.lo as usize..span.hi as usize];
                by_name.entry(name).or_default().push(function_at);
            }
        }
        file.outline
            .names_outside(sources, |name| mentioned.push(name));
    }
    for name in mentioned {
        reached.extend(by_name.remove(name).unwrap_or_default());
    }
    for package in packages.iter().filter(|package| !package.std) {
        for name in package.files.iter().flat_map(|file| &file.names) {
            reached.extend(by_name.remove(&**name).unwrap_or_default());
        }
    }
    // The run-time system asks errors for their text.
    reached.extend(by_name.remove("Error").unwrap_or_default());
    while let Some(at) = reached.pop() {
        let file = &waiting[at.waiting];
        let tree = &mut packages[file.package].files[file.file];
        let Decl::Func(function) = &mut tree.decls[at.decl] else {
            continue;
        };
        let body = file
            .outline
            .parse_body(function.id, sources, ids, diags, |name| {
                reached.extend(by_name.remove(name).unwrap_or_default());
            });
        function.left_out = false;
        function.body = body;
    }
}

fn functions(tree: &File) -> impl Iterator<Item = (usize, &FuncDecl)> {
    let decls = tree.decls.iter().enumerate();
    decls.filter_map(|(at, decl)| match decl {
        Decl::Func(function) => Some((at, &**function)),
        _ => None,
    })
}
