//! Names and strings that would be something else if they were not escaped.

use crate::parse::{check_dot, check_page};
use std::path::Path;
use vo_bytecode::FuncId;
use vo_jit::view::dot::{self, Titled};
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, Parts};
use vo_jit::view::waits::Wait;
use vo_jit::view::{html, svg};

const HOSTILE: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "<!--",
    "]]>&amp;&#60;&lt;",
    "</style></svg></title></template>",
    "a\u{2028}b\u{1}c\u{7f}",
];

fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        out += &format!("\\x{byte:02x}");
    }
    format!("\"{out}\"")
}

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
    builder.views(&all, parts).expect("views")
}

#[test]
fn a_page_holds_program_text_as_text() {
    let views = views();
    let wait = |view: &FuncView| Wait {
        func: view.id,
        name: view.name.clone(),
        point: 0,
        kind: HOSTILE[4].to_owned(),
        inst: 0,
        line: 1,
        waited_ns: 7,
        suspended: 1,
        parked: Vec::new(),
    };
    let waits: Vec<Wait> = views.iter().map(wait).collect();
    for waits in [None, Some(waits)] {
        let page = html::page(HOSTILE[1], &views, waits.as_deref()).expect("a page");
        let elements = check_page(&page, views.len());
        let list = elements
            .iter()
            .find(|element| element.attribute("id") == Some("functions"))
            .expect("the list of functions");
        let list: serde_json::Value = serde_json::from_str(&list.text).expect("JSON");
        for (at, text) in HOSTILE.iter().enumerate() {
            assert_eq!(list[at]["name"], format!("{text}{at}"));
        }
        let links = elements.iter().filter(|element| element.name == "a");
        let shown: Vec<&str> = links.skip(1).map(|link| link.text.as_str()).collect();
        for (link, text) in shown.iter().zip(HOSTILE) {
            let begins: String = text.chars().take_while(|c| !c.is_control()).collect();
            assert!(link.starts_with(&begins), "{link}");
        }
        assert_eq!(shown.len(), waits.map_or(0, |waits| waits.len()));
    }
}

#[test]
fn a_picture_holds_program_text_as_text() {
    for view in views() {
        for after in [false, true] {
            let drawing = Drawing::new(&view, after).expect("small");
            let text = svg::file(&[vec![(view.name.clone(), drawing)]], &view.name);
            let document = roxmltree::Document::parse(&text).expect("XML");
            let allowed = [
                "svg", "g", "rect", "path", "text", "tspan", "title", "style",
            ];
            for node in document.descendants().filter(|node| node.is_element()) {
                assert!(allowed.contains(&node.tag_name().name()), "{node:?}");
                assert!(node.attributes().all(|each| !each.name().starts_with("on")));
            }
        }
    }
}

#[test]
fn a_file_for_graphviz_holds_program_text_as_text() {
    for (view, hostile) in views().iter().zip(HOSTILE) {
        let titled = Titled {
            title: view.name.clone(),
            view,
            after: true,
            diff: false,
        };
        let text = dot::file(&[titled], &view.name);
        check_dot(&text, &[&view.after]);
        let name = text.lines().next().expect("a name");
        let labels = text.replacen(name, "", 1);
        let begins: String = hostile.chars().take_while(|c| !c.is_control()).collect();
        let decoded = labels.replace("\\\"", "\"").replace("\\\\", "\\");
        assert!(
            !decoded.contains(&begins) || !begins.contains('&'),
            "what begins an entity is one"
        );
        for entity in labels.split('&').skip(1) {
            assert!(entity.starts_with("amp;"), "{entity}");
        }
        assert!(decoded.replace("&amp;", "&").contains(&begins), "{text}");
    }
}
