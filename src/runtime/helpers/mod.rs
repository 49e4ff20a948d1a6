//! The one list of functions that native code calls: name, arity, what comes back.
//!
//! All take the context first and then words; the code generator makes their signatures, the
//! symbol table and its own handles from the list. A helper that returns `status` gives a
//! [`JitResult`](super::context::JitResult); its further results are in `Context::results`.

mod chans;
mod control;
mod maps;
mod memory;
mod observe;
mod ports;
mod values;

use super::context::Context;
pub use maps::MAP_PANIC;

/// How a helper is called.
#[derive(Clone, Copy, Debug)]
pub struct HelperSig {
    /// The symbol's name.
    pub name: &'static str,
    /// How many words it takes behind the context.
    pub params: usize,
    /// Whether it returns a word.
    pub returns: bool,
    /// Its address.
    pub address: *const u8,
}

// SAFETY: the address is of a function, which any thread may call.
unsafe impl Sync for HelperSig {}

macro_rules! word {
    ($param:ident) => {
        u64
    };
}

macro_rules! returns {
    (status) => {
        u64
    };
    (word) => {
        u64
    };
    (nothing) => {
        ()
    };
}

macro_rules! is_word {
    (nothing) => {
        false
    };
    ($other:ident) => {
        true
    };
}

macro_rules! helpers {
    ($($(#[$doc:meta])* $variant:ident = $module:ident::$function:ident($($param:ident),*) -> $returns:ident;)*) => {
        /// A function that native code calls.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Helper { $($(#[$doc])* $variant,)* }

        impl Helper {
            /// Every helper, in declaration order.
            pub const ALL: &'static [Helper] = &[$(Helper::$variant,)*];

            /// How it is called.
            pub fn sig(self) -> HelperSig {
                match self {
                    $(Helper::$variant => {
                        let function: unsafe extern "C" fn(*mut Context $(, word!($param))*) -> returns!($returns) =
                            $module::$function;
                        HelperSig {
                            name: concat!("vo_", stringify!($function)),
                            params: <[&str]>::len(&[$(stringify!($param)),*]),
                            returns: is_word!($returns),
                            address: function as *const u8,
                        }
                    })*
                }
            }
        }
    };
}

helpers! {
    // ---- control ---------------------------------------------------------------------------
    /// The limit word was reached: requeues the running fiber for whoever asked; the caller
    /// captures when 1 is returned, and goes on when 0 is.
    Poll = control::poll(stack_pointer) -> word;
    /// Takes the next fiber from the run queue; 0 when there is none.
    TakeNext = control::take_next() -> word;
    /// The running fiber has ended; `outcome` 1 by a panic. 1 when the scheduler must look.
    FiberExit = control::fiber_exit(outcome) -> word;
    /// A record with room for so many words; 0 when memory is exhausted.
    NewRecord = control::new_record(words) -> word;
    /// Frees a record that belongs to no size class.
    FreeRecord = control::free_record(record) -> nothing;
    /// A new goroutine at the end of the run queue, to start at a point: the address of its
    /// root record's words, 0 when there may be no more. It comes from a site of `origin`.
    Spawn = control::spawn(words, point, origin) -> word;
    /// The same for the function of a closure object.
    SpawnClosure = control::spawn_closure(closure, origin) -> word;
    /// The same for a method of a dynamic type.
    SpawnMethod = control::spawn_method(type_word, method, origin) -> word;
    /// Puts the running fiber, which goes on to suspend although its operation is done, at the
    /// end of the run queue.
    Yield = control::yield_now() -> nothing;

    /// The code of a resume point that was not compiled yet; 0 where that fails.
    CompileResume = control::compile_resume(point) -> word;

    // ---- observers (see `runtime::observe`) ------------------------------------------------
    /// The running goroutine stops at a resume point.
    ObserveStop = observe::observe_stop(point) -> nothing;
    /// The running goroutine goes on at a resume point.
    ObserveGo = observe::observe_go(point) -> nothing;
    /// The running goroutine has ended.
    ObserveEnd = observe::observe_end() -> nothing;
    /// A goroutine that waited is ready.
    ObserveWake = observe::observe_wake(fiber) -> nothing;

    // ---- panics ----------------------------------------------------------------------------
    /// Begins the panic of a fault: its number, the operands of the check, and the place.
    Fault = control::fault(code, a, b, site) -> nothing;
    /// Begins a panic with an interface value.
    Panic = control::panic(type_word, data, site) -> nothing;
    /// Begins the panic of a failed type assertion.
    PanicAssert = control::panic_assert(type_word, from, want, site) -> nothing;
    /// Adds a frame to the trace of the panic in flight.
    Unwound = control::unwound(site) -> nothing;
    /// The panic in flight lands in a function with deferred calls, and replaces the one of that
    /// number, unless it is 0: its number, or 0 where it is one that runs no deferred calls.
    Land = control::land(former) -> word;
    /// Whether a landed panic was recovered; it is over then.
    PanicOver = control::panic_over(number) -> word;
    /// A landed panic goes on unwinding.
    PanicOn = control::panic_on(number) -> nothing;
    /// Lets the function of a closure object, called next, recover a landed panic.
    ArmClosure = control::arm_closure(number, closure) -> nothing;
    /// The same for a method of a dynamic type.
    ArmMethod = control::arm_method(number, type_word, method) -> nothing;
    /// Recovers a landed panic: value, kind and text into the results.
    Recover = control::recover(number) -> status;

    // ---- channels --------------------------------------------------------------------------
    /// Makes a channel.
    ChanNew = chans::chan_new(ty, cap) -> status;
    /// Sends the words at an address.
    ChanSend = chans::chan_send(chan, words) -> status;
    /// Receives into the results; `Context::ok` tells whether it is a value.
    ChanRecv = chans::chan_recv(chan) -> status;
    /// Closes.
    ChanClose = chans::chan_close(chan) -> status;
    /// Runs a select over so many case descriptions.
    Select = chans::select_exec(cases, count, has_default) -> status;

    // ---- islands and ports -----------------------------------------------------------------
    /// Makes an island.
    IslandNew = ports::island_new() -> status;
    /// Starts a function (or, where there is one, a function value) on an island, with the words
    /// at an address, whose types are a struct's fields. It comes from a site of `origin`.
    GoIsland = ports::go_island(island, func, closure, ty, words, count, origin) -> status;
    /// Makes a port.
    PortNew = ports::port_new(ty, cap) -> status;
    /// Sends a copy of the words at an address.
    PortSend = ports::port_send(port, words) -> status;
    /// Receives into the results; `Context::ok` tells whether it is a value.
    PortRecv = ports::port_recv(port) -> status;
    /// Closes.
    PortClose = ports::port_close(port) -> status;
    /// The number of values; 0 for nil.
    PortLen = ports::port_len(port) -> word;
    /// The capacity; 0 for nil.
    PortCap = ports::port_cap(port) -> word;

    // ---- memory ----------------------------------------------------------------------------
    /// Allocates an object of a layout and so many bytes; 0 when the heap is at its limit.
    Alloc = memory::alloc(layout, bytes) -> word;
    /// Copies bytes between ranges that may overlap.
    Move = memory::move_bytes(to, from, bytes) -> nothing;
    /// Whether two ranges hold the same bytes.
    SameBytes = memory::same_bytes(a, b, bytes) -> word;
    /// How two strings compare: -1, 0 or 1.
    CompareBytes = memory::compare_bytes(a, len_a, b, len_b) -> word;
    /// Concatenates strings: pairs of pointer and length at an address.
    StrConcat = memory::str_concat(parts, count) -> status;

    // ---- values ----------------------------------------------------------------------------
    /// Equality of two interfaces.
    IfaceEq = values::iface_eq(type_a, data_a, type_b, data_b) -> status;
    /// Whether a dynamic type implements an interface type.
    Implements = values::implements(type_word, interface) -> word;
    /// Makes a map.
    MapNew = maps::map_new(ty, hint) -> status;
    /// Looks a key up, whose words are at an address: the address of its value, 0 when absent, 1
    /// for a panic.
    MapGet = maps::map_get(ty, map, key) -> word;
    /// The same for a key of one word; there is no panic.
    MapGetWord = maps::map_get_word(ty, map, key) -> word;
    /// The same for a string.
    MapGetStr = maps::map_get_str(ty, map, text, len) -> word;
    /// Makes room for a key: the address of its value, which is zero where the key is new; 1 for a
    /// panic.
    MapPlace = maps::map_place(ty, map, key) -> word;
    /// The same for a key of one word.
    MapPlaceWord = maps::map_place_word(ty, map, key) -> word;
    /// The same for a string.
    MapPlaceStr = maps::map_place_str(ty, map, text, len) -> word;
    /// Deletes a key.
    MapDelete = maps::map_delete(ty, map, key) -> status;
    /// Makes an iterator.
    MapIter = maps::map_iter(ty, map) -> status;
    /// Gives the next entry: 1 and key and value words in the results, or 0.
    MapNext = maps::map_next(iter) -> word;
    /// The second half of a function of `CallRt` that has waited.
    NativeArrived = values::native_arrived(function, ty) -> status;
}

/// The context behind a helper's first argument.
///
/// # Safety
/// The pointer is the context of the island whose native code calls.
unsafe fn context<'a>(cx: *mut Context) -> &'a mut Context {
    // SAFETY: native code holds no Rust reference, so this one is alone.
    unsafe { &mut *cx }
}
