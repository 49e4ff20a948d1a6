//! What is written at the edges of pictures.

use crate::parse::check_labels;
use std::path::Path;
use vo_bytecode::FuncId;
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, EdgeClass, Parts};
use vo_jit::view::svg;
use vo_jit::view::visible::Shown;

/// A function with a switch of so many cases. Each has a block of its own, or two share one.
fn switch(cases: usize, shared: bool) -> String {
    let target = |at: usize| if shared { at / 2 } else { at };
    let targets: Vec<String> = (0..cases).map(|at| format!("@c{}", target(at))).collect();
    let mut text = format!(
        "file 0 \"a.vo\"\nfunc main.cases(%0: i64) {{\n  Switch %0, [{}], @other\n",
        targets.join(", ")
    );
    for at in 0..=target(cases - 1) {
        text += &format!("@c{at}:\n  Jump @end\n");
    }
    text + "@other:\n  Jump @end\n@end:\n  Return []\n}\n"
}

#[test]
fn cases_say_which_they_are() {
    for (cases, shared) in [(1, false), (2, true), (20, false), (20, true), (120, false)] {
        let module = vo_bytecode::text::parse(&switch(cases, shared)).expect("a module");
        vo_bytecode::verify::verify(&module).expect("well-formed");
        let parts = Parts {
            source: false,
            code: false,
        };
        let mut builder = Builder::new(module, Path::new("a.vot"));
        let views = builder.views(&[FuncId(0)], parts).expect("a view");
        let view = Shown::of(views[0].clone());
        let drawing = Drawing::new(&view, false).expect("small");
        let picture = svg::inline(&drawing, "cases");
        check_labels(&drawing, &picture);
        // Each says what its edge is, and stands where that begins.
        for ((edge, label), path) in (drawing.graph.edges.iter())
            .zip(&drawing.labels)
            .zip(&drawing.layout.edges)
        {
            let number = edge.label.trim_start_matches("case ");
            let wanted = if edge.kind == EdgeClass::Case {
                number
            } else {
                ""
            };
            assert_eq!(label, wanted);
            let place = format!("x=\"{}\" y=\"{}\"", path[0].x + 4, path[0].y + 9);
            let shown = format!("<text class=\"label\" {place}>{label}</text>");
            assert!(label.is_empty() || picture.contains(&shown), "{shown}");
        }
    }
}
