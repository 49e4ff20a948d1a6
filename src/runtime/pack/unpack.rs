//! Unpacking: into an island's heap.

use super::{From, Graph, Message, To};
use crate::runtime::context::Context;
use crate::runtime::heap::OutOfMemory;
use crate::runtime::map::MapError;
use std::ptr;

impl Context {
    /// Makes the value of a message on this island's heap: its words, of which there are `words`.
    ///
    /// # Errors
    /// When the heap is at its limit.
    ///
    /// # Safety
    /// `into` has room for so many words, and the message was packed from as many by an island of
    /// the same program.
    pub unsafe fn unpack(
        &mut self,
        message: Message,
        into: *mut u64,
        words: usize,
    ) -> Result<(), OutOfMemory> {
        let Some(mut graph) = message.graph else {
            // SAFETY: the caller's promise. Most are one word, for which a call that copies is dear.
            unsafe {
                match words {
                    1 => into.write(message.words[0]),
                    _ => ptr::copy_nonoverlapping(message.words.as_ptr(), into, words),
                }
            }
            return Ok(());
        };
        debug_assert_eq!(graph.root, words);
        let objects = self.copy_objects(&graph)?;
        let maps = self.new_maps(&graph)?;
        self.tie(&mut graph, &objects, &maps)?;
        self.fill_maps(&graph, &maps)?;
        if self.heap.wants_gc {
            self.ask_capture();
        }
        // SAFETY: the caller's promise; the root's words come first.
        unsafe { ptr::copy_nonoverlapping(graph.words.as_ptr(), into, words) };
        Ok(())
    }

    /// The objects' addresses.
    fn copy_objects(&mut self, graph: &Graph) -> Result<Vec<*mut u8>, OutOfMemory> {
        let mut objects = Vec::with_capacity(graph.objects.len());
        for object in &graph.objects {
            let to = self.heap.alloc(object.layout, object.bytes)?;
            let words = &graph.words[object.at..object.at + object.bytes.div_ceil(8)];
            // SAFETY: a new object of so many bytes.
            unsafe { ptr::copy_nonoverlapping(words.as_ptr().cast(), to, object.bytes) };
            objects.push(to);
        }
        Ok(objects)
    }

    fn new_maps(&mut self, graph: &Graph) -> Result<Vec<*mut u8>, OutOfMemory> {
        let program = self.program.clone();
        let new = |map: &super::Map| {
            let hint = map.entries as i64;
            program.maps.create(&mut self.heap, map.ty, hint)
        };
        graph.maps.iter().map(new).collect()
    }

    /// Writes every reference.
    fn tie(
        &mut self,
        graph: &mut Graph,
        objects: &[*mut u8],
        maps: &[*mut u8],
    ) -> Result<(), OutOfMemory> {
        let mut ports = Vec::with_capacity(graph.ports.len());
        for shared in graph.ports.drain(..) {
            ports.push(self.port_object(shared)? as u64);
        }
        for link in &graph.links {
            let to = match link.to {
                To::Object(object, at) => objects[object as usize] as u64 + at as u64,
                To::Map(map) => maps[map as usize] as u64,
                To::Port(port) => ports[port as usize],
                To::Fixed(address) => address,
            };
            match link.from {
                // SAFETY: packing has noted a word of that object.
                From::Object(object, at) => unsafe {
                    objects[object as usize].add(at).cast::<u64>().write(to);
                },
                From::Word(at) => graph.words[at] = to,
            }
        }
        Ok(())
    }

    /// Sets the entries: not before all that keys lead to is there, as they are hashed.
    fn fill_maps(&mut self, graph: &Graph, maps: &[*mut u8]) -> Result<(), OutOfMemory> {
        let program = self.program.clone();
        for (map, object) in graph.maps.iter().zip(maps) {
            let ty = program.maps.get_type(map.ty);
            let width = ty.key_words + ty.value_words;
            let entries = &graph.words[map.at..map.at + map.entries * width];
            for number in 0..map.entries {
                let entry = &entries[number * width..(number + 1) * width];
                let (key, value) = entry.split_at(ty.key_words);
                // SAFETY: a new map of that type; key and value have just been made valid.
                let set =
                    unsafe { (program.maps).set(&mut self.heap, map.ty, *object, key, value) };
                match set {
                    Ok(()) => {}
                    Err(MapError::OutOfMemory) => return Err(OutOfMemory),
                    // Only interfaces hold what cannot be hashed, and they are never sent.
                    Err(MapError::Unhashable(_)) => debug_assert!(false, "an unhashable key"),
                }
            }
        }
        Ok(())
    }
}
