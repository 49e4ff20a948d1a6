//! Models of the mailbox: every message arrives, in order, and nobody waits for ever.

use super::*;
use loom::sync::Arc;
use loom::sync::{Condvar, Mutex as LoomMutex};
use loom::thread;

/// Where a thread of a model sleeps until it is woken, once.
#[derive(Clone)]
struct Bell(Arc<(LoomMutex<u32>, Condvar)>);

impl Bell {
    fn new() -> Bell {
        Bell(Arc::new((LoomMutex::new(0), Condvar::new())))
    }

    fn ring(&self) {
        *self.0.0.lock().expect("no panics") += 1;
        self.0.1.notify_one();
    }

    fn wait(&self) {
        let mut rung = self.0.0.lock().expect("no panics");
        while *rung == 0 {
            rung = self.0.1.wait(rung).expect("no panics");
        }
        *rung -= 1;
    }
}

type Box_ = Mailbox<u32, Bell>;

fn ring_all(bells: Vec<Bell>) {
    bells.iter().for_each(Bell::ring);
}

/// Sends, waiting for room if need be; tells why when the mailbox is closed.
fn send(mailbox: &Box_, owner: &Bell, message: u32) -> Result<(), Closed> {
    match mailbox.try_send(message) {
        Ok(tell) => {
            if tell {
                owner.ring();
            }
            Ok(())
        }
        Err(Refused::Closed(why)) => Err(why),
        Err(Refused::Full(message)) => {
            let bell = Bell::new();
            let mut admitted = Vec::new();
            if mailbox.park(message, bell.clone(), &mut admitted)? {
                owner.ring();
            }
            ring_all(admitted);
            bell.wait();
            Ok(())
        }
    }
}

/// Receives, waiting for a message if need be.
fn recv(mailbox: &Box_, owner: &Bell) -> Option<u32> {
    loop {
        match mailbox.try_recv() {
            Ok(message) => {
                if mailbox.has_parked() {
                    let mut admitted = Vec::new();
                    mailbox.admit(&mut admitted);
                    ring_all(admitted);
                }
                return Some(message);
            }
            Err(Nothing::Closed) => return None,
            Err(Nothing::Empty) => {
                mailbox.announce();
                if mailbox.is_empty() {
                    owner.wait();
                }
            }
        }
    }
}

#[test]
fn a_message_reaches_an_owner_that_waits() {
    loom::model(|| {
        let (mailbox, owner) = (Arc::new(Box_::new(2)), Bell::new());
        let (theirs, bell) = (mailbox.clone(), owner.clone());
        let sender = thread::spawn(move || send(&theirs, &bell, 1));
        assert_eq!(recv(&mailbox, &owner), Some(1));
        assert_eq!(sender.join().expect("ends"), Ok(()));
    });
}

#[test]
fn a_sender_that_waits_for_room_gets_it() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let (mailbox, owner) = (Arc::new(Box_::new(1)), Bell::new());
        let (theirs, bell) = (mailbox.clone(), owner.clone());
        let sender = thread::spawn(move || {
            for message in 1..=2 {
                assert_eq!(send(&theirs, &bell, message), Ok(()));
            }
        });
        assert_eq!(recv(&mailbox, &owner), Some(1));
        assert_eq!(recv(&mailbox, &owner), Some(2));
        sender.join().expect("ends");
    });
}

#[test]
fn two_senders_wait_and_both_arrive() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let (mailbox, owner) = (Arc::new(Box_::new(1)), Bell::new());
        let senders: Vec<_> = [1, 2]
            .into_iter()
            .map(|message| {
                let (theirs, bell) = (mailbox.clone(), owner.clone());
                thread::spawn(move || assert_eq!(send(&theirs, &bell, message), Ok(())))
            })
            .collect();
        let sum = recv(&mailbox, &owner).unwrap_or(0) + recv(&mailbox, &owner).unwrap_or(0);
        assert_eq!(sum, 3);
        senders.into_iter().for_each(|s| s.join().expect("ends"));
    });
}

/// What was accepted before the close is received; who waits, or comes later, is told.
fn closing(why: Closed) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (mailbox, owner) = (Arc::new(Mailbox::<u32, u32>::new(1)), Bell::new());
        let theirs = mailbox.clone();
        let sender = thread::spawn(move || {
            let first = theirs.try_send(1).is_ok();
            // Parked, refused, or let in; the token tells which.
            let mut admitted = Vec::new();
            let second = match theirs.try_send(2) {
                Ok(_) => Ok(true),
                Err(Refused::Closed(why)) => Err(why),
                Err(Refused::Full(m)) => theirs.park(m, 2, &mut admitted).map(|_| false),
            };
            (first, second)
        });
        let mut refused = Vec::new();
        assert!(mailbox.close(why, &mut refused));
        assert!(!mailbox.close(why, &mut refused));
        let (first, second) = sender.join().expect("ends");
        let mut received = Vec::new();
        loop {
            match mailbox.try_recv() {
                Ok(message) => received.push(message),
                Err(nothing) => {
                    assert_eq!(nothing, Nothing::Closed);
                    break;
                }
            }
        }
        assert!(!mailbox.has_parked());
        match second {
            Err(told) => assert_eq!(told, why),
            Ok(true) => unreachable!("there is room for one"),
            Ok(false) => assert_eq!(refused, [2]),
        }
        if why == Closed::Closed {
            assert_eq!(received, if first { vec![1] } else { vec![] });
        } else {
            assert!(received.is_empty(), "the dead receive nothing");
        }
        drop(owner);
    });
}

#[test]
fn closing_tells_every_sender() {
    closing(Closed::Closed);
}

#[test]
fn going_away_tells_every_sender() {
    closing(Closed::Gone);
}
