#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs every fuzz target, or the named ones, for some seconds each, or 300:
#
#   fuzz/run.sh [SECONDS] [TARGET...]
#
# Needs `cargo install cargo-fuzz` and a C++ compiler. What is learnt on the way is kept below
# target/fuzz, and an input that breaks something is left there; `fuzz/run.sh 0 TARGET` runs through
# what is kept.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-300}
shift || true
[ $# -gt 0 ] || set -- bytes words expressions rules
limit=-max_total_time=$seconds
[ "$seconds" != 0 ] || limit=-runs=0
kept=${CARGO_TARGET_DIR:-$PWD/target}/fuzz

# Something to begin with: the files of this project are of many kinds.
for target in "$@"; do mkdir -p "$kept/$target" "$kept/found"; done
seed() { # TARGET FIRST-BYTE FILE...
    local target=$1 first=$2 file
    shift 2
    for file in "$@"; do
        { printf '%b' "$first"; cat "$file"; } >"$kept/$target/seed-$(basename "$file")"
    done
}
[ ! -d "$kept/bytes" ] || seed bytes '\0' LICENSES/* README.md Cargo.toml systemd/*
[ ! -d "$kept/rules" ] || seed rules 'R' $(ls license-db/rules/*.RULE | awk 'NR % 10 == 1')
[ ! -d "$kept/rules" ] || seed rules 'L' $(find license-db/rules -name '*.LICENSE')

for target in "$@"; do
    # A step of `words` may be a whole text.
    longest=$([ "$target" = words ] && echo 400 || echo 4096)
    # Ids and texts of licenses live as long as the process, so that leaks say nothing here.
    cargo fuzz run --sanitizer none "$target" "$kept/$target" -- -detect_leaks=0 -timeout=5 \
        -rss_limit_mb=2048 -len_control=0 -max_len="$longest" "$limit" \
        -artifact_prefix="$kept/found/$target-"
done
