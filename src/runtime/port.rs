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
//! wait to receive; its values are not in a ring of its own but, packed, in the mailbox and on the
//! owner's desk, whoever sends them: what is received is always a copy.
//!
//! Invariants
//! 1. An island has at most one object for a port ([`Ports`]), so references to a port are equal
//!    where they mean the same port.
//! 2. Each object holds one strong count of its `PortShared`. The owner's object is alive as long
//!    as there are other counts, so that a capability can come home.
//! 3. Fibers wait to receive only in the owner's object, which alone has a desk, and only after
//!    the mailbox was asked to tell of the next message.
//! 4. A port whose desk owes room is in the list of those that owe. That is settled before the
//!    island sleeps.

use super::chan::{self, Chan, OK_CLOSED, OK_VALUE, PORT_RING};
use super::context::{Context, JitResult};
use super::fiber::{Fiber, State};
use super::heap::{Marker, OutOfMemory, Survivors};
use super::observe::timeline::WokenBy;
use super::outside::inbox::{Letter, Sender};
use super::pack::{INLINE_WORDS, Message};
use super::panic::Fault;
use super::program::Shape;
use rustc_hash::FxHashMap;
use std::ptr;
use std::sync::Arc;
use vo_bytecode::types::MAX_FLAT_SLOTS;
use vo_bytecode::{TypeId, TypeKind};
use vo_mail::mailbox::{self, Closed, Desk, Mailbox, Nothing, Refused};

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
    /// The owner's side of the mailbox; null in a capability.
    desk: *mut Desk<Message>,
    /// A value has no references and fits into a message as it is.
    plain: bool,
    /// See invariant 4.
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

/// A fiber that waits for room in a mailbox, of a port or of goroutines to be started, as other
/// threads hold it.
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
    /// Ports that have room which senders do not know of: they are told of much at a time.
    owing: Vec<Arc<PortShared>>,
}

impl Ports {
    /// The objects, all of which are live.
    pub fn objects(&self) -> impl Iterator<Item = *mut Port> {
        self.objects.values().copied()
    }

    /// Forgets the ports whose objects a collection has not found.
    pub fn sweep(&mut self, survivors: &Survivors<'_>) {
        self.objects.retain(|_, port| {
            let alive = survivors.contains(port.cast::<u8>());
            if !alive {
                // SAFETY: the object is not reused before the collection has ended, and gives
                // up here what it holds.
                unsafe { Port::release(*port) };
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

    /// Gives up what an object holds.
    ///
    /// # Safety
    /// `port` is a port object, which is not used any more.
    unsafe fn release(port: *mut Port) -> Arc<PortShared> {
        // SAFETY: the object holds a strong count (2), and a desk that came from a box.
        unsafe {
            if !(*port).desk.is_null() {
                drop(Box::from_raw((*port).desk));
            }
            Arc::from_raw((*port).shared)
        }
    }

    /// What names a port in this process.
    ///
    /// # Safety
    /// `port` is a live port object.
    pub unsafe fn key(port: *mut Port) -> usize {
        // SAFETY: the caller's promise.
        unsafe { (*port).shared as usize }
    }

    /// The name of the port where a fiber waits for room.
    ///
    /// # Safety
    /// The fiber waits so.
    pub unsafe fn waited_for(fiber: *mut Fiber) -> usize {
        // SAFETY: the caller's promise.
        unsafe { (*fiber).prev as usize }
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

/// The operations on ports in all their cases, for native code and the interpreter alike.
impl Context {
    /// Makes a port of a port type, which is the first result.
    pub fn make_port(&mut self, ty: TypeId, cap: i64) -> JitResult {
        let program = self.program.clone();
        let TypeKind::Port(elem, ..) = *program.module.types.kind(ty) else {
            return self.plain_fault("makeport: not a port type");
        };
        if !(1..=MAX_PORT_CAP).contains(&cap) {
            return self.plain_fault("makeport: size out of range");
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
        let plan = self.program.pack.slots(shared.elem);
        let plain = plan.words <= INLINE_WORDS && plan.leaves.is_empty();
        // SAFETY: a fresh zeroed object of that size.
        unsafe {
            (*port).chan.shape = shape;
            (*port).chan.ring_words = PORT_RING;
            (*port).plain = plain;
            if shared.island == self.island {
                (*port).desk = Box::into_raw(Box::default());
            }
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
            let message = self.message(port, value);
            self.ok = u64::from(OK_VALUE);
            match self.try_port_send(port, message) {
                Ok(sent) => sent,
                Err(message) => self.send_to_full(port, message),
            }
        }
    }

    /// Sends without waiting.
    ///
    /// # Errors
    /// Gives the message back where there is no room.
    ///
    /// # Safety
    /// `port` is a port of this context.
    #[inline(always)]
    unsafe fn try_port_send(
        &mut self,
        port: *mut Port,
        message: Message,
    ) -> Result<JitResult, Message> {
        // SAFETY: the caller's promise; the port is kept by whoever sends.
        unsafe {
            match Port::shared(port).mailbox.try_send(message) {
                Ok(tell) => Ok(self.port_sent(port, tell)),
                Err(Refused::Closed(why)) => Ok(self.port_refused(why)),
                Err(Refused::Full(message)) => Err(message),
            }
        }
    }

    /// A message was accepted, of which the owner may want to be told.
    ///
    /// # Safety
    /// As for [`Context::try_port_send`].
    unsafe fn port_sent(&mut self, port: *mut Port, tell: bool) -> JitResult {
        if tell {
            // SAFETY: the caller's promise.
            self.tell_owner(unsafe { shared_of(port as usize) });
        }
        JitResult::Ok
    }

    /// A value of a port as a message.
    ///
    /// # Safety
    /// As for [`Context::port_send`].
    unsafe fn message(&self, port: *mut Port, value: *const u64) -> Message {
        // SAFETY: the caller's promise.
        unsafe {
            if (*port).plain {
                let words = (*port).chan.words();
                return Message::plain(std::slice::from_raw_parts(value, words));
            }
            let plan = self.program.pack.slots(Port::shared(port).elem);
            self.pack(std::slice::from_raw_parts(value, plan.words), plan)
        }
    }

    /// Sends to a port that had no room a moment ago; its owner makes some where it can, and else
    /// the sender waits.
    ///
    /// # Safety
    /// `port` is a port of this context.
    #[cold]
    unsafe fn send_to_full(&mut self, port: *mut Port, message: Message) -> JitResult {
        // SAFETY: the caller's promise.
        unsafe {
            if (*port).desk.is_null() {
                return self.park_sender(port, message);
            }
            self.settle_port(port);
            match self.try_port_send(port, message) {
                Ok(sent) => sent,
                Err(message) => self.park_sender(port, message),
            }
        }
    }

    /// Leaves the running fiber with its message until there is room.
    ///
    /// # Safety
    /// `port` is a port of this context.
    unsafe fn park_sender(&mut self, port: *mut Port, message: Message) -> JitResult {
        let parked = self.parked(State::PortSending);
        // SAFETY: the caller's promise; the running fiber is in no queue.
        unsafe {
            (*self.current).prev = Port::key(port) as *mut Fiber;
            let done = match Port::shared(port).mailbox.park(message, parked) {
                Ok(mailbox::Parked::Waits) => return JitResult::WaitIo,
                Ok(mailbox::Parked::Accepted { tell, .. }) => self.port_sent(port, tell),
                Err(why) => self.port_refused(why),
            };
            (*self.current).state = State::Ready;
            done
        }
    }

    /// The running fiber as one that waits for room.
    pub(super) fn parked(&mut self, state: State) -> Parked {
        let fiber = self.park(state);
        Parked {
            sender: self.outside.inbox.sender(),
            island: self.island,
            fiber: FiberAddress(fiber),
        }
    }

    fn port_refused(&mut self, why: Closed) -> JitResult {
        let ok = match why {
            Closed::Closed => OK_CLOSED,
            Closed::Gone => OK_GONE,
        };
        self.fault(Fault::PortSendClosed, i64::from(ok), 0)
    }

    /// Receives into the results and sets `ok`. When it waits, the caller captures the fiber; the
    /// value comes to its arrival words.
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
            loop {
                match self.take_message(port, into) {
                    Ok(true) => return JitResult::Ok,
                    Ok(false) => {}
                    Err(OutOfMemory) => return self.fault(Fault::OutOfMemory, 0, 0),
                }
                if self.announce_port(port) {
                    break;
                }
            }
            let fiber = self.park(State::PortReceiving);
            (*port).chan.receivers.push(Fiber::waiter(fiber));
            JitResult::WaitIo
        }
    }

    /// Whether a receive would not wait.
    ///
    /// # Safety
    /// `port` is a port that this context owns.
    pub unsafe fn port_ready(port: *mut Port) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            let mailbox = &Port::shared(port).mailbox;
            !(*(*port).desk).is_empty() || mailbox.queued() > 0 || mailbox.closed().is_some()
        }
    }

    /// Asks the next sender to tell of its message. False where a receive would not wait.
    ///
    /// # Safety
    /// `port` is a port that this context owns.
    pub unsafe fn announce_port(&mut self, port: *mut Port) -> bool {
        let mut admitted = Vec::new();
        // SAFETY: the caller's promise; the desk is this island's alone.
        let nothing = unsafe {
            let mailbox = &Port::shared(port).mailbox;
            mailbox.announce(&mut *(*port).desk, &mut admitted)
        };
        self.wake_senders(admitted, OK_VALUE);
        nothing
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
            match self.next_message(port) {
                Ok(message) => {
                    self.unpack(message, into, words)?;
                    self.ok = u64::from(OK_VALUE);
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

    /// Takes a message from the desk, or the mailbox; whoever gets room by that is woken.
    ///
    /// # Safety
    /// `port` is a port that this context owns.
    unsafe fn next_message(&mut self, port: *mut Port) -> Result<Message, Nothing> {
        let mut admitted = Vec::new();
        // SAFETY: the caller's promise; the desk is this island's alone.
        unsafe {
            let desk = &mut *(*port).desk;
            let message = Port::shared(port).mailbox.try_recv(desk, &mut admitted);
            if desk.owes() && !std::mem::replace(&mut (*port).owes, true) {
                self.ports.owing.push(shared_of(port as usize));
            }
            if !admitted.is_empty() {
                self.wake_senders(admitted, OK_VALUE);
            }
            message
        }
    }

    /// Tells senders of all the room in a port.
    ///
    /// # Safety
    /// `port` is a port that this context owns.
    unsafe fn settle_port(&mut self, port: *mut Port) {
        let mut admitted = Vec::new();
        // SAFETY: the caller's promise; the desk is this island's alone.
        unsafe {
            let mailbox = &Port::shared(port).mailbox;
            mailbox.settle(&mut *(*port).desk, &mut admitted);
        }
        self.wake_senders(admitted, OK_VALUE);
    }

    /// Tells senders of room wherever that was put off (4).
    pub fn settle_ports(&mut self) {
        while let Some(shared) = self.ports.owing.pop() {
            if let Some(port) = self.own_object(&shared) {
                // SAFETY: a live object of this island.
                unsafe {
                    (*port).owes = false;
                    self.settle_port(port);
                }
            }
        }
    }

    /// Whether there is room somewhere that senders do not know of.
    pub fn owes_ports(&self) -> bool {
        !self.ports.owing.is_empty()
    }

    /// Wakes senders whose waiting is over, on whichever island.
    pub(super) fn wake_senders(&mut self, parked: Vec<Parked>, ok: u8) {
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
                let _ = sender.send(Letter::Sent(fiber, ok, self.waker()));
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
            self.port_news(&shared, None);
        } else {
            let owner = shared.owner.clone();
            // An island that is gone has closed its ports.
            let _ = owner.send(Letter::Port(shared, self.waker()));
        }
    }

    /// The goroutine that runs, if an observer wants to know.
    fn waker(&self) -> Option<WokenBy> {
        let observer = self.options.observer.as_ref()?;
        observer.waker(self)
    }

    /// There are messages in a port of this island: gives them to those who wait. The first was
    /// sent by a goroutine of another island, if an observer wants to know of one.
    pub fn port_news(&mut self, shared: &Arc<PortShared>, sender: Option<WokenBy>) {
        if let Some(port) = self.own_object(shared) {
            // SAFETY: a live object of this island.
            unsafe { self.deliver_messages(port, sender) };
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
    unsafe fn deliver_messages(&mut self, port: *mut Port, mut sender: Option<WokenBy>) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut value = [0; MAX_FLAT_SLOTS];
            while !(*port).chan.receivers.head.is_null() {
                match self.next_message(port) {
                    Ok(message) => {
                        let words = (*port).chan.words();
                        if self.unpack(message, value.as_mut_ptr(), words).is_err() {
                            // There is no goroutine here that could panic.
                            self.fatal = Some(Fault::OutOfMemory);
                            return;
                        }
                        let receiver = (*port).chan.receivers.pop();
                        self.told_by = sender.take();
                        chan::deliver(self, receiver, value.as_ptr(), words);
                        self.told_by = None;
                    }
                    // `port_close` sees to those who wait.
                    Err(Nothing::Closed) => return,
                    Err(Nothing::Empty) if self.announce_port(port) => return,
                    Err(Nothing::Empty) => {}
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
            self.deliver_messages(port, None);
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
        unsafe {
            let mailbox = &Port::shared(port).mailbox;
            match (*port).desk.as_ref() {
                Some(desk) => (desk.len() + mailbox.queued()) as u64,
                None => mailbox.len() as u64,
            }
        }
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
            // SAFETY: the objects in the table are live, and nobody uses them from now on.
            let shared = unsafe { Port::release(port) };
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
