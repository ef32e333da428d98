#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
"""How long after a change the service has its verdict in the store.

    benches/latency.py [--saves 1000] [--switches 4] [--lictor PROGRAM] [--work DIR] CHECKOUT

Works on a clone of CHECKOUT (git's objects are shared; nothing is written to it) that a `lictor
serve` of its own watches, on a store that begins empty. A save is timed from close(2) to the
moment at which another connection reads the new content's row, the settle time taken off; a switch
between two commits that differ in 10,000 files from the end of git to the last of their rows. The
last line has the most memory that the service ever had. DIR keeps the clone for the next time.
"""

import argparse
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

SETTLE = 0.1
DIFFERENT = 10_000
LICENSES = ["MIT", "ISC", "AGPL-3.0-only", "GPL-2.0-only", "Apache-2.0"]


def git(tree, *args):
    name = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "gc.auto=0"]
    run = subprocess.run(["git", "-C", tree, *name, *args], check=True, stdout=subprocess.PIPE)
    return run.stdout


def blob(text):
    """git's name of a content."""
    return hashlib.sha1(b"blob %d\0" % len(text) + text).digest()


def append(path, text):
    with open(path, "ab") as file:
        file.write(text)


def memory(pid, key):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith(key))


class Known:
    """What is in the store, read as soon as it is there."""

    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self.version = None

    def wait(self, is_known, limit=120.0):
        """When something is known; asked whenever somebody committed."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            version = self.db.execute("PRAGMA data_version").fetchone()
            if version != self.version:
                self.version = version
                now = time.monotonic()
                if is_known(self.db):
                    return now
            time.sleep(0.0005)
        sys.exit(f"not known after {limit:.0f} s")


def saves(tree, known, files, count):
    """Saves files with other licenses, one after the other; gives seconds without the settling."""
    took = []
    for n in range(count):
        path = random.choice(files)
        text = f"/* SPDX-License-{'Identifier'}: {random.choice(LICENSES)} */\nint n{n};\n".encode()
        with open(os.path.join(tree, path), "wb") as file:
            file.write(text)
        closed = time.monotonic()
        row = "SELECT 1 FROM file WHERE path = ? AND blob = ?"
        wanted = (path.encode(), blob(text))
        known.version = None
        at = known.wait(lambda db: db.execute(row, wanted).fetchone() is not None)
        took.append(at - closed - SETTLE)
    return sorted(took)


def contents(tree, commit, paths):
    """The contents that a commit gives some paths."""
    listed = git(tree, "ls-tree", "-r", "-z", commit).split(b"\0")
    of = {line.split(b"\t")[1]: line.split()[2] for line in listed if line}
    return {path.encode(): bytes.fromhex(of[path.encode()].decode()) for path in paths}


def switch(tree, known, branch, wanted):
    git(tree, "checkout", "-q", branch)
    ended = time.monotonic()
    commit = git(tree, "rev-parse", "HEAD").decode().strip()

    def is_known(db):
        if db.execute("SELECT 1 FROM checkout WHERE commit_id = ?", [commit]).fetchone() is None:
            return False
        now = dict(db.execute("SELECT path, blob FROM file"))
        return all(now.get(path) == content for path, content in wanted.items())

    known.version = None
    return known.wait(is_known) - ended


def main():
    usage = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usage.add_argument("checkout")
    usage.add_argument("--saves", type=int, default=1000)
    usage.add_argument("--switches", type=int, default=4)
    usage.add_argument("--lictor", default="target/release/lictor")
    usage.add_argument("--work")
    given = usage.parse_args()
    random.seed(1)
    if given.work:
        os.makedirs(given.work, exist_ok=True)
        return measure(given, os.path.abspath(given.work))
    with tempfile.TemporaryDirectory() as work:
        measure(given, work)


def measure(given, work):
    tree, store = os.path.join(work, "tree"), os.path.join(work, "lictor.db")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(store + end):
            os.remove(store + end)
    kept = os.path.exists(tree)
    if kept:
        git(tree, "checkout", "-qf", "one")
    else:
        subprocess.run(["git", "clone", "-q", "--shared", given.checkout, tree], check=True)
    files = git(tree, "ls-files", "-z", "*.c", "*.h").decode().split("\0")[:-1]
    files = [path for path in files if not os.path.islink(os.path.join(tree, path))]
    if len(files) < 2:
        sys.exit("the checkout has no files of C")
    different = random.sample(files, min(DIFFERENT, len(files)))
    if not kept:
        make_other(tree, different)
    config = os.path.join(work, "lictor.toml")
    with open(config, "w") as file:
        file.write(
            f"version = 1\nstore = '{store}'\n[watch]\nsettle = '{SETTLE * 1000:.0f}ms'\n"
            f"[control]\nsocket = '{work}/sock'\n[[checkout]]\npath = '{tree}'\n"
        )
    # What the unit says of memory.
    told = {**os.environ, "LICTOR_CONFIG": config}
    told |= {"MIMALLOC_PURGE_DELAY": "0", "MALLOC_TRIM_THRESHOLD_": "131072"}
    with open(os.path.join(work, "log"), "w") as log:
        service = subprocess.Popen([given.lictor, "serve"], env=told, stderr=log)
    try:
        report(given, tree, store, files, different, told, service)
    finally:
        service.terminate()
        service.wait()


def make_other(tree, different):
    """Two branches that differ in these files."""
    git(tree, "checkout", "-q", "-b", "one")
    git(tree, "checkout", "-q", "-b", "other")
    tag = "/* SPDX-License-%s: MIT */ int n%d;\n"
    for n, path in enumerate(different):
        append(os.path.join(tree, path), (tag % ("Identifier", n)).encode())
    git(tree, "commit", "-qam", "other")
    git(tree, "checkout", "-q", "one")


def report(given, tree, store, files, different, told, service):
    while subprocess.run([given.lictor, "status"], env=told, capture_output=True).returncode:
        if service.poll() is not None:
            sys.exit("the service ended")
        time.sleep(0.2)
    known = Known(store)
    known.wait(lambda db: db.execute("SELECT 1 FROM checkout WHERE last_scan > 0").fetchone())
    print(f"first look      peak {memory(service.pid, 'VmHWM')} MB")
    wanted = {branch: contents(tree, branch, different) for branch in ("one", "other")}
    for n in range(given.switches):
        branch = ("other", "one")[n % 2]
        took = switch(tree, known, branch, wanted[branch])
        print(f"switch {n + 1}        {took:6.2f} s, {len(different)} files; peak {memory(service.pid, 'VmHWM')} MB")
    took = saves(tree, known, files, given.saves)
    if took:
        at = [took[min(len(took) - 1, len(took) * p // 100)] * 1000 for p in (50, 90, 99)]
        print("%d saves  p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, most %.1f ms" % (len(took), *at, took[-1] * 1000))
    print(f"memory          {memory(service.pid, 'VmRSS')} MB, peak {memory(service.pid, 'VmHWM')} MB")


main()
