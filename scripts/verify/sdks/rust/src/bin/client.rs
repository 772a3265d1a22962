//! The client of the lab with rmcp: `client [-modern] URL SCENARIO`.
#![allow(deprecated)]
use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use portcullis_sdks::{
    CONNECT, Outcome,
    login::{Manager, login, missing_scope, step_up},
    shown, step, step_within, wait,
};
use rmcp::{
    ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient, ServiceError,
    model::*,
    service::{NotificationContext, RequestContext, RunningService},
    transport::{
        StreamableHttpClientTransport, auth::AuthClient,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::json;
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

const QUIET: Duration = Duration::from_secs(70);

#[derive(Clone, Default)]
struct Lab {
    progress: Arc<AtomicUsize>,
    notified: Arc<Notify>,
}

impl ClientHandler for Lab {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.capabilities = ClientCapabilities::builder().enable_sampling().build();
        config.client_info = Implementation::new("lab", "1");
        config
    }

    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let message = SamplingMessage::assistant_text("sampled");
        Ok(CreateMessageResult::new(message, "lab".to_string()))
    }

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.fetch_add(1, SeqCst);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.notified.notify_one();
    }
}

type Session = RunningService<RoleClient, Lab>;

struct Connected {
    lab: Lab,
    session: Session,
    manager: Option<Manager>,
}

fn lifecycle(modern: bool) -> ClientLifecycleMode {
    if modern {
        return ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        };
    }
    ClientLifecycleMode::Initialize
}

async fn connect(url: &str, modern: bool, scenario: &str) -> Result<Connected, String> {
    let lab = Lab::default();
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    if let Ok(token) = env::var("TOKEN") {
        config = config.auth_header(token);
    } else if scenario == "login" {
        let manager = login(url, modern).await.map_err(|error| shown(error.as_ref()))?;
        let client = AuthClient::new(reqwest::Client::default(), manager);
        let manager = Some(client.auth_manager.clone());
        let wire = StreamableHttpClientTransport::with_client(client, config);
        let session = lab.clone().serve_with_lifecycle(wire, lifecycle(modern));
        return Ok(Connected {
            session: session.await.map_err(|error| shown(&error))?,
            lab,
            manager,
        });
    }
    let wire = StreamableHttpClientTransport::from_config(config);
    let session = lab.clone().serve_with_lifecycle(wire, lifecycle(modern));
    Ok(Connected { session: session.await.map_err(|error| shown(&error))?, lab, manager: None })
}

impl Connected {
    async fn call_once(&self, tool: &str, text: &str) -> Result<CallToolResult, ServiceError> {
        let arguments = json!({"text": text}).as_object().unwrap().clone();
        let params = CallToolRequestParams::new(tool.to_string()).with_arguments(arguments);
        self.session.call_tool(params).await
    }

    /// Calls a tool. After a 403 it steps up and calls again, as the SDK leaves it to programs.
    async fn call(&self, tool: &str, text: &str) -> Outcome {
        let mut result = self.call_once(tool, text).await;
        if let (Err(error), Some(manager)) = (&result, &self.manager)
            && let Some(scope) = missing_scope(error)
        {
            step_up(manager, &scope).await.map_err(|error| shown(error.as_ref()))?;
            result = self.call_once(tool, text).await;
        }
        let value = serde_json::to_value(result.map_err(|error| error.to_string())?).unwrap();
        let text = value["content"][0]["text"].as_str().unwrap_or("").to_string();
        if value["isError"] == true { Err(format!("isError {text}")) } else { Ok(text) }
    }

    async fn list(&self) -> Outcome {
        let listed = self.session.list_tools(None).await.map_err(|error| error.to_string())?;
        let mut names: Vec<_> = listed.tools.iter().map(|tool| tool.name.as_ref()).collect();
        names.sort();
        Ok(names.join(" "))
    }

    async fn slow(&self) -> Outcome {
        self.call("slow", "").await?;
        sleep(Duration::from_millis(100)).await;
        Ok(self.lab.progress.load(SeqCst).to_string())
    }

    /// Subscribes in the revision that has it. The SDK opens the GET stream of others by itself.
    async fn listen(&self) -> Outcome {
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        let Ok(mut subscription) = self.session.listen(filter).await else {
            return Ok("GET stream".into());
        };
        let notified = self.lab.notified.clone();
        tokio::spawn(async move {
            while let Ok(Some(_)) = subscription.next().await {
                notified.notify_one();
            }
        });
        Ok("subscription".into())
    }

    async fn notify(&self) -> Outcome {
        self.call("notify", "").await?;
        let arrived = timeout(Duration::from_secs(5), self.lab.notified.notified()).await;
        Ok(if arrived.is_ok() { "arrived" } else { "did not arrive" }.into())
    }

    async fn run(&self, scenario: &str) {
        match scenario {
            "basic" => {
                step("list", self.list()).await;
                step("call", self.call("echo", "hello")).await;
                step("progress", self.slow()).await;
                step("sampling", self.call("ask", "")).await;
                step("ping", self.call("ping_me", "")).await;
            }
            "refused" => {
                for name in ["first", "second", "third"] {
                    step(name, self.call("echo", name)).await;
                }
            }
            "login" => {
                step("call", self.call("echo", "hello")).await;
                wait().await;
                step("call again", self.call("echo", "hello again")).await;
                step("write", self.call("write", "")).await;
                step("write again", self.call("write", "")).await;
            }
            "quiet" => {
                step("listen", self.listen()).await;
                sleep(QUIET).await;
                step("notify", self.notify()).await;
            }
            "restart" => {
                step("before", self.call("echo", "before")).await;
                wait().await;
                step("after", self.call("echo", "after")).await;
                step("after again", self.call("echo", "after again")).await;
            }
            _ => eprintln!("unknown scenario {scenario}"),
        }
    }
}

#[tokio::main]
async fn main() {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let modern = args.first().is_some_and(|flag| flag == "-modern");
    args.drain(..usize::from(modern));
    let [url, scenario] = args.try_into().expect("usage: client [-modern] URL SCENARIO");
    let mut connected = None;
    let opened = step_within(CONNECT, "connect", async {
        let session = connect(&url, modern, &scenario).await?;
        let peer = session.session.peer_info().ok_or("the SDK knows no server")?;
        let name = peer.server_info.as_ref().map_or("", |info| &info.name);
        let text = format!("{name} {}", peer.protocol_version);
        connected = Some(session);
        Ok(text)
    });
    opened.await;
    let Some(connected) = connected else { return };
    connected.run(&scenario).await;
    let close = async { connected.session.cancel().await.map_err(|error| shown(&error)) };
    step("close", async { close.await.map(|_| String::new()) }).await;
}
