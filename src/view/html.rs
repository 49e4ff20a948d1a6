//! The page: one file, without anything from outside, that shows all stages of some functions.
//!
//! The page holds the model as JSON and the pictures as SVG, one element for each function, which
//! its script reads when that function is chosen. Program text reaches the document in three
//! ways, each of which escapes it: as JSON in which no character can end the element, as text
//! that is escaped here, and by `textContent` in the script. Beside that a policy in the head
//! lets no script run but the page's own.

use super::draw::Drawing;
use super::json;
use super::svg::{self, escape};
use super::visible::Shown;
use super::waits::{self, Wait};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const STYLE: &str = include_str!("assets/page.css");
/// One function, so that none of its names is a name of the window. The last part starts it.
const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("assets/script/state.js"),
    include_str!("assets/script/address.js"),
    include_str!("assets/script/functions.js"),
    include_str!("assets/script/panes.js"),
    include_str!("assets/script/selection.js"),
    include_str!("assets/script/zoom.js"),
    include_str!("assets/script/widths.js"),
    include_str!("assets/script/legend.js"),
    include_str!("assets/script/events.js"),
    "})();\n",
);
const BODY: &str = include_str!("assets/page.html");

/// What the list at the left needs to know of a function.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    blocks: usize,
    points: usize,
    bytes: u32,
    suspends: bool,
    facts: String,
    captures: Option<u64>,
}

/// The pictures of a function.
#[derive(Serialize)]
struct Pictures {
    before: String,
    after: String,
}

/// The page for some functions. `waits` are those of a run.
///
/// # Errors
/// When a graph is too large to be drawn.
pub fn page(program: &str, views: &[Shown], waits: Option<&[Wait]>) -> Result<String, String> {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src '{}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{} – vo-jit-cfg</title>\n<style>{}\n{STYLE}</style>\n</head>\n<body>\n",
        digest(SCRIPT),
        escape(program),
        svg::STYLE,
    );
    out += &BODY.replace("{{program}}", &escape(program));
    if let Some(waits) = waits {
        let table = waits::table(waits, |wait| address(views, wait));
        let _ = writeln!(out, "<template id=\"waits-table\">{table}</template>");
    }
    let entries: Vec<Entry<'_>> = views.iter().map(entry).collect();
    data(&mut out, "functions", &entries);
    for (at, view) in views.iter().enumerate() {
        let picture = |after: bool| -> Result<String, String> {
            let drawing = Drawing::new(view, after)?;
            let when = if after { "after" } else { "before" };
            Ok(svg::inline(
                &drawing,
                &format!("{}, {when} the split", view.name),
            ))
        };
        let pictures = Pictures {
            before: picture(false)?,
            after: picture(true)?,
        };
        data(&mut out, &format!("view{at}"), &**view);
        data(&mut out, &format!("pictures{at}"), &pictures);
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    Ok(out)
}

fn entry(view: &Shown) -> Entry<'_> {
    Entry {
        name: &view.name,
        blocks: view.blocks.len(),
        points: view.points.len(),
        bytes: view.facts.record_bytes,
        suspends: view.facts.may_suspend,
        facts: view.facts.text(),
        captures: view.run.as_ref().map(|run| run.captures),
    }
}

/// An element that holds a value as JSON. No `<` is left in it that could begin a tag.
fn data(out: &mut String, id: &str, value: &impl Serialize) {
    let text = json::of(value)
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"{id}\">{text}</script>"
    );
}

/// The address within the page that shows a wait, where the page has its function: as the script
/// writes it, with the name percent-encoded.
fn address(views: &[Shown], wait: &Wait) -> Option<String> {
    let at = views.iter().position(|view| view.id == wait.func)?;
    let shown = &views[at].name;
    let same = views[..at].iter().filter(|view| view.name == *shown);
    let mut name = String::new();
    for byte in shown.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                name.push(char::from(byte));
            }
            _ => name += &format!("%{byte:02X}"),
        }
    }
    let number = match same.count() {
        0 => String::new(),
        number => format!("&n={number}"),
    };
    Some(format!("#f={name}{number}&s=split&i={}", wait.inst))
}

/// A script's hash, as a policy names it.
fn digest(script: &str) -> String {
    let hash = Sha256::digest(script);
    format!("sha256-{}", BASE64_STANDARD.encode(hash))
}
