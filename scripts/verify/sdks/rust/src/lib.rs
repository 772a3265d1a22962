//! The parts of the client beside its calls: steps, waiting, the browser and the login.
use std::{
    collections::BTreeMap,
    env,
    future::Future,
    io,
    time::{Duration, Instant},
};

use reqwest::{Client, header, redirect::Policy};
use serde_json::json;
use tokio::time::timeout;

pub mod login;

/// A step that takes longer counts as hanging.
const STEP: Duration = Duration::from_secs(12);

/// Programs connect at the same time on a busy machine.
pub const CONNECT: Duration = Duration::from_secs(40);

/// Where the login ends. Nothing listens there: the browser reads the address.
pub const REDIRECT_URI: &str = "http://127.0.0.1:33418/callback";

/// The result of a step: a text, or the error as the SDK shows it.
pub type Outcome = Result<String, String>;

/// The error with all its causes, on one line.
pub fn shown(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text += &format!(" <- {next}");
        cause = next.source();
    }
    text
}

fn report(step: &str, ok: bool, text: &str, start: Instant) {
    let ms = start.elapsed().as_millis() as u64;
    println!("{}", json!({"step": step, "ok": ok, "text": text, "ms": ms}));
}

/// Runs one step and prints its result.
pub async fn step(name: &str, run: impl Future<Output = Outcome>) {
    step_within(STEP, name, run).await;
}

/// `step` with another limit of time.
pub async fn step_within(limit: Duration, name: &str, run: impl Future<Output = Outcome>) {
    let start = Instant::now();
    match timeout(limit, run).await {
        Ok(Ok(text)) => report(name, true, &text, start),
        Ok(Err(text)) => report(name, false, &text, start),
        Err(_) => report(name, false, "HANGS", start),
    }
}

/// Prints the step "wait" and goes on after a line on stdin.
pub async fn wait() {
    println!("{}", json!({"step": "wait"}));
    let read = || io::stdin().read_line(&mut String::new());
    let _ = tokio::task::spawn_blocking(read).await;
}

/// Follows a login from redirect to redirect. It returns the address after `REDIRECT_URI`.
pub async fn browse(address: &str) -> Outcome {
    let browser = Client::builder().redirect(Policy::none()).build();
    let browser = browser.map_err(|error| shown(&error))?;
    let mut cookies = BTreeMap::new();
    let mut address = match env::var("PERSON") {
        Ok(person) => {
            let mut start = reqwest::Url::parse(&person).map_err(|error| shown(&error))?;
            start.query_pairs_mut().clear().append_pair("login", address);
            start
        }
        Err(_) => reqwest::Url::parse(address).map_err(|error| shown(&error))?,
    };
    for _ in 0..10 {
        let pairs: Vec<_> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = browser.get(address.clone()).header(header::COOKIE, pairs.join("; "));
        let response = request.send().await.map_err(|error| shown(&error))?;
        for line in response.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap_or("").split(';').next().unwrap_or("");
            if let Some((name, value)) = pair.split_once('=') {
                cookies.insert(name.to_string(), value.to_string());
            }
        }
        let next = response.headers().get(header::LOCATION).and_then(|text| text.to_str().ok());
        let Some(next) = next else {
            return Err(format!("the issuer answers {} without a redirect", response.status()));
        };
        address = address.join(next).map_err(|error| shown(&error))?;
        if address.as_str().starts_with(REDIRECT_URI) {
            return match address.query_pairs().find(|(name, _)| name == "error") {
                Some(_) => Err(format!("the login ends with {}", address.query().unwrap_or(""))),
                None => Ok(address.to_string()),
            };
        }
    }
    Err("the login does not end".into())
}
