#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
"""How long it takes from a commit to the request at a receiver, and how many messages a first scan makes.

    benches/webhooks.py LICTOR TREE [COMMITS]

TREE is a git checkout, which is copied. Settle time is the usual one.
"""
import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lictor, tree = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
commits = int(sys.argv[3]) if len(sys.argv) > 3 else 100
arrived = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.monotonic()
        body = self.rfile.read(int(self.headers["content-length"]))
        arrived.put((now, len(body), json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
service = None
work = tempfile.mkdtemp(prefix="lictor-bench-")
try:
    copy = os.path.join(work, "tree")
    subprocess.run(["cp", "-a", "--reflink=auto", tree, copy], check=True)
    git = ["git", "-C", copy, "-c", "user.name=b", "-c", "user.email=b@example.org", "-c", "gc.auto=0"]
    subprocess.run([*git, "checkout", "-q", "-B", "bench"], check=True)
    tag = "/* SPDX-License-" + "Identifier: AGPL-3.0-only */\n"
    # So that there is something to tell of the first scan.
    with open(os.path.join(copy, "lictor-bench.c"), "w") as f:
        f.write(tag)
    # A license that is denied, and is hardly in the tree: the policy denies all that is strong copyleft.
    with open(os.path.join(work, "policy.toml"), "w") as f:
        f.write('version = 1\nname = "bench"\n[categories]\nstrong-copyleft = "deny"\nnetwork-copyleft = "deny"\n'
                '[otherwise]\nunnamed = "allow"\nnone = "allow"\nunknown = "allow"\n')
    with open(os.path.join(work, "lictor.toml"), "w") as f:
        f.write(f"""version = 1
policy = 'policy.toml'
store = 'lictor.db'
[control]
socket = 'control.sock'
[[checkout]]
path = '{copy}'
[[webhook]]
name = 'bench'
url = 'http://127.0.0.1:{server.server_port}/'
plain-http = true
allow = '127.0.0.0/8'
secrets = 'env:SECRET'
""")
    env = {**os.environ, "SECRET": "whsec_bGljdG9yIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE="}
    config = os.path.join(work, "lictor.toml")
    service = subprocess.Popen([lictor, "serve", "--config", config], env=env)
    begun = time.monotonic()
    while service.poll() is None and arrived.empty():
        time.sleep(0.05)
    assert service.poll() is None, "the service ended"
    first = arrived.get()
    digest = first[2]["data"]["digest"]
    print(f"first scan: {first[0] - begun:.1f} s to 1 message of {first[1]} bytes: {first[2]['data']['summary']}")
    print(f"  for {sum(digest['counts'].values())} events")
    time.sleep(2)
    assert arrived.empty(), "there was more than one message"
    took = []
    for n in range(commits):
        path = os.path.join(copy, f"lictor-bench-{n}.c")
        with open(path, "w") as f:
            f.write(tag)
        subprocess.run([*git, "add", "-f", path], check=True)
        # The file was noticed before it was committed: what counts is from the save on.
        saved = time.monotonic()
        subprocess.run([*git, "commit", "-q", "-m", "bench"], check=True)
        ended = time.monotonic()
        at, _, message = arrived.get(timeout=60)
        while message["type"] != "violation.opened":
            at, _, message = arrived.get(timeout=60)
        took.append((at - saved, max(at - ended, 0)))
    for what, times in zip(["`git commit`'s begin", "its end"], zip(*took)):
        times = sorted(times)
        p = lambda q: times[min(int(len(times) * q), len(times) - 1)] * 1000
        print(f"{len(times)} commits, from {what} to the request: p50 {p(0.5):.0f} ms, p90 {p(0.9):.0f} ms, "
              f"p99 {p(0.99):.0f} ms, mean {statistics.mean(times) * 1000:.0f} ms")
finally:
    if service:
        service.kill()
    shutil.rmtree(work, ignore_errors=True)
