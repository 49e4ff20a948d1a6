//! Names and strings that would be something else if they were not escaped.

use crate::parse::{check_dot, check_page};
use clap::ValueEnum;
use std::path::Path;
use vo_bytecode::FuncId;
use vo_jit::view::dot::{self, Titled};
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, Parts, SourceLine};
use vo_jit::view::render::{Compare, Stage};
use vo_jit::view::visible::{Shown, is_hidden, visible};
use vo_jit::view::waits::{self, Wait};
use vo_jit::view::{html, json, svg, text};

const HOSTILE: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "<!--",
    "]]>&amp;&#60;&lt;",
    "</style></svg></title></template>",
    "a\u{2028}b\u{1}c\u{7f}",
    "\u{1b}[31mred\u{7}\u{9b}2J",
    "a\u{202e}b\u{2066}c\u{2069}d\u{200b}e\u{200f}f\u{feff}g\u{61c}h\u{e0041}",
    "one\nfunc two\r\u{85}\u{2029}three",
];

/// The text as bytecode's text form has it.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        out += &format!("\\x{byte:02x}");
    }
    format!("\"{out}\"")
}

/// A function for each text, which has it as its name, as a variable's, as a type's, as a string
/// and as a comment.
fn views() -> Vec<FuncView> {
    let mut source = String::from("file 0 \"a.vo\"\n");
    for (at, text) in HOSTILE.iter().enumerate() {
        let (name, text) = (quoted(&format!("{text}{at}")), quoted(text));
        source += &format!("string s{at} {text}\ntype t{at} {text} = i64\n");
        source += &format!(
            "func {name}(i64) {{\n  slots ref, i64\n  names %0 = {text}: t{at}\n  \
             ConstStr %1, %2, s{at} !1\n  Br %0, @a, @b\n@a:\n  Jump @a\n@b:\n  Return []\n}}\n"
        );
    }
    let mut module = vo_bytecode::text::parse(&source).expect("a module");
    module.files[0] = HOSTILE[0].to_owned();
    vo_bytecode::verify::verify(&module).expect("well-formed");
    let all: Vec<FuncId> = (0..HOSTILE.len() as u32).map(FuncId).collect();
    let parts = Parts {
        source: true,
        code: true,
    };
    let mut builder = Builder::new(module, Path::new(HOSTILE[1]));
    let mut views = builder.views(&all, parts).expect("views");
    for (view, text) in views.iter_mut().zip(HOSTILE) {
        view.source = vec![SourceLine {
            line: 1,
            text: format!("\t// {text}"),
        }];
    }
    views
}

fn shown() -> Vec<Shown> {
    views().into_iter().map(Shown::of).collect()
}

fn wait(view: &FuncView) -> Wait {
    Wait {
        func: view.id,
        name: view.name.clone(),
        point: 0,
        kind: HOSTILE[4].to_owned(),
        inst: 0,
        line: 1,
        waited_ns: 7,
        suspended: 1,
        parked: Vec::new(),
    }
}

/// That nothing in an output is hidden but the ends of its lines.
fn all_is_visible(text: &str) {
    let found = text
        .char_indices()
        .find(|(_, c)| *c != '\n' && is_hidden(*c));
    if let Some((at, c)) = found {
        let before: String = text[..at].chars().rev().take(80).collect();
        panic!("{c:?} behind {}", before.chars().rev().collect::<String>());
    }
}

#[test]
fn a_page_holds_program_text_as_text() {
    let shown = shown();
    let waits: Vec<Wait> = views().iter().map(wait).collect();
    for waits in [None, Some(waits)] {
        let page = html::page(HOSTILE[1], &shown, waits.as_deref()).expect("a page");
        all_is_visible(&page);
        let elements = check_page(&page, shown.len());
        let list = elements
            .iter()
            .find(|element| element.attribute("id") == Some("functions"))
            .expect("the list of functions");
        let list: serde_json::Value = serde_json::from_str(&list.text).expect("JSON");
        for (at, text) in HOSTILE.iter().enumerate() {
            assert_eq!(list[at]["name"], format!("{}{at}", visible(text)));
        }
        let links = elements.iter().filter(|element| element.name == "a");
        let links: Vec<_> = links.skip(1).collect();
        for (link, text) in links.iter().zip(HOSTILE) {
            assert!(link.text.starts_with(&*visible(text)), "{}", link.text);
        }
        assert_eq!(links.len(), waits.map_or(0, |waits| waits.len()));
    }
}

#[test]
fn a_picture_holds_program_text_as_text() {
    for (view, hostile) in shown().iter().zip(HOSTILE) {
        for after in [false, true] {
            let drawing = Drawing::new(view, after).expect("small");
            let text = svg::file(&[vec![(view.name.clone(), drawing)]], &view.name);
            all_is_visible(&text);
            let document = roxmltree::Document::parse(&text).expect("XML");
            let allowed = [
                "svg", "g", "rect", "path", "text", "tspan", "title", "style",
            ];
            for node in document.descendants().filter(|node| node.is_element()) {
                assert!(allowed.contains(&node.tag_name().name()), "{node:?}");
                assert!(node.attributes().all(|each| !each.name().starts_with("on")));
            }
            let texts = document.descendants().filter_map(|node| node.text());
            let holds = |text: &str| text.contains(&*visible(hostile));
            assert!(texts.clone().any(holds), "{hostile:?}");
        }
    }
}

/// Labels of Graphviz are text in which entities are decoded.
#[test]
fn a_file_for_graphviz_holds_program_text_as_text() {
    for (view, hostile) in shown().iter().zip(HOSTILE) {
        let titled = Titled {
            title: view.name.clone(),
            view,
            after: true,
            diff: false,
        };
        let text = dot::file(&[titled], "hostile");
        check_dot(&text, &[&view.after]);
        all_is_visible(&text);
        for entity in text.split('&').skip(1) {
            assert!(entity.starts_with("amp;"), "{entity}");
        }
        let decoded = text.replace("\\\"", "\"").replace("\\\\", "\\");
        let decoded = decoded.replace("&amp;", "&");
        assert!(decoded.contains(&*visible(hostile)), "{decoded}");
        // What names the file is no label.
        assert!(dot::file(&[], "a&b").starts_with("digraph \"a&b\""));
    }
}

#[test]
fn text_says_what_the_program_says() {
    for (view, hostile) in shown().iter().zip(HOSTILE) {
        for stage in Stage::value_variants() {
            for compare in [None, Some(Compare::Side), Some(Compare::Diff)] {
                let text = text::function(view, *stage, compare);
                all_is_visible(&text);
                assert!(text.contains(&*visible(hostile)), "{stage:?}: {text}");
            }
        }
        assert!(
            text::function(view, Stage::Source, None).contains("\t// "),
            "a tab is one"
        );
    }
    for view in views() {
        all_is_visible(&waits::text(&[wait(&view)]));
        let list = text::listed(&view.name, 1, 1, &view.facts);
        all_is_visible(&list);
        assert_eq!(list.lines().count(), 1 + view.facts.why.len());
    }
}

/// For programs a text stays what it is, though nothing in the file acts on who looks at it.
#[test]
fn json_means_the_text_itself() {
    let views = views();
    let document = json::document(HOSTILE[7], "", &views);
    all_is_visible(&document);
    let value: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(value["program"], HOSTILE[7]);
    for (at, text) in HOSTILE.iter().enumerate() {
        let function = &value["functions"][at];
        assert_eq!(function["name"], format!("{text}{at}"));
        assert_eq!(function["source"][0]["text"], format!("\t// {text}"));
        assert_eq!(function["slots"][0]["name"], *text);
    }
}
