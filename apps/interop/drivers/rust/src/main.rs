//! The async-nats end: JSON lines in, async-nats calls, JSON lines out. The protocol is described in ../../README.md.

mod driver;
mod message;
mod subscription;

use std::io::Write;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

/// One line, whole, whichever task says it.
pub fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    let driver = Arc::new(driver::Driver::default());
    say(&json!({
        "event": "ready",
        "library": "async-nats",
        "version": env!("ASYNC_NATS_VERSION"),
        "runtime": env!("RUSTC_VERSION"),
    }));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let command: Value = serde_json::from_str(&line)?;
        let running = driver.clone().run(command.clone());
        if driver::waits(&command) {
            tokio::spawn(running);
        } else {
            running.await;
        }
    }
    std::process::exit(0);
}
