//! The server of the lab with rmcp.
#![allow(deprecated)]
use std::{
    env,
    sync::{Arc, Mutex},
    time::Duration,
};

use rmcp::{
    ErrorData, Peer, RoleServer, ServerHandler,
    model::*,
    service::{RequestContext, SubscriptionContext, SubscriptionSink},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

const TOOLS: [&str; 6] = ["echo", "write", "slow", "ask", "ping_me", "notify"];
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Clone, Default)]
struct Lab {
    sinks: Arc<Mutex<Vec<SubscriptionSink>>>,
}

type Answer = Result<String, ErrorData>;

fn failure(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

async fn slow(context: &RequestContext<RoleServer>) -> Answer {
    for step in 1..=3 {
        if let Some(token) = context.meta.get_progress_token() {
            let params = ProgressNotificationParam::new(token, step as f64).with_total(3.0);
            context.peer.notify_progress(params).await.map_err(failure)?;
        }
        sleep(Duration::from_millis(333)).await;
    }
    Ok("done".into())
}

/// Asks in the way of older revisions: a request from the server to the client.
async fn ask(peer: &Peer<RoleServer>) -> Answer {
    let answer = timeout(PATIENCE, peer.create_message(question())).await;
    let message = answer.map_err(failure)?.map_err(failure)?.message;
    Ok(text_of(&serde_json::to_value(&message.content).map_err(failure)?))
}

fn question() -> CreateMessageRequestParams {
    CreateMessageRequestParams::new(vec![SamplingMessage::user_text("hi")], 10)
}

fn text_of(content: &Value) -> String {
    content["text"].as_str().or(content[0]["text"].as_str()).unwrap_or_default().into()
}

async fn ping(peer: &Peer<RoleServer>) -> Answer {
    let request = ServerRequest::PingRequest(PingRequest::default());
    let answer = timeout(PATIENCE, peer.send_request(request)).await;
    answer.map_err(failure)?.map_err(failure)?;
    Ok("pong".into())
}

/// The revision in which servers send no requests.
fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version() == Some(ProtocolVersion::V_2026_07_28)
}

/// Asks in the way of 2026-07-28: the client calls the tool again with its answer.
fn asked() -> InputRequiredResult {
    let request = InputRequest::CreateMessage(CreateMessageRequest::new(question()));
    InputRequiredResult::from_input_requests([("question".into(), request)].into())
}

impl ServerHandler for Lab {
    fn get_info(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().enable_tool_list_changed();
        ServerConfig::new(tools.build()).with_server_info(Implementation::new("rmcp", "1"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
        let schema = Arc::new(schema.as_object().unwrap().clone());
        let tools = TOOLS.map(|name| Tool::new(name, "a tool of the lab", schema.clone()));
        Ok(ListToolsResult::with_all_items(tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let text = match request.name.as_ref() {
            "echo" => arguments.get("text").and_then(|text| text.as_str()).unwrap_or("").into(),
            "write" => "written".into(),
            "slow" => slow(&context).await?,
            "ask" if !is_modern(&context) => ask(&context.peer).await?,
            "ask" => match request.input_responses.unwrap_or_default().get("question") {
                Some(answer) => text_of(&answer["content"]),
                None => return Ok(asked().into()),
            },
            "ping_me" if is_modern(&context) => "not in this revision".into(),
            "ping_me" => ping(&context.peer).await?,
            "notify" if is_modern(&context) => {
                let sinks = self.sinks.lock().unwrap().clone();
                for sink in sinks {
                    let _ = sink.notify_tool_list_changed().await;
                }
                "sent".into()
            }
            "notify" => {
                context.peer.notify_tool_list_changed().await.map_err(failure)?;
                "sent".into()
            }
            name => return Err(ErrorData::invalid_params(format!("unknown tool {name}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }

    fn accepted_subscription_filter(&self, _: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.sinks.lock().unwrap().push(context.sink().clone());
        context.cancelled().await;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = env::args().nth(1).expect("usage: server PORT").parse()?;
    let lab = Lab::default();
    let service: StreamableHttpService<Lab, LocalSessionManager> = StreamableHttpService::new(
        move || Ok(lab.clone()),
        Default::default(),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("ready");
    axum::serve(listener, router).await?;
    Ok(())
}
