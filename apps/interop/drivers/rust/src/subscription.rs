//! One subscription: a task that says what arrives, answers where it was asked to, and can be told to end.

use async_nats::{Client, Message, Subscriber};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::message::{Failure, headers, payload, to_json};
use crate::say;

enum Order {
    Unsubscribe(u64),
    Drain,
}

pub struct Subscription {
    orders: mpsc::UnboundedSender<Order>,
    ended: watch::Receiver<bool>,
}

impl Subscription {
    pub fn start(client: Client, id: String, subscriber: Subscriber, respond: Value) -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(false);
        tokio::spawn(async move {
            if let Err(failure) = listen(client, &id, subscriber, respond, inbox).await {
                eprintln!("subscription {id}: {}", failure.text);
            }
            end.send_replace(true);
        });
        Subscription { orders, ended }
    }

    /// 0 = at once.
    pub fn unsubscribe(&self, max: u64) {
        let _ = self.orders.send(Order::Unsubscribe(max));
    }

    pub fn drain(&self) {
        let _ = self.orders.send(Order::Drain);
    }

    pub fn ended(&self) -> watch::Receiver<bool> {
        self.ended.clone()
    }
}

async fn listen(
    client: Client,
    id: &str,
    mut subscriber: Subscriber,
    respond: Value,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<(), Failure> {
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Unsubscribe(0)) => subscriber.unsubscribe().await?,
                Some(Order::Unsubscribe(max)) => subscriber.unsubscribe_after(max).await?,
                Some(Order::Drain) => subscriber.drain().await?,
                None => return Ok(()),
            },
            next = subscriber.next() => {
                let Some(message) = next else { return Ok(()) };
                say(&json!({ "event": "message", "sub": id, "message": to_json(&message) }));
                answer(&client, message, &respond).await?;
            }
        }
    }
}

async fn answer(client: &Client, message: Message, respond: &Value) -> Result<(), Failure> {
    let Some(reply) = message.reply.filter(|_| respond.is_object()) else {
        return Ok(());
    };
    let (data, list) = match respond.get("data") {
        Some(data) => (payload(data)?, headers(&respond["headers"])?),
        None => (message.payload, message.headers),
    };
    match list {
        Some(list) => client.publish_with_headers(reply, list, data).await?,
        None => client.publish(reply, data).await?,
    }
    Ok(())
}
