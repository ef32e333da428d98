// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Makes a message fit: receivers limit what they take, and 20 kB is what Standard Webhooks 1.0.0
//! recommends. Evidence is cut first, then lists, then whatever is long; ids and the link stay.

use serde_json::Value;

use super::message::Message;
use crate::diag::shorten;

/// Of the native body, in bytes.
pub const LIMIT: usize = 20 * 1024;

/// What is never cut: by these others find their way back.
const KEPT: [&str; 8] = ["id", "event", "link", "commit", "blob", "digest", "type", "timestamp"];

/// A message whose native body has at most [`LIMIT`] bytes, the same for the same message.
pub fn shortened(message: &Message) -> Message {
    let mut m = message.clone();
    for words in [240, 0] {
        if fits(&m) {
            return m;
        }
        for v in &mut m.data.violations {
            v.words = v.words.take().filter(|_| words > 0).map(|w| shorten(&w, words));
        }
    }
    while !fits(&m) && cut_lists(&mut m) {}
    for most in [1024, 256, 64] {
        if fits(&m) {
            return m;
        }
        if let Ok(mut value) = serde_json::to_value(&m) {
            cut_texts(&mut value, most);
            m = serde_json::from_value(value).unwrap_or(m);
        }
    }
    m
}

fn fits(message: &Message) -> bool {
    serde_json::to_vec(message).is_ok_and(|body| body.len() <= LIMIT)
}

/// Takes an eighth from each list that has more than one; tells whether there was one.
fn cut_lists(m: &mut Message) -> bool {
    fn cut<T>(list: &mut Vec<T>) -> u64 {
        let gone = if list.len() > 1 { list.len().div_ceil(8) } else { 0 };
        list.truncate(list.len() - gone);
        gone as u64
    }
    let data = &mut m.data;
    let mut any = 0;
    let gone = cut(&mut data.violations) + cut(&mut data.licenses);
    data.more += gone;
    any += gone;
    if let Some(digest) = &mut data.digest {
        let gone = cut(&mut digest.groups) + cut(&mut digest.notes) + cut(&mut digest.checkouts);
        digest.more += gone;
        any += gone;
    }
    any > 0
}

fn cut_texts(value: &mut Value, most: usize) {
    match value {
        Value::String(text) => *text = shorten(text, most),
        Value::Array(list) => list.iter_mut().for_each(|v| cut_texts(v, most)),
        Value::Object(fields) => {
            for (name, v) in fields {
                if !v.is_string() || !KEPT.contains(&name.as_str()) {
                    cut_texts(v, most);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::samples::samples;

    #[test]
    fn a_message_that_fits_is_left_alone() {
        for message in samples() {
            assert_eq!(shortened(&message), message);
        }
    }

    #[test]
    fn however_much_there_is_it_fits_and_leads_to_the_rest() {
        for mut message in samples() {
            let long = "päth/".repeat(800);
            let data = &mut message.data;
            data.link = Some("https://ospo.example.com/V17".into());
            for v in &mut data.violations {
                (v.path, v.words) = (long.clone(), Some("word ".repeat(100)));
            }
            data.count = data.violations.len() as u64 * 1000;
            data.violations =
                data.violations.iter().cycle().take(data.count as usize).cloned().collect();
            if let Some(digest) = &mut data.digest {
                digest.groups = digest.groups.iter().cycle().take(900).cloned().collect();
                digest.checkouts = digest.checkouts.iter().cycle().take(900).cloned().collect();
            }
            if let Some(rule) = &mut data.rule {
                rule.reason = long.repeat(10);
            }
            if let Some(problem) = &mut data.problem {
                problem.what = long.repeat(10);
            }
            let short = shortened(&message);
            assert!(fits(&short), "{}", message.kind);
            assert_eq!(short, shortened(&message));
            assert_eq!((&short.data.id, &short.data.link), (&message.data.id, &message.data.link));
            let told = short.data.violations.len() as u64 + short.data.more;
            assert_eq!(told, message.data.violations.len() as u64 + message.data.more);
            assert!(message.data.violations.is_empty() || !short.data.violations.is_empty());
        }
    }
}
