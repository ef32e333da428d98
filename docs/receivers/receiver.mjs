// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0
// Receives webhooks of lictor: `npm install standardwebhooks`, SECRET=whsec_... node receiver.mjs 8000
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  try {
    const message = new Webhook(process.env.SECRET).verify(body, request.headers);
    console.log(message.type, message.data.summary);
    response.writeHead(204).end();
  } catch (refused) {
    console.log("refused:", refused.message);
    response.writeHead(401).end();
  }
}).listen(Number(process.argv[2]), "127.0.0.1");
