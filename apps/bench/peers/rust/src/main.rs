//! async-nats as a contestant: `bench-peer pub|sub <url> <messages> <size> <warm-up>`. Works, measures itself, prints one line
//! of JSON. The protocol is described in ../../../README.md.

use std::time::Instant;

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;

const SUBJECT: &str = "orders.eu.created";
const QUEUED: usize = 16_777_216;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Usage {
    user: u64,
    system: u64,
    peak: u64,
}

fn usage() -> Usage {
    let mut raw: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut raw) };
    let nanos = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
    Usage {
        user: nanos(raw.ru_utime),
        system: nanos(raw.ru_stime),
        peak: raw.ru_maxrss as u64 * 1024,
    }
}

async fn publish(client: &Client, messages: u64, payload: &Bytes) -> Result<(), Failure> {
    for _ in 0..messages {
        client.publish(SUBJECT, payload.clone()).await?;
    }
    client.flush().await?;
    Ok(())
}

async fn receive(client: &Client, sub: &mut Subscriber, messages: u64, size: usize) -> Result<(), Failure> {
    client.publish(format!("blast.{size}.{messages}"), Bytes::new()).await?;
    client.flush().await?;
    let mut bytes = 0;
    for _ in 0..messages {
        let message = sub.next().await.ok_or("the subscription ended")?;
        bytes += message.payload.len() as u64;
    }
    if bytes != messages * size as u64 {
        return Err("bytes are missing".into());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [verb, url, messages, size, warm_up] = args.as_slice() else {
        return Err("usage: bench-peer pub|sub <url> <messages> <size> <warm-up>".into());
    };
    let (messages, size, warm_up): (u64, usize, u64) = (messages.parse()?, size.parse()?, warm_up.parse()?);
    let options = async_nats::ConnectOptions::new().subscription_capacity(QUEUED);
    let client = options.connect(url.as_str()).await?;
    let payload = Bytes::from(vec![b'x'; size]);
    let mut sub = match verb.as_str() {
        "sub" => Some(client.subscribe(SUBJECT).await?),
        _ => None,
    };
    client.flush().await?;
    let mut begun = (usage(), Instant::now());
    for (count, measured) in [(warm_up, false), (messages, true)] {
        if measured {
            begun = (usage(), Instant::now());
        }
        match sub.as_mut() {
            Some(sub) => receive(&client, sub, count, size).await?,
            None => publish(&client, count, &payload).await?,
        }
    }
    let (before, clock) = begun;
    let (after, wall) = (usage(), clock.elapsed());
    let system = after.system - before.system;
    println!(
        "{{\"messages\":{messages},\"cpuNs\":{},\"systemNs\":{system},\"wallMs\":{},\"peakRss\":{}}}",
        after.user - before.user + system,
        wall.as_secs_f64() * 1000.0,
        after.peak
    );
    Ok(())
}
