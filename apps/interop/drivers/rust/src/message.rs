//! Messages, headers and failures between JSON and async-nats.

use async_nats::{HeaderMap, HeaderName, HeaderValue, Message};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

/// Whatever went wrong, with the code the other end knows.
pub struct Failure {
    pub code: &'static str,
    pub text: String,
}

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure {
            code: "failed",
            text: error.to_string(),
        }
    }
}

pub fn payload(value: &Value) -> Result<Bytes, Failure> {
    Ok(STANDARD.decode(value.as_str().unwrap_or_default())?.into())
}

/// `[["name", ["value", "value"]], …]`
pub fn headers(value: &Value) -> Result<Option<HeaderMap>, Failure> {
    let Some(list) = value.as_array() else {
        return Ok(None);
    };
    let mut made = HeaderMap::new();
    for pair in list {
        let name: HeaderName = pair[0].as_str().unwrap_or_default().parse()?;
        for text in pair[1].as_array().into_iter().flatten() {
            let value: HeaderValue = text.as_str().unwrap_or_default().parse()?;
            made.append(name.clone(), value);
        }
    }
    Ok(Some(made))
}

pub fn to_json(message: &Message) -> Value {
    let headers: Vec<Value> = message
        .headers
        .iter()
        .flat_map(HeaderMap::iter)
        .map(|(name, values)| {
            let values: Vec<&str> = values.iter().map(HeaderValue::as_str).collect();
            json!([name.to_string(), values])
        })
        .collect();
    json!({
        "subject": message.subject.as_str(),
        "reply": message.reply.as_ref().map(|reply| reply.as_str()),
        "data": STANDARD.encode(&message.payload),
        "headers": headers,
        "status": message.status.map(|status| status.as_u16()),
        "description": message.description,
    })
}
