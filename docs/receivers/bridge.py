# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps an issue at GitHub or GitLab for each violation of which lictor tells: opened, changed, closed, reopened.

    pip install standardwebhooks
    SECRET=whsec_... TOKEN=... PROJECT=acme/compliance python3 bridge.py 8000      # GitHub
    API=https://gitlab.example.com/api/v4 PROJECT=17 ... python3 bridge.py 8000    # GitLab, by its number

An issue is known by a line in its text and the label `license`, so that a message that comes twice changes nothing: the
token must be allowed to set labels. A message about many violations makes an issue of each that it lists; `group = false`
lists all of them.
"""
import json, os, sys, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError

API = os.environ.get("API", "https://api.github.com").rstrip("/")
GITLAB = API.endswith("/api/v4")
TEXT = "description" if GITLAB else "body"
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
            # A line of its own: a path may hold what looks like one.
            if marker in (issue.get(TEXT) or "").splitlines():
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
        marker, was = f"<!-- lictor: {root} {v['id']} -->", v.get("was")
        lines = [f"{code(v['path'])} in {code(root)} is under {code(v['license'] or 'no license')}.",
                 f"Rule {code(rule.get('id', ''))}: {rule.get('reason', '')}.", rule.get("remedy", ""),
                 f"It was {was['outcome']} by {code(was['rule'])}." if was else "", v.get("link", ""), marker]
        text = "\n\n".join(line for line in lines if line)
        title = f"{v['path']}: {v['license'] or 'no license'}"[:250]
        issue, stands = find(marker), kind in STANDS
        if issue is None and stands:
            call("POST", ISSUES, {"title": title, TEXT: text, "labels": "license" if GITLAB else ["license"]})
        elif issue:
            change = {"title": title, TEXT: text} if kind == "violation.changed" else {}
            if stands != (issue["state"] in ("open", "opened")):
                change |= {"state_event": "reopen" if stands else "close"} if GITLAB \
                    else {"state": "open" if stands else "closed"}
            if change:
                call("PUT" if GITLAB else "PATCH", f"{ISSUES}/{issue['iid' if GITLAB else 'number']}", change)


class Bridge(BaseHTTPRequestHandler):
    timeout = 20  # for a client that says nothing

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
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
