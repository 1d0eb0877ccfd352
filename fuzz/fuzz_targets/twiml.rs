//! Reading TwiML never panics, and a written document is read as the same document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twiml::{Response, messaging};

fuzz_target!(|text: &str| {
    if let Ok(response) = Response::parse(text) {
        let written = response.render();
        assert_eq!(written.len(), response.size_bytes());
        // Escapes make a document longer, perhaps too long.
        if written.len() <= Response::MAX_BYTES {
            assert_eq!(Response::parse(&written).as_ref(), Ok(&response));
        }
        response.unknown();
    }
    if let Ok(response) = messaging::Response::parse(text) {
        let written = response.render();
        if written.len() <= messaging::Response::MAX_BYTES {
            assert_eq!(messaging::Response::parse(&written).as_ref(), Ok(&response));
        }
    }
});
