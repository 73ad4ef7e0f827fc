//! Versions for the driver's first line: of async-nats as it is locked, of the compiler as it runs.

use std::process::Command;

fn main() {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let version = lock
        .split("name = \"async-nats\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("unknown");
    let rustc = Command::new(std::env::var("RUSTC").unwrap_or("rustc".into()))
        .arg("--version")
        .output();
    let rustc = rustc
        .map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
        .unwrap_or_default();
    println!("cargo:rustc-env=ASYNC_NATS_VERSION={version}");
    println!(
        "cargo:rustc-env=RUSTC_VERSION={}",
        rustc.split(" (").next().unwrap_or("rustc")
    );
    println!("cargo:rerun-if-changed=Cargo.lock");
}
