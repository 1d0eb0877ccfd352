//! Routes: where the webhooks of a host go.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::wrong;
use super::{Fields, Refusal};
use crate::shared::Shared;
use crate::{Route, Select, url};

/// All routes, in the order in which they are tried.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| world.post.routes.iter().map(shown).collect())
}

/// Adds a route: of one host, or of any.
pub(super) fn add(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let (host, to) = (body.text("host")?, body.needed("to")?);
    body.end()?;
    if host.as_ref().is_some_and(|host| host.is_empty() || host.contains('/')) {
        return Err(wrong("host", &"not the host of a URL, with or without a port"));
    }
    if !to.starts_with("http://") || !url::is_absolute(&to) {
        return Err(wrong("to", &"not `http://` and a host"));
    }
    let route = Route { on: Select::ALL, host, bases: vec![to] };
    let shown = shown(&route);
    shared.write(|world| world.post.add_route(route));
    Ok(shown)
}

/// Removes all routes.
pub(super) fn clear(shared: &Shared) {
    shared.write(|world| world.post.routes.clear());
}

fn shown(route: &Route) -> Value {
    json!({ "host": route.host, "to": route.bases.join(", ") })
}
