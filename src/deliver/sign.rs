// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The signatures of Standard Webhooks 1.0.0. Pure: the same in, the same out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::secret::Secret;

/// The value of the header `webhook-signature`: one signature a secret, in their order, so that a
/// receiver that knows any of them can verify. `timestamp` is that of the attempt, in seconds
/// since the Unix epoch; `id` must not hold a `.`, which separates what is signed.
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let signatures: Vec<String> = secrets.iter().map(|secret| one(secret, &signed)).collect();
    signatures.join(" ")
}

fn one(secret: &Secret, signed: &[u8]) -> String {
    match secret {
        Secret::Hmac(key) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed)))
        }
        Secret::Ed25519(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(signed))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    /// As in the tests of the reference libraries (standard-webhooks/standard-webhooks,
    /// libraries/go/webhook_symmetric_test.go).
    const HMAC: (&str, &str) = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    /// The same, libraries/go/webhook_asymmetric_test.go.
    const ED25519: (&str, &str) = (
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    );

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|t| Secret::parse(t).expect("it is a secret")).collect()
    }

    #[test]
    fn the_vectors_of_the_reference_libraries() {
        for (secret, signature) in [HMAC, ED25519] {
            assert_eq!(sign(&secrets(&[secret]), ID, AT, BODY), signature);
        }
    }

    #[test]
    fn during_a_rotation_there_is_one_signature_a_secret_in_their_order() {
        let both = sign(&secrets(&[ED25519.0, HMAC.0]), ID, AT, BODY);
        assert_eq!(both, format!("{} {}", ED25519.1, HMAC.1));
        assert_eq!(sign(&[], ID, AT, BODY), "");
    }

    #[test]
    fn id_moment_and_body_are_all_signed() {
        let key = secrets(&[HMAC.0]);
        for (id, at, body) in [("msg_other", AT, BODY), (ID, AT + 1, BODY), (ID, AT, b"{}")] {
            assert_ne!(sign(&key, id, at, body), HMAC.1);
        }
    }
}
