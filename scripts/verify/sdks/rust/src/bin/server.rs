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
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::json;
use tokio::time::{sleep, timeout};

const TOOLS: [&str; 6] = ["echo", "write", "slow", "ask", "ping_me", "notify"];
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Clone, Default)]
struct Lab {
    peers: Arc<Mutex<Vec<Peer<RoleServer>>>>,
}

type Answer = Result<String, ErrorData>;

fn failure(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

async fn slow(context: &RequestContext<RoleServer>) -> Answer {
    for step in 1..=3 {
        sleep(Duration::from_millis(333)).await;
        if let Some(token) = context.meta.get_progress_token() {
            let params = ProgressNotificationParam::new(token, step as f64).with_total(3.0);
            context.peer.notify_progress(params).await.map_err(failure)?;
        }
    }
    Ok("slow".into())
}

async fn ask(peer: &Peer<RoleServer>) -> Answer {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("hi")], 10);
    let answer = timeout(PATIENCE, peer.create_message(params)).await;
    let message = answer.map_err(failure)?.map_err(failure)?.message;
    let value = serde_json::to_value(&message.content).map_err(failure)?;
    let text = value["text"].as_str().or(value[0]["text"].as_str());
    Ok(text.unwrap_or_default().into())
}

async fn ping(peer: &Peer<RoleServer>) -> Answer {
    let request = ServerRequest::PingRequest(PingRequest::default());
    let answer = timeout(PATIENCE, peer.send_request(request)).await;
    answer.map_err(failure)?.map_err(failure)?;
    Ok("pinged".into())
}

impl ServerHandler for Lab {
    fn get_info(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().enable_tool_list_changed();
        ServerConfig::new(tools.build())
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
            "echo" | "write" => arguments.get("text").and_then(|t| t.as_str()).unwrap_or("").into(),
            "slow" => slow(&context).await?,
            "ask" => ask(&context.peer).await?,
            "ping_me" => ping(&context.peer).await?,
            "notify" => {
                let peers = self.peers.lock().unwrap().clone();
                for peer in peers.iter().chain([&context.peer]) {
                    let _ = peer.notify_tool_list_changed().await;
                }
                "notified".into()
            }
            name => return Err(ErrorData::invalid_params(format!("unknown tool {name}"), None)),
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = env::args().nth(1).expect("usage: server PORT").parse()?;
    let service: StreamableHttpService<Lab, LocalSessionManager> = StreamableHttpService::new(
        || Ok(Lab::default()),
        Default::default(),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("ready");
    axum::serve(listener, router).await?;
    Ok(())
}
