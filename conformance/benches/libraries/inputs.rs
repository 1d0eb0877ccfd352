//! The inputs of every contender.

use serde_json::Value;

pub(crate) struct Inputs {
    given: Value,
    // Prepared before time is measured.
    pub(crate) action: String,
    pub(crate) status: String,
    pub(crate) caller_id: String,
    pub(crate) agents: Vec<String>,
    /// Names and values for the browser.
    pub(crate) parameters: Vec<(String, String)>,
}

impl Inputs {
    pub(crate) fn read() -> Self {
        let given: Value = serde_json::from_str(include_str!("inputs.json")).expect("JSON");
        let parameters = given["parameters"].as_object().expect("an object").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let parameters = parameters.map(|(name, value)| (name.clone(), text(value))).collect();
        let agents = (0..50).map(|agent| format!("agent_{agent:032x}")).collect();
        let [action, status, caller_id] =
            ["action", "status", "caller_id"].map(|name| text(&given[name]));
        Self { given, action, status, caller_id, agents, parameters }
    }

    /// Looks it up, for what is prepared beforehand.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.given[name].as_str().expect("a text")
    }
}
