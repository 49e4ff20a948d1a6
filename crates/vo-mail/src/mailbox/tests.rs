//! Models of the mailbox: every message arrives, in order, and nobody waits for ever.

use super::*;
use loom::sync::{Arc, Condvar, Mutex as LoomMutex};
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
    let tell = match mailbox.try_send(message) {
        Ok(tell) => tell,
        Err(Refused::Closed(why)) => return Err(why),
        Err(Refused::Full(message)) => {
            let bell = Bell::new();
            match mailbox.park(message, bell.clone())? {
                Parked::Waits => {
                    bell.wait();
                    false
                }
                Parked::Accepted { tell, .. } => tell,
            }
        }
    };
    if tell {
        owner.ring();
    }
    Ok(())
}

/// Receives, waiting for a message if need be; lets senders know of all room before that.
fn recv(mailbox: &Box_, desk: &mut Desk<u32>, owner: &Bell) -> Option<u32> {
    loop {
        let mut admitted = Vec::new();
        let received = mailbox.try_recv(desk, &mut admitted);
        let waits = received == Err(Nothing::Empty) && mailbox.announce(desk, &mut admitted);
        ring_all(admitted);
        match received {
            Ok(message) => return Some(message),
            Err(Nothing::Closed) => return None,
            Err(Nothing::Empty) if waits => owner.wait(),
            Err(Nothing::Empty) => {}
        }
    }
}

#[test]
fn a_message_reaches_an_owner_that_waits() {
    loom::model(|| {
        let (mailbox, owner) = (Arc::new(Box_::new(2)), Bell::new());
        let (theirs, bell) = (mailbox.clone(), owner.clone());
        let sender = thread::spawn(move || send(&theirs, &bell, 1));
        assert_eq!(recv(&mailbox, &mut Desk::default(), &owner), Some(1));
        assert_eq!(sender.join().expect("ends"), Ok(()));
    });
}

/// So many messages of one sender through so much room, in order.
fn in_order(cap: usize, messages: u32, bound: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.check(move || {
        let (mailbox, owner) = (Arc::new(Box_::new(cap)), Bell::new());
        let (theirs, bell) = (mailbox.clone(), owner.clone());
        let sender = thread::spawn(move || {
            for message in 1..=messages {
                assert_eq!(send(&theirs, &bell, message), Ok(()));
            }
        });
        let mut desk = Desk::default();
        for message in 1..=messages {
            assert_eq!(recv(&mailbox, &mut desk, &owner), Some(message));
        }
        sender.join().expect("ends");
    });
}

#[test]
fn a_sender_that_waits_for_room_gets_it() {
    in_order(1, 2, 3);
}

#[test]
fn messages_come_from_queue_desk_and_parked_in_order() {
    in_order(3, 5, 2);
}

#[test]
fn two_senders_wait_and_both_arrive() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let (mailbox, owner) = (Arc::new(Box_::new(1)), Bell::new());
        let senders = [1, 2].map(|message| {
            let (theirs, bell) = (mailbox.clone(), owner.clone());
            thread::spawn(move || assert_eq!(send(&theirs, &bell, message), Ok(())))
        });
        let mut desk = Desk::default();
        let sum = (0..2)
            .filter_map(|_| recv(&mailbox, &mut desk, &owner))
            .sum::<u32>();
        assert_eq!(sum, 3);
        senders.into_iter().for_each(|s| s.join().expect("ends"));
    });
}

/// Room on the desk is told of when the owner settles: nobody waits for it any longer, and who
/// waited goes first.
#[test]
fn settling_lets_in_who_waits() {
    loom::model(|| {
        let mailbox = Mailbox::<u32, u32>::new(8);
        let (mut desk, mut admitted) = (Desk::default(), Vec::new());
        (0..8).for_each(|message| assert!(mailbox.try_send(message).is_ok()));
        assert_eq!(mailbox.try_recv(&mut desk, &mut admitted), Ok(0));
        assert!(mailbox.try_send(8).is_ok());
        assert!(matches!(mailbox.park(9, 109), Ok(Parked::Waits)));
        assert_eq!(mailbox.try_recv(&mut desk, &mut admitted), Ok(1));
        assert!(admitted.is_empty() && desk.owes());
        mailbox.settle(&mut desk, &mut admitted);
        assert!(!desk.owes());
        assert_eq!(admitted, [109]);
        assert!(matches!(mailbox.try_send(10), Err(Refused::Full(10))));
        assert_eq!(mailbox.len(), 8);
        let rest = (0..8).map(|_| mailbox.try_recv(&mut desk, &mut admitted));
        assert!(rest.eq((2..10).map(Ok)));
        assert!(mailbox.announce(&mut desk, &mut admitted));
        assert!(mailbox.try_send(10).expect("there is room"));
        assert!(!mailbox.try_send(11).expect("there is room"));
    });
}

/// What was accepted before the close is received; who waits, or comes later, is told.
fn closing(why: Closed) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let mailbox = Arc::new(Mailbox::<u32, u32>::new(1));
        let theirs = mailbox.clone();
        let sender = thread::spawn(move || {
            let first = theirs.try_send(1).is_ok();
            // Parked or refused; the token tells which.
            let second = match theirs.try_send(2) {
                Ok(_) => Ok(true),
                Err(Refused::Closed(why)) => Err(why),
                Err(Refused::Full(m)) => theirs.park(m, 2).map(|_| false),
            };
            (first, second)
        });
        let mut refused = Vec::new();
        assert!(mailbox.close(why, &mut refused));
        assert!(!mailbox.close(why, &mut refused));
        let (first, second) = sender.join().expect("ends");
        let (mut received, mut desk) = (Vec::new(), Desk::default());
        loop {
            match mailbox.try_recv(&mut desk, &mut refused) {
                Ok(message) => received.push(message),
                Err(nothing) => {
                    assert_eq!(nothing, Nothing::Closed);
                    break;
                }
            }
        }
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
