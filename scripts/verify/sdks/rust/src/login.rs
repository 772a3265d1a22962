//! The login of the client: the SDK's own code, and a browser that follows redirects.
use std::{error::Error, sync::Arc};

use rmcp::{
    ServiceError,
    transport::{
        auth::{AuthorizationManager, AuthorizationRequest, OAuthState},
        streamable_http_client::InsufficientScopeError,
    },
};
use tokio::sync::Mutex;

use crate::{REDIRECT_URI, browse};

pub type Manager = Arc<Mutex<AuthorizationManager>>;

/// By default the SDK asks for all of `scopes_supported`. With the choice that it offers, it asks
/// for the scopes of the 401, and a 403 makes it step up.
pub async fn login(url: &str, modern: bool) -> Result<AuthorizationManager, Box<dyn Error>> {
    let mut state = OAuthState::new(url, None).await?;
    let mut request = AuthorizationRequest::new(REDIRECT_URI).with_client_name("portcullis lab");
    if modern {
        request = request.with_initial_scope_selection();
    }
    state.start_authorization(request).await?;
    let address = state.get_authorization_url().await?;
    eprintln!("login: {address}");
    let back = browse(&address).await?;
    state.handle_callback_url(&back).await?;
    state.into_authorization_manager().ok_or("the login gives no token".into())
}

/// The scope that a 403 asks for.
pub fn missing_scope(error: &ServiceError) -> Option<String> {
    let ServiceError::TransportSend(sent) = error else { return None };
    let mut cause: Option<&(dyn Error + 'static)> = Some(sent.error.as_ref());
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<InsufficientScopeError>() {
            return found.get_required_scope().map(String::from);
        }
        cause = current.source();
    }
    None
}

/// Logs in again, with one more scope.
pub async fn step_up(manager: &Manager, scope: &str) -> Result<(), Box<dyn Error>> {
    let manager = manager.lock().await;
    let back = browse(&manager.request_scope_upgrade(scope).await?).await?;
    let back = reqwest::Url::parse(&back)?;
    let of = |name| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
    let (code, state) = (of("code").ok_or("no code")?, of("state").ok_or("no state")?);
    manager.exchange_code_for_token_with_issuer(&code, &state, of("iss").as_deref()).await?;
    Ok(())
}
