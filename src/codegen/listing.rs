//! Native code as people read it: Cranelift's form and machine code, line by line, each with the
//! bytecode instruction that it was made for.
//!
//! The instruction travels as Cranelift's source location. Nothing here runs unless a listing is
//! asked for.

use super::func::Mode;
use super::jit::Decls;
use capstone::Capstone;
use capstone::arch::BuildsCapstone;
#[cfg(target_arch = "x86_64")]
use capstone::arch::BuildsCapstoneSyntax;
use cranelift_codegen::CompiledCode;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::entities::AnyEntity;
use cranelift_codegen::ir::{
    Block, ExternalName, Function as Clif, Inst, SourceLoc, UserExternalNameRef, Value,
};
use cranelift_codegen::write::{FuncWriter, PlainWriter, decorate_function};
use cranelift_codegen::{FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_module::{FuncId as CodeId, Module as _};
use serde::Serialize;
use std::fmt::{self, Write};
use vo_bytecode::FuncId;

/// A piece of code as people read it.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The function.
    pub func: FuncId,
    /// Which form of it.
    pub mode: Mode,
    /// Cranelift's intermediate form, after its optimisations.
    pub clif: Vec<ClifLine>,
    /// Machine code.
    pub asm: Vec<AsmLine>,
    /// Bytes of machine code.
    pub bytes: usize,
}

/// A line of Cranelift's intermediate form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClifLine {
    /// The text, indented.
    pub text: String,
    /// The bytecode instruction that the line belongs to, if to one.
    pub inst: Option<u32>,
    /// Whether the line is of a block that is rarely reached.
    pub cold: bool,
}

/// A machine instruction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AsmLine {
    /// Its distance from the function's start, in bytes.
    pub offset: u32,
    /// Its bytes, in hexadecimal.
    pub bytes: String,
    /// Its text, with the name of what it refers to.
    pub text: String,
    /// The bytecode instruction that it belongs to, if to one.
    pub inst: Option<u32>,
}

/// The source location that stands for a bytecode instruction.
pub(super) fn location(inst: usize) -> SourceLoc {
    SourceLoc::new(inst as u32)
}

fn inst_of(location: SourceLoc) -> Option<u32> {
    (!location.is_default()).then(|| location.bits())
}

/// The lines of what was just compiled.
///
/// # Errors
/// When the disassembler cannot be had.
pub(super) fn list(
    decls: &Decls,
    func: FuncId,
    mode: Mode,
    clif: &Clif,
    code: &CompiledCode,
) -> Result<Listing, String> {
    Ok(Listing {
        func,
        mode,
        clif: clif_lines(decls, clif),
        asm: asm_lines(decls, clif, code)?,
        bytes: code.code_buffer().len(),
    })
}

/// The name of what code refers to: a function of the program by its own name.
fn code_name(decls: &Decls, clif: &Clif, name: UserExternalNameRef) -> Option<String> {
    let user = clif.params.user_named_funcs().get(name)?;
    if user.namespace != 0 {
        return None;
    }
    let declaration = (decls.module.declarations()).get_function_decl(CodeId::from_u32(user.index));
    let name = declaration.name.as_deref()?;
    for (prefix, form) in [("hot", ""), ("resume", " (resume)")] {
        let number = name.strip_prefix(prefix).and_then(|n| n.parse().ok());
        if let Some(func) = number.and_then(|n: usize| decls.program.module.functions.get(n)) {
            return Some(format!("{}{form}", func.name));
        }
    }
    Some(name.to_owned())
}

/// Collects lines while Cranelift writes a function.
struct Lines<'a> {
    decls: &'a Decls,
    lines: Vec<ClifLine>,
    cold: bool,
}

fn clif_lines(decls: &Decls, clif: &Clif) -> Vec<ClifLine> {
    let mut writer = Lines {
        decls,
        lines: Vec::new(),
        cold: false,
    };
    let mut rest = String::new();
    // Writing to a String cannot fail; what the writer does not collect is only the frame.
    let _ = decorate_function(&mut writer, &mut rest, clif);
    let mut lines = writer.lines;
    let head = rest.lines().next().unwrap_or_default().to_owned();
    lines.insert(0, plain(head));
    lines.push(plain("}".to_owned()));
    lines
}

fn plain(text: String) -> ClifLine {
    ClifLine {
        text,
        inst: None,
        cold: false,
    }
}

impl Lines<'_> {
    fn push(&mut self, text: &str, inst: Option<u32>) {
        for line in text.trim_end().lines() {
            self.lines.push(ClifLine {
                text: line.to_owned(),
                inst,
                cold: self.cold,
            });
        }
    }
}

impl FuncWriter for Lines<'_> {
    fn write_block_header(
        &mut self,
        _: &mut dyn Write,
        func: &Clif,
        block: Block,
        _: usize,
    ) -> fmt::Result {
        let mut text = String::new();
        PlainWriter.write_block_header(&mut text, func, block, 4)?;
        self.cold = func.layout.is_cold(block);
        self.push(&text, None);
        Ok(())
    }

    fn write_instruction(
        &mut self,
        _: &mut dyn Write,
        func: &Clif,
        aliases: &SecondaryMap<Value, Vec<Value>>,
        inst: Inst,
        _: usize,
    ) -> fmt::Result {
        // Wide enough for the location that Cranelift writes in front, which is cut off.
        const INDENT: usize = 12;
        let mut text = String::new();
        PlainWriter.write_instruction(&mut text, func, aliases, inst, INDENT)?;
        let inst = inst_of(func.srcloc(inst));
        let cut: String = text
            .lines()
            .map(|line| format!("    {}\n", line.get(INDENT..).unwrap_or(line)))
            .collect();
        self.push(&cut, inst);
        Ok(())
    }

    fn write_entity_definition(
        &mut self,
        _: &mut dyn Write,
        func: &Clif,
        entity: AnyEntity,
        value: &dyn fmt::Display,
    ) -> fmt::Result {
        let mut text = format!("    {entity} = {value}");
        if let AnyEntity::FuncRef(reference) = entity
            && let ExternalName::User(name) = func.dfg.ext_funcs[reference].name
            && let Some(name) = code_name(self.decls, func, name)
        {
            let _ = write!(text, "  ; {name}");
        }
        self.push(&text, None);
        Ok(())
    }
}

#[cfg(target_arch = "x86_64")]
fn disassembler() -> capstone::CsResult<Capstone> {
    use capstone::arch::x86::{ArchMode, ArchSyntax};
    Capstone::new()
        .x86()
        .mode(ArchMode::Mode64)
        .syntax(ArchSyntax::Intel)
        .build()
}

#[cfg(target_arch = "aarch64")]
fn disassembler() -> capstone::CsResult<Capstone> {
    Capstone::new()
        .arm64()
        .mode(capstone::arch::arm64::ArchMode::Arm)
        .build()
}

fn asm_lines(decls: &Decls, clif: &Clif, code: &CompiledCode) -> Result<Vec<AsmLine>, String> {
    let bytes = code.code_buffer();
    let disassembler = disassembler().map_err(|error| format!("no disassembler: {error}"))?;
    let mut lines = Vec::new();
    let mut next = 0;
    while next < bytes.len() {
        let insts = (disassembler.disasm_all(&bytes[next..], next as u64))
            .map_err(|error| format!("cannot disassemble: {error}"))?;
        let start = next;
        for inst in insts.iter() {
            let offset = inst.address() as u32;
            next = offset as usize + inst.bytes().len();
            let operands = inst.op_str().unwrap_or_default();
            let mut text = format!("{} {operands}", inst.mnemonic().unwrap_or("?"));
            text.truncate(text.trim_end().len());
            for reloc in code.buffer.relocs() {
                if (offset..next as u32).contains(&reloc.offset)
                    && let Some(target) = target_name(decls, clif, reloc)
                {
                    let _ = write!(text, "  ; {target}");
                }
            }
            lines.push(AsmLine {
                offset,
                bytes: hex(inst.bytes()),
                inst: located(code, offset),
                text,
            });
            if inst.bytes().len() == 2 && inst.bytes()[0] == 0xff && cfg!(target_arch = "x86_64") {
                let entries = jump_table(bytes, next);
                for at in 0..entries {
                    lines.push(data(bytes, next + at * 4, 4, "jump table"));
                }
                if entries > 0 {
                    next += entries * 4;
                    break;
                }
            }
        }
        // Constants stand behind the code.
        if next == start {
            let length = (bytes.len() - next).min(8);
            lines.push(data(bytes, next, length, "data"));
            next += length;
        }
    }
    Ok(lines)
}

/// How many entries the jump table at an offset has, behind a jump through a register: each is
/// the distance from the table to code behind it, and the first of what is jumped to ends it.
fn jump_table(bytes: &[u8], start: usize) -> usize {
    let mut first = bytes.len();
    let mut count = 0;
    while let Some(entry) = bytes.get(start + count * 4..start + count * 4 + 4) {
        let distance = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let target = start.saturating_add_signed(distance as isize);
        let behind = distance > 0 && target < bytes.len();
        if start + count * 4 >= first || !behind {
            break;
        }
        first = first.min(target);
        count += 1;
    }
    count
}

fn data(bytes: &[u8], offset: usize, length: usize, what: &str) -> AsmLine {
    AsmLine {
        offset: offset as u32,
        bytes: hex(&bytes[offset..offset + length]),
        text: what.to_owned(),
        inst: None,
    }
}

fn target_name(decls: &Decls, clif: &Clif, reloc: &FinalizedMachReloc) -> Option<String> {
    match &reloc.target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            code_name(decls, clif, *name)
        }
        FinalizedRelocTarget::ExternalName(name) => Some(name.display(None).to_string()),
        FinalizedRelocTarget::Func(offset) => Some(format!("{offset:#x}")),
    }
}

/// The bytecode instruction that the machine instruction at an offset was made for.
fn located(code: &CompiledCode, offset: u32) -> Option<u32> {
    let ranges = code.buffer.get_srclocs_sorted();
    let behind = ranges.partition_point(|range| range.start <= offset);
    let range = ranges.get(behind.checked_sub(1)?)?;
    (offset < range.end).then(|| inst_of(range.loc)).flatten()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
