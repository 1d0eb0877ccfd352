//! Status callbacks of legs and of parent calls.

use calls::{Fact, Source};
use tracing::{info, warn};

use super::authenticate::Signed;
use crate::app::App;
use crate::error::CarrierRefusal;
use crate::journal::Entry;

/// Makes the event durable. Only then may it be acknowledged.
pub(super) async fn record(app: &App, signed: &Signed) -> Result<(), CarrierRefusal> {
    let (call, event) = match super::read(app, signed, &Source::Status) {
        Ok(parsed) => parsed,
        Err(error) => {
            // It would be just as unreadable if Twilio sent it again.
            if app.may_log(&signed.workspace.id, "unreadable") {
                warn!("a signed status callback cannot be read: {error}");
            }
            return Ok(());
        }
    };
    if app.may_log(&signed.workspace.id, "status") {
        info!(call.sid = %call, "call {call}: {}", event.key());
    }
    if let Fact::Ended(_) = event.fact {
        app.ended_calls.remember(&signed.workspace.id, call);
    }
    let entry = Entry {
        workspace: signed.workspace.id.clone(),
        call,
        events: vec![event],
        params: signed.params.clone(),
    };
    app.journal.record(entry).await.map_err(|_| CarrierRefusal::NotDurable)
}
