//! What was written, read by somebody else's parsers.

use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::collections::HashSet;
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::GraphView;

/// Reads a picture, and sees that each node and edge of its graphs is there once.
pub fn check_svg(text: &str, graphs: &[&GraphView]) {
    let document = roxmltree::Document::parse(text).expect("a picture is XML");
    let has = |node: &roxmltree::Node<'_, '_>, class: &str| {
        let classes = node.attribute("class").unwrap_or_default();
        classes.split(' ').any(|each| each == class)
    };
    let count = |class: &str| document.descendants().filter(|n| has(n, class)).count();
    let nodes: usize = graphs.iter().map(|graph| graph.nodes.len()).sum();
    let edges: usize = graphs.iter().map(|graph| graph.edges.len()).sum();
    assert_eq!(count("node"), nodes);
    assert_eq!(count("edge"), edges);
    if let [graph] = graphs {
        let names: HashSet<&str> = document
            .descendants()
            .filter_map(|node| node.attribute("data-node"))
            .collect();
        assert_eq!(names.len(), graph.nodes.len(), "names of nodes are unique");
    }
    for edge in document.descendants().filter(|node| has(node, "edge")) {
        assert_eq!(edge.children().filter(|c| has(c, "arrow")).count(), 1);
    }
}

/// Whether the labels of a picture's edges stand free: on no box, on no other label, on no line.
pub fn check_labels(drawing: &Drawing<'_>, text: &str) {
    /// Left, top, right, bottom, in tenths of a pixel.
    type Box = [i32; 4];
    let apart = |a: &Box, b: &Box| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
    let document = roxmltree::Document::parse(text).expect("a picture is XML");
    let has = |node: &roxmltree::Node<'_, '_>| node.attribute("class") == Some("label");
    let labels: Vec<Box> = (document.descendants().filter(has))
        .map(|node| {
            let at = |name| node.attribute(name).and_then(|n| n.parse::<i32>().ok());
            let (x, y) = (at("x").expect("a place"), at("y").expect("a place"));
            // Type of ten pixels: a character is six wide and seven high.
            let width = 61 * node.text().unwrap_or_default().chars().count() as i32;
            [x * 10, (y - 8) * 10, x * 10 + width, y * 10]
        })
        .collect();
    let rects = drawing.layout.nodes.iter().map(|rect| {
        let (x, y) = (rect.x * 10, rect.y * 10);
        [x, y, x + rect.width * 10, y + rect.height * 10]
    });
    let lines = drawing.layout.edges.iter().flat_map(|path| {
        path.windows(2).map(|pair| {
            let (a, b) = (pair[0], pair[1]);
            // The widest line has 2.2 pixels.
            let (left, right) = (a.x.min(b.x) * 10 - 11, a.x.max(b.x) * 10 + 11);
            [left, a.y.min(b.y) * 10 - 11, right, a.y.max(b.y) * 10 + 11]
        })
    });
    let others: Vec<Box> = rects.chain(lines).collect();
    for (at, label) in labels.iter().enumerate() {
        for other in labels[..at].iter().chain(&others) {
            let name = &drawing.view.name;
            assert!(apart(label, other), "{name}: {label:?} on {other:?}");
        }
    }
}

/// Reads a file for Graphviz line by line, and sees that it is one graph that has each node and
/// edge of its graphs once.
pub fn check_dot(text: &str, graphs: &[&GraphView]) {
    let begins = |word: &'static str| {
        let lines = text.lines().map(str::trim);
        lines.filter(move |line| line.starts_with(word))
    };
    assert_eq!(begins("digraph").count(), 1);
    let defined: Vec<&str> = begins("\"")
        .filter_map(|line| line.split_once("\" [label=").map(|(name, _)| name))
        .collect();
    let nodes: usize = graphs.iter().map(|graph| graph.nodes.len()).sum();
    let edges: usize = graphs.iter().map(|graph| graph.edges.len()).sum();
    assert_eq!(defined.len(), nodes);
    let names: HashSet<&str> = defined.iter().copied().collect();
    assert_eq!(names.len(), nodes, "names of nodes are unique");
    let arrows = begins("\"").filter(|line| line.contains("\" -> \""));
    assert_eq!(arrows.count(), edges);
    let clusters: HashSet<&str> = begins("subgraph").collect();
    assert_eq!(clusters.len(), begins("subgraph").count());
    assert!(clusters.len() >= graphs.len(), "a cluster each");
    // Outside of quotes, every brace is closed.
    let (mut depth, mut quoted, mut chars) = (0i32, false, text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => _ = chars.next(),
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => depth -= 1,
            _ => {}
        }
        assert!(depth >= 0);
    }
    assert_eq!((depth, quoted), (0, false));
}

/// An element of a page.
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(each, _)| each == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads a page as browsers do, and gives its elements; no error is allowed.
pub fn html(text: &str) -> Vec<Element> {
    let document = html5ever::parse_document(RcDom::default(), Default::default()).one(text);
    assert!(
        document.errors.borrow().is_empty(),
        "{:?}",
        document.errors.borrow()
    );
    let mut elements = Vec::new();
    let mut work = vec![document.document.clone()];
    while let Some(node) = work.pop() {
        if let NodeData::Element {
            name,
            attrs,
            template_contents,
            ..
        } = &node.data
        {
            let attributes = attrs.borrow();
            let attributes = attributes
                .iter()
                .map(|each| (each.name.local.to_string(), each.value.to_string()));
            elements.push(Element {
                name: name.local.to_string(),
                attributes: attributes.collect(),
                text: own_text(&node),
            });
            work.extend(template_contents.borrow().clone());
        }
        work.extend(node.children.borrow().iter().rev().cloned());
    }
    elements
}

fn own_text(node: &Handle) -> String {
    let mut out = String::new();
    for child in node.children.borrow().iter() {
        if let NodeData::Text { contents } = &child.data {
            out.push_str(&contents.borrow());
        }
    }
    out
}

/// Reads a page, and sees that it holds what it should and nothing that was not put there.
pub fn check_page(text: &str, functions: usize) -> Vec<Element> {
    let elements = html(text);
    let scripts: Vec<&Element> = elements.iter().filter(|e| e.name == "script").collect();
    let data = |script: &&&Element| script.attribute("type") == Some("application/json");
    assert_eq!(scripts.iter().filter(data).count(), 2 * functions + 1);
    assert_eq!(scripts.len(), 2 * functions + 2, "one script that runs");
    for script in scripts.iter().filter(data) {
        serde_json::from_str::<serde_json::Value>(&script.text).expect("data is JSON");
    }
    for element in &elements {
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on"), "{name} on {}", element.name);
            let from_outside = ["src", "href"].contains(&name.as_str()) && !value.starts_with('#');
            assert!(!from_outside, "{name}={value} on {}", element.name);
        }
        assert!(!["img", "iframe", "link", "object"].contains(&element.name.as_str()));
    }
    elements
}
