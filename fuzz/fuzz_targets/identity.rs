//! Every parsed value is written in a form that parses to the same value.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use identity::{
    AccountSid, AgentIdentity, ApiKeySid, AppSid, CallSid, ClientAddress, ConferenceSid, ContactId,
    QueueSid, RecordingSid, Timestamp, UserId, WorkspaceId,
};
use libfuzzer_sys::fuzz_target;

fn law<T: FromStr<Err: Debug> + Display + Debug + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string().parse::<T>().expect("what is written is read");
        assert_eq!(again, value);
    }
}

fuzz_target!(|text: &str| {
    law::<UserId>(text);
    law::<ContactId>(text);
    law::<AgentIdentity>(text);
    law::<ClientAddress>(text);
    law::<WorkspaceId>(text);
    law::<CallSid>(text);
    law::<AccountSid>(text);
    law::<ApiKeySid>(text);
    law::<AppSid>(text);
    law::<ConferenceSid>(text);
    law::<QueueSid>(text);
    law::<RecordingSid>(text);
    law::<Timestamp>(text);
});
