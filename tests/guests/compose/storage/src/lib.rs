// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

wit_bindgen::generate!({ world: "storage", path: "../world.wit", generate_all });

use exports::demo::stock::store::{Event, Guest, GuestShelf, Item, Shelf};

static ALIVE: AtomicU32 = AtomicU32::new(0);

struct Storage;

struct OneShelf {
    label: String,
    items: RefCell<Vec<Item>>,
}

impl Drop for OneShelf {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl GuestShelf for OneShelf {
    fn new(label: String) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        OneShelf { label, items: RefCell::new(Vec::new()) }
    }
    fn label(&self) -> String {
        self.label.clone()
    }
    fn add(&self, what: Item) -> Event {
        if what.name.is_empty() {
            return Event::Nothing;
        }
        if what.count == 0 {
            return Event::Refused(format!("no {}", what.name));
        }
        self.items.borrow_mut().push(what.clone());
        Event::Added(what)
    }
    fn items(&self) -> Vec<Item> {
        self.items.borrow().clone()
    }
    fn merge(a: Shelf, b: Shelf) -> Shelf {
        let (a, b) = (a.into_inner::<OneShelf>(), b.into_inner::<OneShelf>());
        let both = OneShelf::new(format!("{}+{}", a.label, b.label));
        both.items.borrow_mut().extend(a.items.take());
        both.items.borrow_mut().extend(b.items.take());
        Shelf::new(both)
    }
}

impl Guest for Storage {
    type Shelf = OneShelf;
    fn alive() -> u32 {
        ALIVE.load(Ordering::Relaxed)
    }
}

export!(Storage);
