//! What each command does with async-nats.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{Client, ConnectOptions, Event, Request};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout_at};

use crate::message::{Failure, headers, payload, to_json};
use crate::subscription::Subscription;

struct Connection {
    client: Client,
    closed: watch::Receiver<bool>,
    subscriptions: HashMap<String, Subscription>,
}

#[derive(Default)]
pub struct Driver {
    connections: Mutex<HashMap<String, Connection>>,
}

/// True for commands that may wait for a later one, and therefore run beside the others.
pub fn waits(command: &Value) -> bool {
    matches!(
        command["op"].as_str(),
        Some("request" | "requestMany" | "drain" | "drainSubscription")
    )
}

impl Driver {
    pub async fn run(self: Arc<Self>, command: Value) {
        let mut answer = json!({ "id": command["id"] });
        match self.execute(&command).await {
            Ok((key, value)) => answer[key] = value,
            Err(Failure { code, text }) => answer["error"] = json!({ "code": code, "text": text }),
        }
        crate::say(&answer);
    }

    async fn execute(&self, command: &Value) -> Result<(&'static str, Value), Failure> {
        let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| command[name].as_u64().unwrap_or_default();
        let done = Ok(("ok", json!(true)));
        let (op, conn) = (text("op"), text("conn"));
        if op == "connect" {
            let connection = connect(command).await?;
            self.connections.lock().await.insert(conn, connection);
            return done;
        }
        let client = match self.connections.lock().await.get(&conn) {
            Some(connection) => connection.client.clone(),
            None => return Err(format!("there is no connection {conn}").into()),
        };
        let wait = Duration::from_millis(number("timeout"));
        match op.as_str() {
            "subscribe" => {
                let mut subscriber = match command["queue"].as_str() {
                    Some(queue) => {
                        client
                            .queue_subscribe(text("subject"), queue.to_owned())
                            .await?
                    }
                    None => client.subscribe(text("subject")).await?,
                };
                if number("max") > 0 {
                    subscriber.unsubscribe_after(number("max")).await?;
                }
                let started = Subscription::start(
                    client.clone(),
                    text("sub"),
                    subscriber,
                    command["respond"].clone(),
                );
                if let Some(connection) = self.connections.lock().await.get_mut(&conn) {
                    connection.subscriptions.insert(text("sub"), started);
                }
                round_trip(&client).await?;
            }
            "unsubscribe" => {
                if let Some(subscription) = self
                    .connections
                    .lock()
                    .await
                    .get(&conn)
                    .and_then(|one| one.subscriptions.get(&text("sub")))
                {
                    subscription.unsubscribe(number("max"));
                }
                round_trip(&client).await?;
            }
            "drainSubscription" => {
                let ended = match self
                    .connections
                    .lock()
                    .await
                    .get(&conn)
                    .and_then(|one| one.subscriptions.get(&text("sub")))
                {
                    Some(subscription) => {
                        subscription.drain();
                        subscription.ended()
                    }
                    None => return done,
                };
                until(ended).await?;
            }
            "publish" => {
                let (subject, data) = (text("subject"), payload(&command["data"])?);
                match (
                    command["reply"].as_str().map(str::to_owned),
                    headers(&command["headers"])?,
                ) {
                    (None, None) => client.publish(subject, data).await?,
                    (None, Some(list)) => client.publish_with_headers(subject, list, data).await?,
                    (Some(reply), None) => client.publish_with_reply(subject, reply, data).await?,
                    (Some(reply), Some(list)) => {
                        client
                            .publish_with_reply_and_headers(subject, reply, list, data)
                            .await?
                    }
                }
            }
            "burst" => {
                for i in number("first")..number("first") + number("count") {
                    client
                        .publish(text("subject"), i.to_string().into())
                        .await?;
                }
            }
            "request" => {
                let mut request = Request::new()
                    .payload(payload(&command["data"])?)
                    .timeout(Some(wait));
                if let Some(list) = headers(&command["headers"])? {
                    request = request.headers(list);
                }
                let answer = client
                    .send_request(text("subject"), request)
                    .await
                    .map_err(|error| Failure {
                        code: match error.kind() {
                            RequestErrorKind::NoResponders => "no-responders",
                            RequestErrorKind::TimedOut => "timeout",
                            _ => "failed",
                        },
                        text: error.to_string(),
                    })?;
                return Ok(("message", to_json(&answer)));
            }
            "requestMany" => {
                // async-nats has no call for it: an inbox of our own.
                let (inbox, deadline) = (client.new_inbox(), Instant::now() + wait);
                let mut subscriber = client.subscribe(inbox.clone()).await?;
                client
                    .publish_with_reply(text("subject"), inbox, payload(&command["data"])?)
                    .await?;
                let mut messages = vec![];
                while (messages.len() as u64) < number("count") {
                    match timeout_at(deadline, subscriber.next()).await {
                        Ok(Some(message)) => messages.push(to_json(&message)),
                        _ => break,
                    }
                }
                return Ok(("messages", json!(messages)));
            }
            "flush" => round_trip(&client).await?,
            "drain" => {
                let waiting: Vec<watch::Receiver<bool>> =
                    match self.connections.lock().await.get(&conn) {
                        Some(one) => {
                            let subscriptions = one.subscriptions.values().map(Subscription::ended);
                            subscriptions.chain([one.closed.clone()]).collect()
                        }
                        None => return done,
                    };
                client.drain().await?;
                for ended in waiting {
                    until(ended).await?;
                }
            }
            // The last handle closes the connection.
            "close" => drop(self.connections.lock().await.remove(&conn)),
            _ => return Err(format!("there is no op {op}").into()),
        }
        done
    }
}

async fn connect(command: &Value) -> Result<Connection, Failure> {
    let servers: Vec<&str> = command["servers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (close, closed) = watch::channel(false);
    let mut options = ConnectOptions::new().event_callback(move |event| {
        if event == Event::Closed {
            close.send_replace(true);
        }
        async {}
    });
    if command["noEcho"].as_bool() == Some(true) {
        options = options.no_echo();
    }
    let client = options.connect(servers.join(",")).await?;
    Ok(Connection {
        client,
        closed,
        subscriptions: HashMap::new(),
    })
}

/// `flush()` of async-nats gives everything to the socket; that the server has seen it, only an answer of the server shows.
async fn round_trip(client: &Client) -> Result<(), Failure> {
    let nobody = client.new_inbox();
    match client.request(nobody, "".into()).await {
        Err(error) if error.kind() == RequestErrorKind::NoResponders => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err("somebody answered a request to nobody".into()),
    }
}

async fn until(mut ended: watch::Receiver<bool>) -> Result<(), Failure> {
    ended.wait_for(|ended| *ended).await?;
    Ok(())
}
