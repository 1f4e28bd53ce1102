// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! A plugin in Rust: it refuses messages without a body, and gives the others a number and a tag.
//!
//!   cargo build --release --target wasm32-wasip1
//!   cove component new target/wasm32-wasip1/release/tagger.wasm --wasi-reactor -o tagger.wasm
wit_bindgen::generate!({ world: "plugin", path: "../plugins.wit" });

use example::pipeline::services::{log, Counter, Level};
use exports::example::pipeline::filter::{Description, Guest, Message, Verdict};

struct Tagger;

impl Guest for Tagger {
    fn describe() -> Description {
        Description { name: "tagger".into(), language: "Rust".into() }
    }

    fn apply(mut m: Message) -> Verdict {
        if m.body.trim().is_empty() {
            log(Level::Warning, &format!("\"{}\" says nothing", m.subject));
            return Verdict::Refuse("no body".into());
        }
        let number = Counter::new("messages").add(1);
        m.tags.push(format!("nr-{number}"));
        m.tags.sort();
        log(Level::Info, &format!("{} tags", m.tags.len()));
        Verdict::Change(m)
    }
}

export!(Tagger);
