//! A module in which calls were written out, as text for tests and people.

use super::Inlined;
use std::fmt::Write;
use vo_bytecode::{FuncId, text};

/// A function: its instructions, each with the frames it stands in where it was copied, innermost
/// first. A function that is gone says so.
pub fn function(inlined: &Inlined, id: FuncId) -> String {
    let Inlined {
        module,
        places,
        gone,
    } = inlined;
    let function = module.func(id);
    if gone[id.index()] {
        return format!("func {}: gone\n", function.name);
    }
    let mut text = format!("func {}:\n", function.name);
    let instructions = text::instructions(module, function);
    for (at, instruction) in instructions.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "  @{at} {}", instruction.trim());
        if let Some(frames) = places.of(id, at) {
            let stand = |frame: &super::Frame| {
                let name = &module.func(frame.func).name;
                format!("{name} line {}", frame.line)
            };
            let frames: Vec<String> = frames.iter().map(stand).collect();
            let _ = write!(text, "  <- {}", frames.join(", "));
        }
        text.push('\n');
    }
    text
}
