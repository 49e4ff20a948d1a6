//! Which function is behind which entry of the list of runtime functions.

use super::{
    Entry, Native, SecondHalf, dynamic, errno, files, host, integers, maps, math, net, numbers,
    print, process, quote, reflect, runes, search, slices, strings, time, typed, zones,
};
use crate::runtime::context::Context;
use std::slice;
use vo_bytecode::RtFn;

/// One line for each function; what is missing here does not compile.
macro_rules! table {
    ($($variant:ident = $name:literal,)*) => {
        /// By number of the entry, which is its place in the list.
        static NATIVES: [Native; RtFn::ALL.len()] = [$(function!($variant),)*];

        /// Likewise, as native code calls them.
        static ENTRIES: [Entry; RtFn::ALL.len()] =
            [$(enter::<{ RtFn::$variant as usize }>,)*];
    };
}

#[rustfmt::skip]
macro_rules! function {
    (StrEq) => { strings::str_eq };
    (StrCmp) => { strings::str_cmp };
    (StrFromRune) => { strings::str_from_rune };
    (StrToBytes) => { strings::str_to_bytes };
    (StrFromBytes) => { strings::str_from_bytes };
    (StrToRunes) => { strings::str_to_runes };
    (StrFromRunes) => { strings::str_from_runes };
    (StrDecodeRune) => { strings::str_decode_rune };
    (StrIndex) => { search::index };
    (StrLastIndex) => { search::last_index };
    (StrIndexByte) => { search::index_byte };
    (StrLastIndexByte) => { search::last_index_byte };
    (StrCount) => { search::count };
    (StrRuneCount) => { search::rune_count };
    (SliceMake) => { slices::slice_make };
    (SliceGrow) => { slices::slice_grow };
    (MapLen) => { maps::map_len };
    (MapClear) => { maps::map_clear };
    (PrintStr) => { print::print_str };
    (PrintInt) => { print::print_int };
    (PrintUint) => { print::print_uint };
    (PrintF64) => { print::print_f64 };
    (PrintF32) => { print::print_f32 };
    (PrintBool) => { print::print_bool };
    (PrintRef) => { print::print_ref };
    (PrintAny) => { print::print_any };
    (AssertFailed) => { print::assert_failed };
    (IndexFault) => { print::index_fault };
    (Gosched) => { process::gosched };
    (Callers) => { process::callers };
    (Goexit) => { process::goexit };
    (NumGoroutine) => { process::num_goroutine };
    (Gc) => { process::gc };
    (HeapBytes) => { process::heap_bytes };
    (Random) => { process::random };
    (Sleep) => { time::sleep };
    (TimerStart) => { time::start_timer };
    (TimerQueue) => { time::hide_ring };
    (TimerFire) => { time::fire };
    (TimerStop) => { time::stop_timer };
    (WallNanos) => { time::wall_nanos };
    (MonoNanos) => { time::mono_nanos };
    (ZoneLoad) => { zones::load };
    (ZoneLocal) => { zones::local };
    (ZoneSpan) => { zones::span };
    (ZoneNamed) => { zones::named };
    (Exit) => { process::exit };
    (WriteFd) => { process::write_fd };
    (Args) => { process::args };
    (Environ) => { process::environ };
    (ProcessText) => { process::text };
    (ProcessNumber) => { process::number };
    (ErrnoText) => { errno::errno_text };
    (FileOpen) => { files::open };
    (FileRead) => { files::read };
    (FileWrite) => { files::write };
    (FileSeek) => { files::seek };
    (FileClose) => { files::close };
    (FileNumber) => { files::number };
    (OnFile) => { files::on_file };
    (OnPath) => { files::on_path };
    (FileStat) => { files::stat };
    (NetListen) => { net::listen };
    (NetDial) => { net::dial };
    (NetConnected) => { net::connected };
    (NetAccept) => { net::accept };
    (NetRead) => { net::read };
    (NetWrite) => { net::write };
    (NetWait) => { net::wait };
    (NetDeadline) => { net::deadline };
    (NetClose) => { net::close };
    (NetShutdown) => { net::shutdown };
    (NetOption) => { net::option };
    (NetName) => { net::name };
    (NetLookup) => { net::lookup };
    (HostCheck) => { host::check };
    (HostPassInt) => { host::pass_int };
    (HostPassFloat) => { host::pass_float };
    (HostPassString) => { host::pass_bytes };
    (HostPassBytes) => { host::pass_bytes };
    (HostCall) => { host::call };
    (HostAwait) => { host::call };
    (HostInt) => { host::int };
    (HostFloat) => { host::float };
    (HostString) => { host::string };
    (HostBytes) => { host::byte_slice };
    (HostFailed) => { host::failed };
    (HostFailure) => { host::failure };
    (AnyKind) => { reflect::kind };
    (AnyTypeName) => { reflect::type_name };
    (AnyInt) => { reflect::int_of };
    (AnyFloat) => { reflect::float_of };
    (AnyStr) => { reflect::string_of };
    (AnyBits) => { reflect::bits };
    (AnyAddr) => { reflect::addr };
    (AnyLen) => { reflect::length };
    (AnyIndex) => { reflect::index };
    (AnyFieldName) => { reflect::field_name };
    (AnyElem) => { reflect::elem };
    (AnyMapKeys) => { maps::map_keys };
    (AnyMapIndex) => { maps::map_index };
    (AnySwap) => { reflect::swap };
    (AnyElemClass) => { reflect::elem_class };
    (AnyType) => { typed::type_of };
    (AnyComparable) => { reflect::comparable };
    (TypeKindOf) => { typed::kind_of };
    (TypeNameOf) => { typed::name_of };
    (TypeBits) => { typed::bits_of };
    (TypePart) => { typed::part_of };
    (TypeLen) => { typed::length_of };
    (TypeField) => { typed::field_of };
    (TypePointerTo) => { typed::pointer_to };
    (AnyMake) => { typed::make };
    (AnyWith) => { typed::with };
    (AnyMapSet) => { maps::map_set };
    (AnyConvert) => { typed::convert };
    (AnyAssign) => { typed::assign };
    (AnyField) => { dynamic::field };
    (AnySetField) => { dynamic::set_field };
    (AnyMapLookup) => { dynamic::map_lookup };
    (AnyMapStore) => { dynamic::map_store };
    (AnySetIndex) => { dynamic::set_index };
    (FormatInt) => { integers::format_int };
    (FormatUint) => { integers::format_uint };
    (FormatFloat) => { numbers::format_float };
    (ParseFloat) => { numbers::parse_float };
    (Quote) => { quote::quote };
    (IsPrint) => { quote::is_print };
    (RuneCategory) => { runes::category };
    (RuneCase) => { runes::to_case };
    (MathSin) => { math::sin };
    (MathCos) => { math::cos };
    (MathTan) => { math::tan };
    (MathAsin) => { math::asin };
    (MathAcos) => { math::acos };
    (MathAtan) => { math::atan };
    (MathAtan2) => { math::atan2 };
    (MathExp) => { math::exp };
    (MathLog) => { math::log };
    (MathLog2) => { math::log2 };
    (MathLog10) => { math::log10 };
    (MathPow) => { math::pow };
    (MathMod) => { math::modulo };
    (MathHypot) => { math::hypot };
    (MathCbrt) => { math::cbrt };
    (MathFma) => { math::fma };
    (MathSpecial) => { math::special };
}

vo_bytecode::with_runtime_functions!(table);

/// The second half of a function that has one.
pub fn second_half(function: RtFn) -> SecondHalf {
    match function {
        RtFn::Callers => process::callers_arrived,
        RtFn::FileOpen => files::open_arrived,
        RtFn::FileRead | RtFn::OnPath => files::data_arrived,
        RtFn::FileWrite => files::write_arrived,
        RtFn::OnFile => files::errno_arrived,
        RtFn::FileStat => files::stat_arrived,
        RtFn::NetWait => net::wait_arrived,
        RtFn::NetLookup => net::lookup_arrived,
        RtFn::HostAwait => host::answered,
        _ => unreachable!("{function:?} has no second half"),
    }
}

/// The function behind an entry of the list.
#[inline]
pub fn native(function: RtFn) -> Native {
    NATIVES[function as usize]
}

/// The same as native code calls it.
pub fn entry(function: RtFn) -> Entry {
    ENTRIES[function as usize]
}

/// Calls a function of the list for native code. Each has a copy of this, in which it is known.
///
/// # Safety
/// The context is that of the native code that calls, and holds no other reference to it; `args` and
/// `rets` are the addresses of as many words as the signature has, apart from each other, the
/// former values of its types.
unsafe extern "C" fn enter<const FUNCTION: usize>(
    cx: *mut Context,
    ty: u64,
    args: u64,
    rets: u64,
) -> u64 {
    let sig = RtFn::ALL[FUNCTION].sig();
    // SAFETY: the caller's promise.
    unsafe {
        let cx = &mut *cx;
        let args = slice::from_raw_parts(args as *const u64, sig.params.len());
        let rets = slice::from_raw_parts_mut(rets as *mut u64, sig.results.len());
        let status = NATIVES[FUNCTION](cx, ty as u32, args, rets);
        if cx.heap.wants_gc {
            cx.ask_capture();
        }
        status as u64
    }
}
