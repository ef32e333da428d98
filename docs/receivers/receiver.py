# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
"""Receives webhooks of lictor: `pip install standardwebhooks`, SECRET=whsec_... python3 receiver.py 8000"""
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from standardwebhooks import Webhook, WebhookVerificationError

class Receiver(BaseHTTPRequestHandler):
    timeout = 20  # for a client that says nothing

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            message = Webhook(os.environ["SECRET"]).verify(body, dict(self.headers.items()))
            print(message["type"], message["data"]["summary"], flush=True)
            self.send_response(204)
        except WebhookVerificationError as refused:
            print("refused:", refused, flush=True)
            self.send_response(401)
        self.end_headers()

if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
