#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# A day compressed: four writers work at random on five checkouts while `lictor serve` watches them.
# Memory and descriptors are noted every minute; in the end, without asking the service to look
# again, what is in its store must be what a fresh scan finds, and its chain of events whole:
#
#   benches/soak.sh [SECONDS [SEED]]      an hour and 1 when left out
#
# Needs git and python3. LICTOR names a program that is built already, WORK a directory to keep.
set -euo pipefail
seconds=${1:-3600} seed=${2:-1}
cd "$(dirname "$0")/.."
if [ -z "${LICTOR:-}" ]; then
    cargo build --release --quiet
    LICTOR=${CARGO_TARGET_DIR:-$PWD/target}/release/lictor
fi
texts=$PWD/LICENSES
if [ -z "${WORK:-}" ]; then
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
fi
cd "$WORK"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=soak GIT_AUTHOR_EMAIL=soak@example.org
export GIT_COMMITTER_NAME=soak GIT_COMMITTER_EMAIL=soak@example.org
# What systemd/lictor.service says of memory.
export MIMALLOC_PURGE_DELAY=0 MALLOC_TRIM_THRESHOLD_=131072
licenses=(MIT ISC Apache-2.0 AGPL-3.0-only GPL-2.0-only SSPL-1.0 BSD-3-Clause 'MIT OR GPL-2.0-only')

# What a file says: a tag, none, a license text, or that of a manifest.
content() { # $1 path, $2 what makes it unlike all others
    local license=${licenses[RANDOM % ${#licenses[@]}]}
    case $1 in
    */package.json) printf '{"name": "n%s", "license": "%s"}\n' "$2" "${license%% *}" ;;
    */LICENSE) cat "$texts/Apache-2.0.txt" && echo "$2" ;;
    *) case $((RANDOM % 8)) in
        0) printf 'nothing is said here, %s\n' "$2" ;;
        1) printf '/* See LICENSE for the license. %s */\n' "$2" ;;
        *) printf '/* SPDX-License-%s: %s */\nint n = %s;\n' Identifier "$license" "${2//[^0-9]/}" ;;
        esac ;;
    esac
}

# The names are few, so that what is known stays as large as it is, whatever is done for how long.
directory() { echo "d$((RANDOM % 10))/$((RANDOM % 4))"; }
file() {
    case $((RANDOM % 40)) in
    0) echo "$(directory)/package.json" ;;
    1) echo "$(directory)/LICENSE" ;;
    *) echo "$(directory)/$((RANDOM % 40)).c" ;;
    esac
}

write() { # $1 checkout, $2 path, $3 what makes it unlike others
    mkdir -p "$1/${2%/*}" && content "$2" "$3" >"$1/$2"
}

# One writer: every failure (a name that is gone, a lock that another git holds) is part of it.
writer() { # $1 its number
    RANDOM=$((seed * 100 + $1))
    local n=0 at path
    while [ ! -e stop ]; do
        n=$((n + 1)) at=c$((RANDOM % 5)) path=$(file)
        case $((RANDOM % 100)) in
        [0-9] | [1-4][0-9]) write "$at" "$path" "$1$n" ;;
        5[0-9]) # As editors save.
            mkdir -p "$at/${path%/*}" && content "$path" "$1$n" >"$at/.$1.tmp" && mv "$at/.$1.tmp" "$at/$path" ;;
        6[0-9]) echo "/* $1$n */" >>"$at/$path" ;;
        7[0-9]) mv "$at/$path" "$at/$(directory)/$((RANDOM % 40)).c" ;;
        8[0-7]) rm -f "$at/$path" ;;
        8[89]) mv -T "$at/$(directory)" "$at/$(directory)" ;;
        90) rm -rf "${at:?}/${path%/*}" ;;
        91) cp -rT "$at/$(directory)" "$at/d$((RANDOM % 10))/4" ;;
        *) # One checkout has nobody's git at work: it lives by what the kernel tells alone.
            if [ $at = c4 ]; then write "$at" "$path" "$1$n"; else
                case $((RANDOM % 6)) in
                0 | 1) git -C "$at" add -A && git -C "$at" commit -qm "$1$n" ;;
                2) git -C "$at" checkout -qf "b$((RANDOM % 3))" ;;
                3) git -C "$at" status --porcelain ;;
                4) git -C "$at" stash -qu && git -C "$at" stash pop -q ;;
                5) git -C "$at" reset -q --hard "HEAD~$((RANDOM % 3))" ;;
                esac
            fi ;;
        esac >/dev/null 2>&1 || true
        echo $n >"$WORK/operations.$1"
        sleep 0.07
    done
}

{
    printf "version = 1\nstore = '%s'\n[control]\nsocket = '%s'\n" "$WORK/lictor.db" "$WORK/sock"
    for c in c0 c1 c2 c3 c4; do printf "[[checkout]]\npath = '%s'\n" "$WORK/$c"; done
} >lictor.toml
for c in c0 c1 c2 c3 c4; do
    RANDOM=$seed
    git init -q "$c"
    for n in $(seq 600); do write "$c" "$(file)" "$n"; done
    git -C "$c" add -A
    git -C "$c" commit -qm first
    for b in b0 b1 b2; do git -C "$c" branch "$b"; done
done
export LICTOR_CONFIG=$WORK/lictor.toml LICTOR_STORE=$WORK/lictor.db
"$LICTOR" serve 2>log &
service=$!
until "$LICTOR" status >/dev/null 2>&1; do
    kill -0 $service || { cat log; exit 1; }
    sleep 1
done
rm -f stop
writers=()
for w in 1 2 3 4; do
    writer $w &
    writers+=($!)
done

end=$((SECONDS + seconds))
echo "minute,rss_kb,peak_kb,descriptors,threads,store_kb,operations"
for ((minute = 0; ; minute++)); do
    of() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$service/status"; }
    descriptors=(/proc/"$service"/fd/*)
    echo "$minute,$(of VmRSS),$(of VmHWM),${#descriptors[@]},$(of Threads),$(du -k lictor.db | cut -f1),$(cat operations.* | awk '{ n += $1 } END { print n }')"
    [ $SECONDS -lt $end ] || break
    left=$((end - SECONDS))
    sleep $((left < 60 ? left : 60))
done
touch stop
wait "${writers[@]}"
# Longer than the longest that a look is put off.
sleep 15
kill -TERM $service
wait $service || { echo "FAILED: the service ended with $?"; exit 1; }

cat >compare.py <<'PY'
import json, sys
def found(path):
    lines = set()
    for line in open(path):
        f = json.loads(line)
        v = f.get("violation") or {}
        if f["expression"] is None:
            continue
        keys = ["license", "rule", "outcome", "severity", "context", "state"]
        v = [v.get(k) for k in keys] if v.get("state") not in (None, "resolved") else []
        lines.add(json.dumps([f["path"], f["expression"], v]))
    return lines
kept, fresh = found(sys.argv[1]), found(sys.argv[2])
for line in sorted(kept ^ fresh)[:20]:
    print("only", "kept" if line in kept else "found afresh", line)
print(f"{sys.argv[3]}: {len(kept)} findings kept, {len(fresh)} found afresh")
sys.exit(kept != fresh)
PY
failed=0
for c in c0 c1 c2 c3 c4; do
    "$LICTOR" findings --format jsonl --checkout "$c" >kept || failed=1
    rm -f fresh.db*
    "$LICTOR" scan --store fresh.db --fail-on never "$c" >report
    "$LICTOR" findings --store fresh.db --format jsonl >fresh || failed=1
    python3 compare.py kept fresh "$c" || failed=1
done
"$LICTOR" audit verify || failed=1
[ $failed = 0 ] && echo passed || { echo FAILED; exit 1; }
