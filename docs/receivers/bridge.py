# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps an issue at GitHub or GitLab for each violation of which lictor tells: opened, reopened, closed.

    pip install standardwebhooks
    SECRET=whsec_... TOKEN=... PROJECT=acme/compliance python3 bridge.py 8000      # GitHub
    API=https://gitlab.example.com/api/v4 PROJECT=17 ... python3 bridge.py 8000    # GitLab, by its number

An issue is known by a line in its text, so that a message that comes twice changes nothing. With
`group = false` there is one issue a violation; messages about many make one each all the same.
"""
import json, os, sys, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError

API = os.environ.get("API", "https://api.github.com").rstrip("/")
GITLAB = API.endswith("/api/v4")
ISSUES = f"{API}/projects/{urllib.parse.quote(os.environ['PROJECT'], safe='')}/issues" if GITLAB \
    else f"{API}/repos/{os.environ['PROJECT']}/issues"
STANDS = {"violation.opened", "violation.changed", "violation.reopened", "waiver.lapsed"}
ENDS = {"violation.resolved", "violation.waived"}


def call(method, url, body=None):
    auth = {"PRIVATE-TOKEN": os.environ["TOKEN"]} if GITLAB else {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    headers = {"Content-Type": "application/json", "Accept": "application/json", **auth}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def find(marker):
    """The issue with this line, open or closed, newest pages first."""
    for page in range(1, 21):
        query = {"labels": "license", "state": "all", "per_page": 100, "page": page}
        issues = call("GET", f"{ISSUES}?{urllib.parse.urlencode(query)}")
        for issue in issues:
            if marker in (issue.get("description" if GITLAB else "body") or ""):
                return issue
        if len(issues) < 100:
            return None
    return None


def code(text):
    """Text that is nothing but text, in Markdown."""
    return "`" + str(text).replace("`", "'").replace("\n", " ") + "`"


def keep(message):
    data, kind = message["data"], message["type"]
    rule, root = data.get("rule", {}), data.get("checkout", {}).get("root", "")
    for v in data.get("violations", []):
        marker = f"lictor: {root} {v['id']}"
        lines = [f"{code(v['path'])} in {code(root)} is under {code(v['license'] or 'no license')}.",
                 f"Rule {code(rule.get('id', ''))}: {rule.get('reason', '')}.", rule.get("remedy", ""),
                 v.get("link", ""), f"<!-- {marker} -->"]
        text = "\n\n".join(line for line in lines if line)
        title = f"{v['path']}: {v['license'] or 'no license'}"[:250]
        issue, number = find(f"<!-- {marker} -->"), "iid" if GITLAB else "number"
        if kind in STANDS and issue is None:
            labels = "license" if GITLAB else ["license"]
            call("POST", ISSUES, {"title": title, "description" if GITLAB else "body": text, "labels": labels})
        elif issue and (kind in STANDS) != (issue["state"] in ("open", "opened")):
            change = {"state_event": "reopen" if kind in STANDS else "close"} if GITLAB \
                else {"state": "open" if kind in STANDS else "closed"}
            call("PUT" if GITLAB else "PATCH", f"{ISSUES}/{issue[number]}", change)


class Bridge(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            message = Webhook(os.environ["SECRET"]).verify(body, dict(self.headers.items()))
            if message["type"] in STANDS | ENDS:
                keep(message)
            status = 204
        except WebhookVerificationError:
            status = 401
        except OSError as failed:  # lictor tries again
            print("the issue could not be kept:", failed, file=sys.stderr, flush=True)
            status = 503
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge).serve_forever()
