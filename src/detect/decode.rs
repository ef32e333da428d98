// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Raw bytes to ASCII-compatible text: UTF-16 is converted, UTF-8 and the Latin encodings
//! are passed through as they are, everything else is binary.
//!
//! Only ASCII letters and digits matter to the detector, so no table of code pages is needed.

use std::borrow::Cow;

/// A NUL in this many first bytes makes a content binary, as git and grep judge it.
const PROBE: usize = 8000;

/// The content as text, or `None` for a binary.
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => return Some(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Some(utf16(rest, u16::from_be_bytes)),
        _ => {}
    }
    let probe = &bytes[..bytes.len().min(PROBE)];
    if memchr::memchr(0, probe).is_none() {
        return Some(Cow::Borrowed(bytes));
    }
    // Without a byte order mark, text in a Latin script has its NULs all on one side.
    let nul = |side: usize| probe.iter().skip(side).step_by(2).filter(|b| **b == 0).count();
    let half = probe.len() / 2;
    match (nul(0), nul(1)) {
        (0, odd) if half >= 8 && odd * 10 >= half * 9 => Some(utf16(bytes, u16::from_le_bytes)),
        (even, 0) if half >= 8 && even * 10 >= half * 9 => Some(utf16(bytes, u16::from_be_bytes)),
        _ => None,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Cow<'_, [u8]> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_recognised_with_and_without_a_mark() {
        let text = "A license, très bien";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xff, 0xfe], &le[..]].concat();
        for bytes in [&le, &be, &marked] {
            assert_eq!(decode(bytes).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn nul_bytes_make_a_binary_and_nothing_else_does() {
        assert_eq!(decode(b"\0"), None);
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"), None);
        assert_eq!(decode(b"caf\xe9").as_deref(), Some(b"caf\xe9".as_slice()));
        assert_eq!(decode(b"").as_deref(), Some(b"".as_slice()));
        assert_eq!(decode(b"\xff\xfe").as_deref(), Some(b"".as_slice()));
    }
}
