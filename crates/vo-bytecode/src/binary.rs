//! The binary form of a module (`.vob`): a header that recognises any damage, and the module in
//! [postcard](https://postcard.jamesmunns.com) form.
//!
//! ```text
//! offset  bytes
//!      0      8  magic: 0x89 "VOB" CR LF 0x1a LF (a transfer as text breaks it, as with PNG)
//!      8      4  format version
//!     12      4  fingerprint of the instruction table and of the runtime functions
//!     16      8  length of the payload
//!     24      4  CRC-32 of the payload
//!     28      …  payload
//! ```
//!
//! Numbers are little-endian. What [`decode`] returns is whole, but not yet to be trusted: a
//! module made with intent passes every checksum. [`crate::verify`] comes next.

use crate::{Module, RtFn};
use std::fmt;
use std::sync::LazyLock;

/// How a module in binary form begins.
pub const MAGIC: [u8; 8] = *b"\x89VOB\r\n\x1a\n";
/// Counts the incompatible changes of this form that the fingerprint does not see.
const VERSION: u32 = 4;
const HEADER: usize = 28;

/// Why bytes are no module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// The bytes do not begin as a module does.
    NotAModule,
    /// The bytes end within the header.
    ShortHeader,
    /// The module has another format version.
    Version {
        /// The version found.
        found: u32,
    },
    /// The module was made with another set of instructions or of runtime functions.
    OtherInstructions,
    /// The payload is shorter or longer than the header says.
    Length {
        /// The length in the header.
        expected: u64,
        /// The length of what follows it.
        found: u64,
    },
    /// The payload is not what was written.
    Checksum,
    /// The payload has the right checksum, but is no module.
    Malformed(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NotAModule => write!(f, "not a bytecode module"),
            DecodeError::ShortHeader => write!(f, "the module ends within its header"),
            DecodeError::Version { found } => write!(
                f,
                "the module has format version {found}, this program reads version {VERSION}"
            ),
            DecodeError::OtherInstructions => {
                write!(f, "the module was made for another version of this program")
            }
            DecodeError::Length { expected, found } => write!(
                f,
                "the module should have {expected} bytes behind its header, but has {found}"
            ),
            DecodeError::Checksum => write!(f, "the module is damaged (wrong checksum)"),
            DecodeError::Malformed(why) => write!(f, "the module is malformed: {why}"),
        }
    }
}

impl std::error::Error for DecodeError {}

macro_rules! instruction_names {
    ($($name:ident { $($field:ident: $ty:ty),* })*) => {
        concat!($(stringify!($name), " " $(, stringify!($ty), " ")*, ";"),*)
    };
}

/// A checksum of the names and operand types of all instructions, and of the signatures of the
/// runtime functions: postcard writes both by their number, so that a module made with other
/// tables would decode to other instructions.
static FINGERPRINT: LazyLock<u32> = LazyLock::new(|| {
    let mut hash = crc32fast::Hasher::new();
    hash.update(with_instructions!(instruction_names).as_bytes());
    for function in RtFn::ALL {
        hash.update(format!("{:?};", function.sig()).as_bytes());
    }
    hash.finalize()
});

/// The binary form of a module.
pub fn encode(module: &Module) -> Vec<u8> {
    let payload = postcard::to_extend(module, vec![0; HEADER]);
    // Serialising plain data into memory has no way to fail.
    let mut bytes = payload.expect("a module can be serialised");
    let (header, payload) = bytes.split_at_mut(HEADER);
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&FINGERPRINT.to_le_bytes());
    header[16..24].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    header[24..28].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    bytes
}

/// The module of a binary form.
///
/// Never panics, and allocates no more than in proportion to `bytes`, whatever lengths stand
/// within.
///
/// # Errors
///
/// Bytes that [`encode`] has not made: changed, cut, or extended.
pub fn decode(bytes: &[u8]) -> Result<Module, DecodeError> {
    let known = bytes.len().min(MAGIC.len());
    if bytes.is_empty() || bytes[..known] != MAGIC[..known] {
        return Err(DecodeError::NotAModule);
    }
    let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(DecodeError::ShortHeader);
    };
    let u32_at = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i]));
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let found = u32_at(8);
    if found != VERSION {
        return Err(DecodeError::Version { found });
    }
    if u32_at(12) != *FINGERPRINT {
        return Err(DecodeError::OtherInstructions);
    }
    let (expected, found) = (u64_at(16), payload.len() as u64);
    if expected != found {
        return Err(DecodeError::Length { expected, found });
    }
    if u32_at(24) != crc32fast::hash(payload) {
        return Err(DecodeError::Checksum);
    }
    // serde caps what it allocates ahead for a sequence; the rest grows as elements are read.
    let (module, rest) = postcard::take_from_bytes(payload)
        .map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if !rest.is_empty() {
        let message = format!("{} bytes follow the module", rest.len());
        return Err(DecodeError::Malformed(message));
    }
    Ok(module)
}
