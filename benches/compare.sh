#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# Times lictor against `rg` and `git status` on a git checkout of yours, all in one sitting:
#
#   benches/compare.sh /path/to/checkout
#
# Needs hyperfine, rg, git and python3. Writes nothing into the checkout but the times of 100 files,
# which it sets back.
set -euo pipefail
tree=$(cd "${1:?usage: benches/compare.sh CHECKOUT}" && pwd)
cd "$(dirname "$0")/.."
cargo build --release --quiet
lictor=$PWD/target/release/lictor
policy=$PWD/policies/distributed-product.toml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$tree"

# Warm, and with a store that knows the tree.
"$lictor" scan --fail-on never --store "$work/known.db" . >"$work/report"
git ls-files -z >"$work/all"
head -zn 100 "$work/all" >"$work/touched"

hyperfine --shell=none --warmup 1 --runs 10 --export-json "$work/first.json" \
    --prepare "rm -f $work/first.db $work/first.db-wal $work/first.db-shm" \
    --command-name 'lictor scan, first' "$lictor scan --fail-on never --store $work/first.db ." \
    --command-name 'lictor detect' "$lictor detect --format jsonl ." \
    --command-name 'rg' "rg -j2 --no-ignore --hidden -g !.git -c SPDX-License-Identifier"
hyperfine --shell=none --warmup 3 --runs 20 --export-json "$work/second.json" \
    --command-name 'lictor scan, nothing changed' "$lictor scan --fail-on never --store $work/known.db ." \
    --command-name 'git status' "git status --porcelain"

cat >"$work/touch" <<'END'
#!/bin/sh
xargs -0 touch <"$1"
END
chmod +x "$work/touch"
xargs -0 stat -c '%Y %n' <"$work/touched" >"$work/then"
hyperfine --shell=none --runs 10 --export-json "$work/touched.json" \
    --prepare "$work/touch $work/touched" \
    --command-name 'lictor scan, 100 files touched' "$lictor scan --fail-on never --store $work/known.db ."
while read -r when name; do touch -d "@$when" "$name"; done <"$work/then"
git update-index -q --refresh || true

# A policy tried on all that is known, and what a pre-commit hook does with nothing staged.
hyperfine --shell=none --warmup 1 --runs 10 --export-json "$work/policy.json" \
    --command-name 'lictor policy try' "$lictor policy try $policy --store $work/known.db" \
    --command-name 'lictor scan --staged' "$lictor scan --staged --no-store --fail-on never ."

median() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["results"][int(sys.argv[2])]["median"])' "$@"; }
ratio() { python3 -c 'import sys; print(f"{float(sys.argv[1]) / float(sys.argv[2]):.2f}")' "$@"; }
rg=$(median "$work/first.json" 2) git=$(median "$work/second.json" 1) second=$(median "$work/second.json" 0)
echo
echo "first scan / rg:              $(ratio "$(median "$work/first.json" 0)" "$rg")"
echo "detect / rg:                  $(ratio "$(median "$work/first.json" 1)" "$rg")"
echo "second scan / git status:     $(ratio "$second" "$git")"
echo "100 files touched / second:   $(ratio "$(median "$work/touched.json" 0)" "$second")"
echo "policy try, seconds:          $(median "$work/policy.json" 0)"
echo "scan --staged, seconds:       $(median "$work/policy.json" 1)"
rm -f "$work"/first.db*
peak='import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MB")'
echo "peak memory of a first scan:  $(python3 -c "$peak" "$lictor" scan --fail-on never --store "$work/first.db" .)"
