// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Receives webhooks of lictor: `SECRET=whsec_... cargo run -- 8000`.

use std::error::Error;
use std::io::Read;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let webhook = standardwebhooks::Webhook::new(&std::env::var("SECRET")?)?;
    let port: u16 = std::env::args().nth(1).ok_or("which port?")?.parse()?;
    for mut request in tiny_http::Server::http(("127.0.0.1", port))?.incoming_requests() {
        let mut body = Vec::new();
        // What does not arrive whole is not what was signed.
        let _ = request.as_reader().take(1 << 20).read_to_end(&mut body);
        let header = |h: &tiny_http::Header| {
            let name: http::HeaderName = h.field.as_str().as_str().parse().ok()?;
            Some((name, h.value.as_str().parse().ok()?))
        };
        let headers: http::HeaderMap = request.headers().iter().filter_map(header).collect();
        let status = match webhook.verify(&body, &headers) {
            Ok(()) => {
                let message: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                println!("{} {}", message["type"], message["data"]["summary"]);
                204
            }
            Err(refused) => {
                println!("refused: {refused}");
                401
            }
        };
        // Whoever hung up is not answered, and the next one is.
        let _ = request.respond(tiny_http::Response::empty(status));
    }
    Ok(())
}
