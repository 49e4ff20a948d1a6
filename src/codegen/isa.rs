//! The target machine and Cranelift's settings.

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

/// The host machine as a target.
///
/// # Errors
/// When Cranelift does not support the host.
pub fn host() -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let settings = [
        ("opt_level", "speed"),
        // The context lives in this register for as long as native code runs.
        ("enable_pinned_reg", "true"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        // Costs time; the tests have it.
        (
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        ),
        // Nobody unwinds native frames: panics are a status.
        ("unwind_info", "false"),
        // Cranelift's tail calls rely on them.
        ("preserve_frame_pointers", "true"),
        // The entry check keeps the stack within its limit.
        ("enable_probestack", "false"),
        // Hot loops and functions begin at a fetch block.
        ("log2_min_function_alignment", "5"),
    ];
    for (name, value) in settings {
        flags.set(name, value).map_err(|error| error.to_string())?;
    }
    cranelift_native::builder()?
        .finish(settings::Flags::new(flags))
        .map_err(|error| error.to_string())
}
