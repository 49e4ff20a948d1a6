//! What was written, read by somebody else's parsers.

use html5ever::tendril::TendrilSink;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::collections::HashSet;
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
