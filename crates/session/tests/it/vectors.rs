//! Tokens that another implementation signed.

use serde_json::Value;
use session::SessionError;

use crate::signer::verifier;

#[test]
fn tokens_of_another_implementation_mean_what_they_should() {
    let file: Value =
        serde_json::from_str(include_str!("../vectors/tokens.json")).expect("the file of tokens");
    let verifier = verifier().issuer("https://project.example.com/auth/v1");
    let any_issuer = crate::signer::verifier();
    let now = identity::Timestamp::from_unix_seconds(file["now"].as_i64().expect("a number"));
    let mut seen = 0;
    for vector in file["tokens"].as_array().expect("a list") {
        let name = vector["name"].as_str().expect("a text");
        let token = vector["token"].as_str().expect("a text");
        let got = any_issuer.verify(token, now).map(|session| session.user.to_string());
        let user = || file["user"].as_str().expect("a text").to_owned();
        let want = match vector["want"].as_str().expect("a text") {
            "ok" => Ok(user()),
            "algorithm" => Err(SessionError::Algorithm),
            "unknown key" => Err(SessionError::UnknownKey),
            "claim aud" => Err(SessionError::Claim { name: "aud" }),
            "claim role" => Err(SessionError::Claim { name: "role" }),
            "claim is_anonymous" => Err(SessionError::Claim { name: "is_anonymous" }),
            other => panic!("{other}"),
        };
        assert_eq!(got, want, "{name}");
        if want.is_ok() && name != "the three required claims only" {
            assert!(verifier.verify(token, now).is_ok(), "{name}");
        }
        seen += 1;
    }
    assert_eq!(seen, 15);
}
