//! Models of the inbox: no letter is slept over, each sleep ends by one ring, and the last island
//! that falls asleep, and no other, finds the deadlock.

use super::*;
use crate::mailbox::{Desk, Mailbox, Nothing};
use crate::sync::{AtomicUsize, Condvar, Mutex, lock, wait};
use loom::thread;

/// What stands for a worker that runs one island: counts rings, and waits for one.
#[derive(Clone)]
struct Worker(Arc<(Mutex<u32>, Condvar)>);

impl Worker {
    fn new() -> Worker {
        Worker(Arc::new((Mutex::new(0), Condvar::new())))
    }

    fn run(&self) {
        *lock(&self.0.0) += 1;
        self.0.1.notify_one();
    }

    fn wait(&self) {
        let mut rung = lock(&self.0.0);
        while *rung == 0 {
            rung = wait(&self.0.1, rung);
        }
        *rung -= 1;
        assert_eq!(*rung, 0, "a sleep is ended by one ring");
    }
}

type Box_ = Inbox<u32, Worker>;

fn ring(bell: Option<Worker>) {
    if let Some(worker) = bell {
        worker.run();
    }
}

fn send(inbox: &Box_, letter: u32) {
    ring(inbox.send(letter).expect("open"));
}

/// An island that sleeps from the beginning, as one just made does.
fn island(census: &Arc<Census>) -> (Arc<Box_>, Worker) {
    let (inbox, worker) = (Arc::new(Inbox::new(census.clone())), Worker::new());
    assert_eq!(inbox.sleep(worker.clone(), Sleep::Stuck), Slept::Yes);
    (inbox, worker)
}

/// Runs an island until it has had so many letters, sleeping in between.
fn receive(inbox: &Box_, worker: &Worker, mut left: usize) -> Vec<u32> {
    let (mut all, mut letters) = (Vec::new(), VecDeque::new());
    worker.wait();
    loop {
        inbox.take(&mut letters);
        left -= letters.len();
        all.extend(letters.drain(..));
        if left == 0 {
            return all;
        }
        if inbox.sleep(worker.clone(), Sleep::Doze) == Slept::Yes {
            worker.wait();
        }
    }
}

#[test]
fn letters_wake_and_arrive_in_order() {
    loom::model(|| {
        let census = Arc::default();
        let (inbox, worker) = island(&census);
        let theirs = inbox.clone();
        let sender = thread::spawn(move || {
            send(&theirs, 1);
            send(&theirs, 2);
        });
        assert_eq!(receive(&inbox, &worker, 2), [1, 2]);
        sender.join().expect("ends");
    });
}

#[test]
fn two_senders_ring_once_for_each_sleep() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let census = Arc::default();
        let (inbox, worker) = island(&census);
        let senders = [1, 2].map(|letter| {
            let theirs = inbox.clone();
            thread::spawn(move || send(&theirs, letter))
        });
        assert_eq!(receive(&inbox, &worker, 2).iter().sum::<u32>(), 3);
        senders.into_iter().for_each(|s| s.join().expect("ends"));
        assert_eq!(census.active(), 1);
    });
}

/// A ring without a letter reaches an island that is about to sleep: the count of handles stands
/// for what it then looks at.
#[test]
fn a_ring_is_not_slept_over() {
    loom::model(|| {
        let census = Arc::default();
        let (inbox, worker) = island(&census);
        send(&inbox, 0);
        worker.wait();
        let handles = Arc::new(AtomicUsize::new(1));
        let (theirs, count) = (inbox.clone(), handles.clone());
        let other = thread::spawn(move || {
            count.store(0, Ordering::Release);
            ring(theirs.ring());
        });
        let mut letters = VecDeque::new();
        loop {
            inbox.take(&mut letters);
            if handles.load(Ordering::Acquire) == 0 {
                break;
            }
            if inbox.sleep(worker.clone(), Sleep::Doze) == Slept::Yes {
                worker.wait();
            }
        }
        other.join().expect("ends");
    });
}

#[test]
fn closing_gives_letters_back_and_the_token_up() {
    loom::model(|| {
        let census: Arc<Census> = Arc::default();
        let (inbox, worker) = island(&census);
        send(&inbox, 0);
        worker.wait();
        let theirs = inbox.clone();
        let sender = thread::spawn(move || {
            // Accepted and dropped, or given back; never a bell that nobody answers.
            assert!(theirs.send(7).ok().flatten().is_none());
        });
        assert!(inbox.close());
        sender.join().expect("ends");
        assert!(inbox.send(8).is_err());
        assert_eq!(census.active(), 0);
    });
}

/// Two islands write to each other so many times and then wait for ever. The deadlock is found
/// once, when every letter has been read.
fn deadlock(letters: u32, bound: Option<usize>) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = bound;
    builder.check(move || {
        let census: Arc<Census> = Arc::default();
        let islands = Arc::new([island(&census), island(&census)]);
        let read = Arc::new(AtomicUsize::new(0));
        let found = Arc::new(AtomicUsize::new(0));
        send(&islands[0].0, letters);
        let threads = [0, 1].map(|number: usize| {
            let (islands, read, found) = (islands.clone(), read.clone(), found.clone());
            thread::spawn(move || {
                let (inbox, worker) = &islands[number];
                let mut mine = VecDeque::new();
                worker.wait();
                while found.load(Ordering::Acquire) == 0 {
                    inbox.take(&mut mine);
                    for letter in mine.drain(..) {
                        read.fetch_add(1, Ordering::Relaxed);
                        if letter > 0 {
                            send(&islands[1 - number].0, letter - 1);
                        }
                    }
                    match inbox.sleep(worker.clone(), Sleep::Stuck) {
                        Slept::No => {}
                        Slept::Yes => worker.wait(),
                        Slept::Last => {
                            assert_eq!(read.load(Ordering::Relaxed), letters as usize + 1);
                            assert_eq!(found.fetch_add(1, Ordering::AcqRel), 0);
                            islands.iter().for_each(|(inbox, _)| ring(inbox.ring()));
                            // The ring that ends its own sleep.
                            worker.wait();
                        }
                    }
                }
            })
        });
        threads.into_iter().for_each(|t| t.join().expect("ends"));
        assert_eq!(found.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_last_to_sleep_finds_the_deadlock() {
    deadlock(1, None);
}

#[test]
fn a_letter_that_comes_back_is_no_deadlock() {
    deadlock(2, Some(3));
}

/// A port between two islands: the owner announces itself in the mailbox and sleeps in its inbox,
/// and the sender tells it through that, or finds it awake. Nothing is lost, and no deadlock is
/// found while there is something to receive.
#[test]
fn an_owner_that_waits_for_a_message_is_rung() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let census: Arc<Census> = Arc::default();
        let ((owner, worker), (sender, theirs)) = (island(&census), island(&census));
        let mailbox = Arc::new(Mailbox::<u32, ()>::new(1));
        send(&owner, 0);
        send(&sender, 0);
        let (box_, news) = (mailbox.clone(), owner.clone());
        let other = thread::spawn(move || {
            theirs.wait();
            let mut letters = VecDeque::new();
            sender.take(&mut letters);
            if box_.try_send(9).expect("there is room") {
                send(&news, 1);
            }
            // The owner has a token, or the message and another turn.
            let _ = sender.sleep(theirs, Sleep::Stuck);
        });
        let (mut desk, mut letters, mut admitted) = (Desk::default(), VecDeque::new(), Vec::new());
        worker.wait();
        loop {
            owner.take(&mut letters);
            letters.clear();
            match mailbox.try_recv(&mut desk, &mut admitted) {
                Ok(message) => {
                    assert_eq!(message, 9);
                    break;
                }
                Err(nothing) => assert_eq!(nothing, Nothing::Empty),
            }
            if !mailbox.announce(&mut desk, &mut admitted) {
                continue;
            }
            match owner.sleep(worker.clone(), Sleep::Stuck) {
                Slept::No => {}
                Slept::Yes => worker.wait(),
                Slept::Last => panic!("the sender has not sent yet"),
            }
        }
        other.join().expect("ends");
    });
}
