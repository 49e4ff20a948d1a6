//! What a run has counted: the file that `vo run --profile` writes, and its place in the model.

use super::model::FuncView;
use crate::cfg::{CallGraph, Cfg};
use crate::runtime::observe::timeline::Sink;
use crate::runtime::observe::{Goroutine, Observer};
use crate::split::ModulePlan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use vo_bytecode::{Module, binary};

/// The name of the schema, in the field `schema`.
pub const SCHEMA: &str = "vo-profile";
/// Its version.
pub const VERSION: u32 = 2;

/// A profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// The hash of the module's code, by [`module_hash`].
    pub module: String,
    /// How long the program ran, in nanoseconds.
    pub run_ns: u64,
    /// By function.
    pub functions: Vec<FuncRun>,
}

/// What a run has counted of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuncRun {
    /// Its name.
    pub name: String,
    /// By block, how often it ran.
    pub blocks: Vec<u64>,
    /// How often a frame of it was captured.
    pub captures: u64,
    /// By resume point.
    pub points: Vec<PointRun>,
}

/// What a run has counted of one resume point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointRun {
    /// How often a frame stopped there; for a call, because what it called did.
    pub suspensions: u64,
    /// How long goroutines waited there together, in nanoseconds; a wait counts for the innermost
    /// frame alone. Who still stands there has waited until the end.
    pub waited_ns: u64,
    /// The goroutines that still stood there when the program ended.
    pub parked: Vec<Goroutine>,
}

impl PointRun {
    /// What was counted, for people.
    pub fn text(&self) -> String {
        let mut text = format!("suspended {}", self.suspensions);
        if self.waited_ns > 0 {
            text += &format!(", waited {}", nanos(self.waited_ns));
        }
        if !self.parked.is_empty() {
            let count = self.parked.len();
            text += &format!(", {count} parked at the end");
        }
        text
    }
}

/// A duration, for people.
pub fn nanos(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => format!("{:.2} s", ns as f64 / 1e9),
    }
}

/// The hash of a module's code: the same for the same program wherever it lies, another one when
/// anything in it has changed that a run or a picture depends on.
pub fn module_hash(module: &Module) -> String {
    let mut code = module.clone();
    code.files.iter_mut().for_each(String::clear);
    let digest = Sha256::digest(binary::encode(&code));
    digest.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Reads a profile and makes sure that it is of this module.
///
/// # Errors
/// The message for the user.
pub fn read(file: &Path, module: &Module) -> Result<Profile, String> {
    let fail = |why: String| format!("error: {}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
    let profile: Profile = serde_json::from_str(&text)
        .map_err(|error| fail(format!("this is no profile: {error}")))?;
    if profile.schema != SCHEMA || profile.version != VERSION {
        return Err(fail(format!(
            "this is {} of version {}, not {SCHEMA} of version {VERSION}",
            profile.schema, profile.version
        )));
    }
    if profile.module != module_hash(module) {
        return Err(fail(
            "the profile is of another version of the program; run it again with --profile"
                .to_owned(),
        ));
    }
    match misfit(&profile, module) {
        Some(why) => Err(fail(why)),
        None => Ok(profile),
    }
}

/// In what a profile has not the form of a module: its functions, and their blocks and points.
pub fn misfit(profile: &Profile, module: &Module) -> Option<String> {
    if profile.functions.len() != module.functions.len() {
        return Some("the profile has not one entry for each function".to_owned());
    }
    let plan = ModulePlan::build(module, &CallGraph::build(module));
    let functions = module.functions.iter().zip(&plan.funcs);
    functions
        .zip(&profile.functions)
        .find_map(|((func, plan), run)| {
            let blocks = Cfg::build(func).len();
            let points = plan.points.len();
            let name = &func.name;
            let entry = "the profile has in the entry of";
            if run.name != *name {
                Some(format!("{entry} {name} the name {}", run.name))
            } else if run.blocks.len() != blocks {
                let found = run.blocks.len();
                Some(format!("{entry} {name} {found} blocks instead of {blocks}"))
            } else if run.points.len() != points {
                let found = run.points.len();
                Some(format!("{entry} {name} {found} points instead of {points}"))
            } else {
                None
            }
        })
}

/// Somebody to watch a run of a module, who counts and, where there is a sink, tells of events.
pub fn observer(module: &Module, sink: Option<Sink>) -> Observer {
    let plan = ModulePlan::build(module, &CallGraph::build(module));
    let blocks = module.functions.iter().map(|func| Cfg::build(func).len());
    Observer::new(blocks.sum(), plan.points.len(), sink)
}

/// The profile of a run that took so many nanoseconds.
pub fn of_run(module: &Module, observer: &Observer, run_ns: u64) -> Profile {
    let plan = ModulePlan::build(module, &CallGraph::build(module));
    let (mut blocks, mut points) = (
        observer.block_counts().into_iter(),
        observer.point_counts().into_iter(),
    );
    let functions = module
        .functions
        .iter()
        .zip(&plan.funcs)
        .map(|(func, plan)| {
            let own: Vec<PointRun> = (points.by_ref().take(plan.points.len()))
                .map(|counts| PointRun {
                    suspensions: counts.captures,
                    waited_ns: counts.waited_ns,
                    parked: counts.parked,
                })
                .collect();
            FuncRun {
                name: func.name.clone(),
                blocks: blocks.by_ref().take(Cfg::build(func).len()).collect(),
                captures: own.iter().map(|point| point.suspensions).sum(),
                points: own,
            }
        });
    Profile {
        schema: SCHEMA.to_owned(),
        version: VERSION,
        module: module_hash(module),
        run_ns,
        functions: functions.collect(),
    }
}

/// Adds what a run has counted to the views.
pub fn add(profile: &Profile, views: &mut [FuncView]) {
    for view in views {
        view.run = profile.functions.get(view.id as usize).cloned();
    }
}
