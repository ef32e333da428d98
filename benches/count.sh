#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# Counts the instructions of detection on a sample that is always the same, on one thread: in all, and
# of its parts with what they call. README.md keeps the figures, so that versions can be compared.
#
#   benches/count.sh
#
# Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
built=$(cargo bench --no-run --bench count --message-format json |
    sed -n '/"name":"count"/s/.*"executable":"\([^"]*\)".*/\1/p')
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$out" --collect-atstart=no \
    --toggle-collect='lictor::detect::Detector::detect*' "$built"
# A function has a line for every file that was inlined into it; the first has all that it calls.
callgrind_annotate --inclusive=yes --threshold=100 "$out" 2>/dev/null | awk '
    function counted(part, name) {
        if (!(part in count) && $0 ~ ":lictor::detect::" name "( |$)") count[part] = $1
    }
    {
        counted("in all", "Detector::detect")
        counted("gate", "gate::Gate::hits")
        counted("tokens", "tokens::tokenize")
        counted("references", "references::References::find")
        counted("texts", "texts::Texts::find")
        counted("combine", "combine::combine")
    }
    END {
        last = split("in all,gate,tokens,references,texts,combine", parts, ",")
        for (n = 1; n <= last; n++) printf "%-10s %15s\n", parts[n], count[parts[n]]
    }'
