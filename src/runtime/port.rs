//! Ports: mailboxes that belong to one island and can be sent to from all.
//!
//! ```text
//!    the owner's heap                                         another island's heap
//!    ┌───────────────────┐                                    ┌───────────────────┐
//!    │ Port              │ shared   ┌────────────┐   shared   │ Port              │
//!    │ receivers (fibers)├─────────►│ PortShared │◄───────────┤ (a capability)    │
//!    └───────────────────┘          │  mailbox   │            └───────────────────┘
//!                                   │  owner     │
//!                                   └────────────┘
//! ```
//!
//! A port object begins as a channel does, with the queue of the fibers and select cases that
//! wait to receive; its values are not in a ring of its own but, packed, in the mailbox, whoever
//! sends them: what is received is always a copy.
//!
//! Invariants
//! 1. An island has at most one object for a port ([`Ports`]), so references to a port are equal
//!    where they mean the same port.
//! 2. Each object holds one strong count of its `PortShared`. The owner's object is alive as long
//!    as there are other counts, so that a capability can come home.
//! 3. Fibers wait to receive only in the owner's object, and only after the mailbox was asked to
//!    tell of the next message and found empty once more.

use super::chan::{self, Chan, OK_CLOSED, OK_VALUE, PORT_RING};
use super::context::{Context, JitResult};
use super::fiber::{Fiber, State};
use super::heap::{Marker, OutOfMemory, Survivors};
use super::outside::inbox::{Letter, Sender};
use super::pack::Message;
use super::panic::Fault;
use super::program::Shape;
use rustc_hash::FxHashMap;
use std::ptr;
use std::sync::Arc;
use vo_bytecode::types::MAX_FLAT_SLOTS;
use vo_bytecode::{TypeId, TypeKind};
use vo_mail::mailbox::{Closed, Mailbox, Nothing, Refused};

/// `Fiber::ok` of a sender whose port's island has ended; beside [`OK_VALUE`] and [`OK_CLOSED`].
pub const OK_GONE: u8 = 2;

/// The most values that a port may have room for.
const MAX_PORT_CAP: i64 = 1 << 30;

/// See the module's picture.
#[repr(C)]
pub struct Port {
    /// The queue of receivers, and the shape of values.
    pub chan: Chan,
    shared: *const PortShared,
    /// The owner owes the senders that wait a look at the mailbox.
    owes: bool,
}

/// What all islands' objects of a port share.
#[derive(Debug)]
pub struct PortShared {
    mailbox: Mailbox<Message, Parked>,
    owner: Sender,
    island: u64,
    elem: TypeId,
}

/// A fiber that waits for room in a mailbox, as other threads hold it.
#[derive(Debug)]
pub struct Parked {
    sender: Sender,
    island: u64,
    fiber: FiberAddress,
}

/// A fiber's address in the hands of other threads, to be given back to its island.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FiberAddress(*mut Fiber);

// SAFETY: only the fiber's own island follows the address.
unsafe impl Send for FiberAddress {}

/// The ports that an island has objects of.
#[derive(Default)]
pub struct Ports {
    /// By the address of what they share.
    objects: FxHashMap<usize, *mut Port>,
    /// Ports whose senders wait although there is room: they are let in many at a time.
    owing: Vec<Arc<PortShared>>,
}

impl Ports {
    /// Forgets the ports whose objects a collection has not found.
    pub fn sweep(&mut self, survivors: &Survivors<'_>) {
        self.objects.retain(|_, port| {
            let alive = survivors.contains(port.cast::<u8>());
            if !alive {
                // SAFETY: the object is not reused before the collection has ended, and gives
                // its count up here.
                drop(unsafe { Arc::from_raw((**port).shared) });
            }
            alive
        });
    }
}

/// What the object at an address shares with others of its port.
///
/// # Safety
/// There is a live port object.
pub unsafe fn shared_of(port: usize) -> Arc<PortShared> {
    // SAFETY: the object holds a strong count (2).
    unsafe {
        let shared = (*(port as *const Port)).shared;
        Arc::increment_strong_count(shared);
        Arc::from_raw(shared)
    }
}

impl Port {
    /// Whether a channel object is a port, which can be received from.
    ///
    /// # Safety
    /// `chan` is a live channel or port.
    pub unsafe fn of_chan(chan: *mut Chan) -> Option<*mut Port> {
        // SAFETY: the caller's promise.
        unsafe { ((*chan).ring_words == PORT_RING).then_some(chan.cast()) }
    }

    /// What it shares.
    ///
    /// # Safety
    /// `port` is a live port object, and the reference is not used beyond its life.
    pub unsafe fn shared<'a>(port: *mut Port) -> &'a PortShared {
        // SAFETY: the caller's promise; the object holds a strong count (2).
        unsafe { &*(*port).shared }
    }
}

impl PortShared {
    /// Whether a receive would not wait.
    pub fn is_ready(&self) -> bool {
        !self.mailbox.is_empty() || self.mailbox.closed().is_some()
    }

    /// Asks the next sender to tell the owner.
    pub fn announce(&self) {
        self.mailbox.announce();
    }
}

/// The operations on ports in all their cases, for native code and the interpreter alike.
impl Context {
    /// Makes a port of a port type, which is the first result.
    pub fn make_port(&mut self, ty: TypeId, cap: i64) -> JitResult {
        let program = self.program.clone();
        let TypeKind::Port(elem, ..) = *program.module.types.kind(ty) else {
            return self.fault_text("makeport: not a port type");
        };
        if !(1..=MAX_PORT_CAP).contains(&cap) {
            return self.fault_text("makeport: size out of range");
        }
        let shared = Arc::new(PortShared {
            mailbox: Mailbox::new(cap as usize),
            owner: self.outside.inbox.sender(),
            island: self.island,
            elem,
        });
        match self.port_object(shared) {
            Ok(port) => {
                self.results[0] = port as u64;
                JitResult::Ok
            }
            Err(OutOfMemory) => self.fault(Fault::OutOfMemory, 0, 0),
        }
    }

    /// This island's object of a port.
    ///
    /// # Errors
    /// When the heap is at its limit.
    pub fn port_object(&mut self, shared: Arc<PortShared>) -> Result<*mut Port, OutOfMemory> {
        let key = Arc::as_ptr(&shared) as usize;
        if let Some(port) = self.ports.objects.get(&key) {
            return Ok(*port);
        }
        let layout = self.program.own.port;
        let port = self.heap.alloc(layout, size_of::<Port>())?.cast::<Port>();
        let shape = Shape::of(&self.program.module.types.slots(shared.elem));
        // SAFETY: a fresh zeroed object of that size.
        unsafe {
            (*port).chan.shape = shape;
            (*port).chan.ring_words = PORT_RING;
            (*port).shared = Arc::into_raw(shared);
        }
        self.ports.objects.insert(key, port);
        Ok(port)
    }

    /// Sends the words at `value`. When it waits, the caller captures the fiber.
    ///
    /// # Safety
    /// `port` is a port of this context or null, and `value` points to its words.
    pub unsafe fn port_send(&mut self, port: *mut Port, value: *const u64) -> JitResult {
        if port.is_null() {
            return self.nil_queue(Fault::PortSendNil);
        }
        // SAFETY: the caller's promise; the port is kept by whoever sends.
        unsafe {
            let shared = Port::shared(port);
            let program = self.program.clone();
            let plan = program.pack.slots(shared.elem);
            let message = self.pack(std::slice::from_raw_parts(value, plan.words), plan);
            self.ok = u64::from(OK_VALUE);
            match shared.mailbox.try_send(message) {
                Ok(false) => JitResult::Ok,
                Ok(true) => {
                    self.tell_owner(shared_of(port as usize));
                    JitResult::Ok
                }
                Err(Refused::Closed(why)) => self.port_refused(why),
                Err(Refused::Full(message)) => self.park_sender(port, message),
            }
        }
    }

    /// Leaves the running fiber with its message until there is room.
    ///
    /// # Safety
    /// `port` is a port of this context.
    unsafe fn park_sender(&mut self, port: *mut Port, message: Message) -> JitResult {
        // SAFETY: the caller's promise; the running fiber is valid and in no queue.
        unsafe {
            (*self.current).state = State::PortSending;
            let parked = Parked {
                sender: self.outside.inbox.sender(),
                island: self.island,
                fiber: FiberAddress(self.current),
            };
            let mut admitted = Vec::new();
            let shared = shared_of(port as usize);
            match shared.mailbox.park(message, parked, &mut admitted) {
                Ok(tell) => {
                    self.wake_senders(admitted, OK_VALUE);
                    if tell {
                        self.tell_owner(shared);
                    }
                    JitResult::WaitIo
                }
                Err(why) => {
                    (*self.current).state = State::Ready;
                    self.port_refused(why)
                }
            }
        }
    }

    fn port_refused(&mut self, why: Closed) -> JitResult {
        let ok = match why {
            Closed::Closed => OK_CLOSED,
            Closed::Gone => OK_GONE,
        };
        self.fault(Fault::PortSendClosed, i64::from(ok), 0)
    }

    /// Receives into the results and sets `ok`. When it waits, the caller captures the fiber and
    /// points `Fiber::val` to where the value is to arrive.
    ///
    /// # Safety
    /// `port` is a port that this context owns, or null.
    pub unsafe fn port_recv(&mut self, port: *mut Port) -> JitResult {
        if port.is_null() {
            return self.nil_queue(Fault::PortRecvNil);
        }
        // SAFETY: the caller's promise; the results have room for any value.
        unsafe {
            let into = self.results.as_mut_ptr();
            let mut taken = self.take_message(port, into);
            if taken == Ok(false) {
                // Whoever sends from now on tells; whoever did before is found by looking again
                // (3).
                Port::shared(port).announce();
                taken = self.take_message(port, into);
            }
            match taken {
                Ok(true) => return JitResult::Ok,
                Ok(false) => {}
                Err(OutOfMemory) => return self.fault(Fault::OutOfMemory, 0, 0),
            }
            let fiber = self.current;
            (*fiber).state = State::PortReceiving;
            (*port).chan.receivers.push(Fiber::waiter(fiber));
            JitResult::WaitIo
        }
    }

    /// Takes a message, or that there will be none, as what is received: `ok` tells which.
    /// False when there may be one later.
    ///
    /// # Errors
    /// When there is no memory for the value.
    ///
    /// # Safety
    /// `port` is a port that this context owns, and `into` has room for its words.
    pub unsafe fn take_message(
        &mut self,
        port: *mut Port,
        into: *mut u64,
    ) -> Result<bool, OutOfMemory> {
        // SAFETY: the caller's promise.
        unsafe {
            let words = (*port).chan.words();
            match Port::shared(port).mailbox.try_recv() {
                Ok(message) => {
                    self.unpack(message, into, words)?;
                    self.ok = u64::from(OK_VALUE);
                    self.received(port);
                    Ok(true)
                }
                Err(Nothing::Closed) => {
                    ptr::write_bytes(into, 0, words);
                    self.ok = u64::from(OK_CLOSED);
                    Ok(true)
                }
                Err(Nothing::Empty) => Ok(false),
            }
        }
    }

    /// There is room in a mailbox: lets senders in that wait. While the mailbox is more than half
    /// full that can wait until the island does nothing else, so that sender and receiver do not
    /// wake each other for every message.
    ///
    /// # Safety
    /// `port` is a port that this context owns.
    unsafe fn received(&mut self, port: *mut Port) {
        // SAFETY: the caller's promise.
        unsafe {
            let mailbox = &Port::shared(port).mailbox;
            if !mailbox.has_parked() {
                return;
            }
            if mailbox.len() * 2 <= mailbox.cap() {
                self.admit(&shared_of(port as usize));
            } else if !std::mem::replace(&mut (*port).owes, true) {
                self.ports.owing.push(shared_of(port as usize));
            }
        }
    }

    /// Lets senders in wherever that was put off.
    pub fn settle_ports(&mut self) {
        while let Some(shared) = self.ports.owing.pop() {
            if let Some(port) = self.own_object(&shared) {
                // SAFETY: a live object of this island.
                unsafe { (*port).owes = false };
            }
            self.admit(&shared);
        }
    }

    /// Whether letting senders in was put off somewhere.
    pub fn owes_ports(&self) -> bool {
        !self.ports.owing.is_empty()
    }

    fn admit(&mut self, shared: &Arc<PortShared>) {
        let mut admitted = Vec::new();
        let tell = shared.mailbox.admit(&mut admitted);
        self.wake_senders(admitted, OK_VALUE);
        if tell {
            self.tell_owner(shared.clone());
        }
    }

    /// Wakes senders whose waiting is over, on whichever island.
    fn wake_senders(&mut self, parked: Vec<Parked>, ok: u8) {
        for Parked {
            sender,
            island,
            fiber,
        } in parked
        {
            if island == self.island {
                self.sent(fiber, ok);
            } else {
                // An island that is gone has no goroutine to wake.
                let _ = sender.send(Letter::Sent(fiber, ok));
            }
        }
    }

    /// A fiber of this island no longer waits to send.
    pub fn sent(&mut self, fiber: FiberAddress, ok: u8) {
        // SAFETY: the fiber waits for this alone, so it is valid and in no queue.
        unsafe {
            (*fiber.0).ok = ok;
            self.push(fiber.0);
        }
    }

    /// The owner of a port wanted to be told of a message.
    fn tell_owner(&mut self, shared: Arc<PortShared>) {
        if shared.island == self.island {
            self.port_news(&shared);
        } else {
            let owner = shared.owner.clone();
            // An island that is gone has closed its ports.
            let _ = owner.send(Letter::Port(shared));
        }
    }

    /// There are messages in a port of this island: gives them to those who wait.
    pub fn port_news(&mut self, shared: &Arc<PortShared>) {
        if let Some(port) = self.own_object(shared) {
            // SAFETY: a live object of this island.
            unsafe { self.deliver_messages(port) };
        }
    }

    fn own_object(&self, shared: &Arc<PortShared>) -> Option<*mut Port> {
        let key = Arc::as_ptr(shared) as usize;
        self.ports.objects.get(&key).copied()
    }

    /// Gives messages to receivers that wait, as long as there are both.
    ///
    /// # Safety
    /// `port` is a port that this context owns; whoever waits is captured.
    unsafe fn deliver_messages(&mut self, port: *mut Port) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut value = [0; MAX_FLAT_SLOTS];
            while !(*port).chan.receivers.head.is_null() {
                match Port::shared(port).mailbox.try_recv() {
                    Ok(message) => {
                        let words = (*port).chan.words();
                        if self.unpack(message, value.as_mut_ptr(), words).is_err() {
                            // There is no goroutine here that could panic.
                            self.fatal = Some(Fault::OutOfMemory);
                            return;
                        }
                        let receiver = (*port).chan.receivers.pop();
                        chan::deliver(self, receiver, value.as_ptr(), words);
                        self.received(port);
                    }
                    // `port_close` sees to those who wait.
                    Err(Nothing::Closed) => return,
                    Err(Nothing::Empty) => {
                        Port::shared(port).announce();
                        if Port::shared(port).mailbox.is_empty() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Closes a port.
    ///
    /// # Safety
    /// `port` is a port that this context owns, or null.
    pub unsafe fn port_close(&mut self, port: *mut Port) -> JitResult {
        if port.is_null() {
            return self.fault(Fault::PortCloseNil, 0, 0);
        }
        // SAFETY: the caller's promise.
        unsafe {
            let mut refused = Vec::new();
            if !Port::shared(port)
                .mailbox
                .close(Closed::Closed, &mut refused)
            {
                return self.fault(Fault::PortCloseClosed, 0, 0);
            }
            // What was accepted before goes to those who wait.
            self.deliver_messages(port);
            loop {
                let receiver = (*port).chan.receivers.pop();
                if receiver.is_null() {
                    break;
                }
                chan::refuse(self, receiver, (*port).chan.words());
            }
            self.wake_senders(refused, OK_CLOSED);
        }
        JitResult::Ok
    }

    /// The number of values in a port; 0 for nil.
    ///
    /// # Safety
    /// `port` is a port of this context or null.
    pub unsafe fn port_len(port: *mut Port) -> u64 {
        if port.is_null() {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe { Port::shared(port).mailbox.len() as u64 }
    }

    /// The capacity; 0 for nil.
    ///
    /// # Safety
    /// As for [`Context::port_len`].
    pub unsafe fn port_cap(port: *mut Port) -> u64 {
        if port.is_null() {
            return 0;
        }
        // SAFETY: the caller's promise.
        unsafe { Port::shared(port).mailbox.cap() as u64 }
    }

    /// Shows the ports that others can send to, to the collector.
    pub fn trace_ports(&self, marker: &mut Marker<'_>) {
        for port in self.ports.objects.values() {
            // SAFETY: the objects in the table are live and hold a count (2).
            unsafe {
                let shared = Arc::from_raw((**port).shared);
                if shared.island == self.island && Arc::strong_count(&shared) > 1 {
                    marker.mark_ref(port.cast::<u8>().cast_const());
                }
                // The count stays the object's.
                let _ = Arc::into_raw(shared);
            }
        }
    }

    /// The island ends: nobody will receive what is sent to it, and whoever waits to is told.
    pub fn abandon_ports(&mut self) {
        self.ports.owing.clear();
        for (_, port) in std::mem::take(&mut self.ports.objects) {
            // SAFETY: the objects in the table are live and hold a count (2), which they give up.
            let shared = unsafe { Arc::from_raw((*port).shared) };
            if shared.island == self.island {
                let mut refused = Vec::new();
                shared.mailbox.close(Closed::Gone, &mut refused);
                // Fibers of this island end with it.
                refused.retain(|parked| parked.island != self.island);
                self.wake_senders(refused, OK_GONE);
            }
        }
    }
}
