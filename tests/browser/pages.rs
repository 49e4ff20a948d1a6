//! What is shown to the browser: pages and a picture of the functions of the golden files, and of
//! some that the compiler seldom makes.

use std::path::Path;
use vo_bytecode::{FuncId, Module};
use vo_jit::runtime::observe::Goroutine;
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, Parts};
use vo_jit::view::profile::{self, FuncRun, PointRun, Profile};
use vo_jit::view::visible::Shown;
use vo_jit::view::waits::Wait;
use vo_jit::view::{html, svg};

/// Two loops and a block that nothing leads to, a block that is cold, a switch of twenty cases.
fn extra() -> String {
    let mut text = String::from(
        "func main.knot(%0: i64) {\n  Br %0, @a, @b\n@a:\n  Br %0, @b, @end\n\
         @b:\n  Br %0, @a, @end\n@end:\n  Return []\n@dead:\n  Jump @inner\n\
         @inner:\n  Br %0, @inner, @dead\n@stray:\n  Jump @end\n}\n\
         func main.cases(%0: i64) {\n  Switch %0, [",
    );
    let cases: Vec<String> = (0..20).map(|at| format!("@c{at}")).collect();
    text += &format!("{}], @other\n", cases.join(", "));
    for case in cases {
        text += &format!("{case}:\n  Return []\n");
    }
    text + "@other:\n  Return []\n}\n"
}

fn module() -> Module {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/view/golden");
    let text = std::fs::read_to_string(folder.join("functions.vot")).expect("a file");
    let module = vo_bytecode::text::parse(&(text + &extra())).expect("the functions can be read");
    vo_bytecode::verify::verify(&module).expect("they are well-formed");
    module
}

fn views() -> Vec<FuncView> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/view/golden");
    let module = module();
    let all: Vec<FuncId> = (0..module.functions.len() as u32).map(FuncId).collect();
    let parts = Parts {
        source: true,
        code: true,
    };
    let mut builder = Builder::new(module, &folder.join("functions.vot"));
    builder.views(&all, parts).expect("views")
}

/// The functions after a run in which every block is hot, and each a little less so.
fn after_a_run() -> Vec<FuncView> {
    let mut views = views();
    let functions = views.iter().map(|view| FuncRun {
        name: view.name.clone(),
        blocks: (0..view.blocks.len() as u32)
            .map(|at| 1_000_000 >> (at % 20))
            .collect(),
        captures: 3,
        points: vec![
            PointRun {
                suspensions: 2,
                waited_ns: 5_000_000,
                parked: Vec::new(),
            };
            view.points.len()
        ],
    });
    let profile = Profile {
        schema: profile::SCHEMA.to_owned(),
        version: profile::VERSION,
        module: String::new(),
        run_ns: 7_000_000,
        functions: functions.collect(),
    };
    profile::add(&profile, &mut views);
    views
}

fn page(views: &[Shown]) -> String {
    let choose = views.iter().find(|view| view.name == "main.choose");
    let choose = choose.expect("the function is there");
    let waits = [Wait {
        func: choose.id,
        name: choose.name.clone(),
        point: 1,
        kind: choose.points[1].kind.clone(),
        inst: choose.points[1].inst,
        line: choose.points[1].line,
        waited_ns: 5_000_000,
        suspended: 2,
        parked: vec![Goroutine {
            island: 1,
            number: 3,
        }],
    }];
    html::page("functions.vot", views, Some(&waits)).expect("a page")
}

/// All functions before the split and after it, without colours and with them.
fn picture(views: &[Shown]) -> String {
    let rows = views.iter().map(|view| {
        let drawing = |after| Drawing::new(view, after).expect("small");
        vec![
            (format!("{} — cfg", view.name), drawing(false)),
            (format!("{} — split", view.name), drawing(true)),
            (format!("{} — diff", view.name), drawing(true).with_diff()),
        ]
    });
    svg::file(&rows.collect::<Vec<_>>(), "functions.vot")
}

/// Writes all that is shown: `page.html`; after a run `run.html`; as pictures `page.svg` and
/// `run.svg`.
pub fn write(folder: &Path) {
    for (name, views) in [("page", views()), ("run", after_a_run())] {
        let views: Vec<Shown> = views.into_iter().map(Shown::of).collect();
        for (extension, text) in [("html", page(&views)), ("svg", picture(&views))] {
            let file = folder.join(format!("{name}.{extension}"));
            std::fs::write(file, text).expect("it can be written");
        }
    }
}
