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
        request.as_reader().take(1 << 20).read_to_end(&mut body)?;
        let mut headers = http::HeaderMap::new();
        for h in request.headers() {
            let name: http::HeaderName = h.field.as_str().as_str().parse()?;
            headers.insert(name, h.value.as_str().parse()?);
        }
        let status = match webhook.verify(&body, &headers) {
            Ok(()) => {
                let message: serde_json::Value = serde_json::from_slice(&body)?;
                println!("{} {}", message["type"], message["data"]["summary"]);
                204
            }
            Err(refused) => {
                println!("refused: {refused}");
                401
            }
        };
        request.respond(tiny_http::Response::empty(status))?;
    }
    Ok(())
}
