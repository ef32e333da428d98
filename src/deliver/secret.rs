// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The secrets by which messages are signed, in the notation of Standard Webhooks 1.0.0.
//!
//! `whsec_` and base64 is a key for HMAC-SHA256, `whsk_` and base64 the secret key of an ed25519
//! pair, whose public half (`whpk_`) a receiver may be told. Where secrets come from is not known
//! here, and no error repeats anything of a text that may be one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use crate::diag::Failure;

/// What a key for HMAC-SHA256 begins with.
const HMAC: &str = "whsec_";
/// What the secret key of an ed25519 pair begins with.
const SECRET: &str = "whsk_";
/// What its public key begins with.
const PUBLIC: &str = "whpk_";

/// Bytes of a key for HMAC-SHA256: 192 to 512 bits by the specification.
const HMAC_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of what an ed25519 pair is made from. The reference library writes only these.
const SEED_BYTES: usize = 32;
/// Bytes of a new key of either kind.
const NEW_BYTES: usize = 32;

/// A key by which messages are signed. Shows nothing of itself.
pub enum Secret {
    /// For HMAC-SHA256, `v1`.
    Hmac(Zeroizing<Vec<u8>>),
    /// For ed25519, `v1a`. The library that holds it does not erase it from memory.
    Ed25519(Box<Ed25519KeyPair>),
}

/// Why a text is no secret. Says nothing of the text but its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("it begins neither with `whsec_` (HMAC-SHA256) nor with `whsk_` (ed25519)")]
    Prefix,
    #[error("it is a public key, by which nobody can sign; the secret key begins with `whsk_`")]
    Public,
    #[error("what stands behind the prefix is not base64 (with `+`, `/` and `=` at the end)")]
    Base64,
    #[error("its key has {0} bytes, at least 24 are needed")]
    TooShort(usize),
    #[error("its key has {0} bytes, at most 64 are allowed")]
    TooLong(usize),
    #[error("its key has {0} bytes; an ed25519 key has 32, or 64 with the public key behind")]
    NotEd25519(usize),
    #[error("the public key that stands behind its secret key belongs to another one")]
    OtherPair,
    #[error("there is nothing but blank lines and comments")]
    Nothing,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Hmac(_) => "Secret::Hmac(..)",
            Secret::Ed25519(_) => "Secret::Ed25519(..)",
        })
    }
}

impl Secret {
    /// Reads a secret. Space around it is left out.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Secret, Wrong> {
        let text = text.trim();
        if let Some(key) = text.strip_prefix(HMAC) {
            let key = decode(key)?;
            return match key.len() {
                n if n < *HMAC_BYTES.start() => Err(Wrong::TooShort(n)),
                n if n > *HMAC_BYTES.end() => Err(Wrong::TooLong(n)),
                _ => Ok(Secret::Hmac(key)),
            };
        }
        if let Some(key) = text.strip_prefix(SECRET) {
            let key = decode(key)?;
            let pair = match key.len() {
                SEED_BYTES => Ed25519KeyPair::from_seed_unchecked(&key),
                // The form of libsodium and of Go, which some senders write.
                64 => {
                    let (seed, public) = key.split_at(SEED_BYTES);
                    Ed25519KeyPair::from_seed_and_public_key(seed, public)
                }
                n => return Err(Wrong::NotEd25519(n)),
            };
            return pair.map(|p| Secret::Ed25519(Box::new(p))).map_err(|_| Wrong::OtherPair);
        }
        Err(if text.starts_with(PUBLIC) { Wrong::Public } else { Wrong::Prefix })
    }

    /// What a receiver needs to verify, where that is no secret.
    pub fn public(&self) -> Option<String> {
        match self {
            Secret::Hmac(_) => None,
            Secret::Ed25519(pair) => Some(encode(PUBLIC, pair.public_key().as_ref())),
        }
    }
}

/// Reads secrets, one a line, the newest first. Blank lines and those that begin with `#` are
/// left out.
///
/// # Errors
/// A line is no secret, with its number from 1 on; or there is none at all.
pub fn parse_all(text: &str) -> Result<Vec<Secret>, (usize, Wrong)> {
    let mut secrets = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            secrets.push(Secret::parse(line).map_err(|wrong| (n + 1, wrong))?);
        }
    }
    if secrets.is_empty() { Err((1, Wrong::Nothing)) } else { Ok(secrets) }
}

/// A new key for HMAC-SHA256, of 256 bits.
///
/// # Errors
/// The system has no randomness.
pub fn generate_hmac() -> Result<String, Failure> {
    Ok(encode(HMAC, &*random()?))
}

/// The secret key of a new ed25519 pair.
///
/// # Errors
/// The system has no randomness.
pub fn generate_ed25519() -> Result<String, Failure> {
    Ok(encode(SECRET, &*random()?))
}

fn random() -> Result<Zeroizing<[u8; NEW_BYTES]>, Failure> {
    let mut bytes = Zeroizing::new([0; NEW_BYTES]);
    let filled = SystemRandom::new().fill(&mut *bytes);
    filled.map_err(|_| Failure::new("the system gives no random bytes for a secret"))?;
    Ok(bytes)
}

fn encode(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", STANDARD.encode(bytes))
}

fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, Wrong> {
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| Wrong::Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Wrong {
        Secret::parse(text).expect_err("it is no secret")
    }

    fn of_bytes(prefix: &str, n: usize) -> String {
        encode(prefix, &vec![7; n])
    }

    #[test]
    fn what_is_no_secret_is_told_without_repeating_it() {
        let no_base64 = format!("{HMAC}MfKQ9r8GKYqr-_wjUPD8ILPZIo2LaLaSw");
        let another = encode(SECRET, &[[1; 32], [2; 32]].concat());
        for (text, expected) in [
            ("hunter2", Wrong::Prefix),
            ("", Wrong::Prefix),
            ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Wrong::Prefix),
            (&of_bytes(PUBLIC, 32), Wrong::Public),
            (&no_base64, Wrong::Base64),
            (&of_bytes(HMAC, 32)[..20], Wrong::Base64),
            (HMAC, Wrong::TooShort(0)),
            (&of_bytes(HMAC, 23), Wrong::TooShort(23)),
            (&of_bytes(HMAC, 65), Wrong::TooLong(65)),
            (&of_bytes(SECRET, 31), Wrong::NotEd25519(31)),
            (&of_bytes(SECRET, 48), Wrong::NotEd25519(48)),
            (&another, Wrong::OtherPair),
        ] {
            assert_eq!(wrong(text), expected, "{text}");
            let behind = text.split_once('_').map_or(text, |(_, key)| key);
            let said = format!("{expected} {expected:?}");
            assert!(behind.is_empty() || !said.contains(behind), "{said}");
        }
    }

    #[test]
    fn the_bounds_of_the_specification_are_secrets() {
        for n in [24, 32, 64] {
            assert!(
                matches!(Secret::parse(&of_bytes(HMAC, n)), Ok(Secret::Hmac(k)) if k.len() == n)
            );
        }
        assert!(matches!(Secret::parse(&of_bytes(SECRET, 32)), Ok(Secret::Ed25519(_))));
    }

    #[test]
    fn a_pair_is_the_same_with_and_without_its_public_half() {
        // RFC 8032, 7.1, test 1.
        let hex = |text: &str| -> Vec<u8> {
            let pair = |n: usize| u8::from_str_radix(&text[n..n + 2], 16).expect("it is hex");
            (0..text.len()).step_by(2).map(pair).collect()
        };
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        for key in [seed.clone(), [seed, public.clone()].concat()] {
            let secret = Secret::parse(&encode(SECRET, &key)).expect("it is a pair");
            assert_eq!(secret.public(), Some(encode(PUBLIC, &public)));
        }
        let hmac = Secret::parse(&of_bytes(HMAC, 24)).expect("it is a key");
        assert_eq!(hmac.public(), None);
    }

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        for text in [of_bytes(HMAC, 32), of_bytes(SECRET, 32)] {
            let shown = format!("{:?}", Secret::parse(&text));
            assert!(shown.contains("(..)") && !shown.contains('7'), "{shown}");
        }
    }

    #[test]
    fn new_secrets_are_secrets_and_differ() {
        for make in [generate_hmac, generate_ed25519] {
            let (a, b) = (make().expect("random"), make().expect("random"));
            assert_ne!(a, b);
            assert!(Secret::parse(&a).is_ok() && Secret::parse(&b).is_ok());
        }
    }

    #[test]
    fn several_secrets_are_read_line_by_line() {
        let (new, old) = (of_bytes(SECRET, 32), of_bytes(HMAC, 24));
        let text = format!("# since May\n{new}\r\n\n  {old}  \n# none behind\n");
        let secrets = parse_all(&text).expect("two secrets");
        assert!(matches!(secrets[..], [Secret::Ed25519(_), Secret::Hmac(_)]), "{secrets:?}");
        let bad = parse_all(&format!("\n{new}\nwhsec_abcd\n")).expect_err("the third line is bad");
        assert_eq!(bad, (3, Wrong::TooShort(3)));
        assert_eq!(parse_all("\n# none\n").expect_err("nothing"), (1, Wrong::Nothing));
        assert_eq!(parse_all("").expect_err("nothing"), (1, Wrong::Nothing));
    }
}
