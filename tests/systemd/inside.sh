#!/bin/bash
# SPDX-FileCopyrightText: 2026 The lictor authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs inside of the container, as root, by a oneshot unit. /stage/tree is what `make install`
# made, /result is seen from outside: `log` is what happens here, `passed` is there at the end if
# all of it did. Each step says what it shows; the first that fails shows the journal.
set -euo pipefail
exec >/result/log 2>&1

step() {
    echo "== $*"
}

fail() {
    echo "FAILED: $*"
    systemctl status --no-pager --full lictor.service lictor.socket || true
    journalctl --boot --no-pager --output=short-monotonic --lines=300 || true
    exit 1
}

trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

# Asks until it is so; in vain after a minute.
await() {
    local what=$1 start=$SECONDS
    shift
    until "$@"; do
        [ $((SECONDS - start)) -lt 60 ] || fail "in vain was waited for: $what"
        sleep 0.1
    done
}

show() {
    systemctl show --property="$1" --value lictor.service
}

store=/var/lib/lictor/lictor.db

# The open violations, a line each: file, rule, license, state, since when, number.
open_violations() {
    lictor findings --store "$store" --state open --format csv | cut -d, -f3,8-11,16
}

violates() {
    open_violations | grep "$1" >/dev/null
}

complies() {
    ! violates "$1"
}

events() {
    lictor audit export --store "$store" | wc -l
}

journal_says() {
    journalctl --sync >/dev/null 2>&1 || true
    journalctl --boot --unit=lictor.service --output=cat | grep -- "$1" >/dev/null
}

# A tag, in two parts so that this file does not tag itself.
tag() {
    echo "// SPDX-License-""Identifier: $1"
}

as_dev() {
    setpriv --reuid=dev --regid=dev --clear-groups "$@"
}

save() {
    tag "$2" | as_dev tee "$1" >/dev/null
}

step "what is installed makes a user and its directories"
cp -a /stage/tree/. /
systemd-sysusers
systemd-tmpfiles --create
systemctl daemon-reload
[ "$(stat -c %U:%a /var/lib/lictor)" = lictor:750 ]
lictor config check

step "a checkout that only its owner may read"
useradd --create-home dev
install -d -o dev -g dev -m 700 /srv/checkouts/app
cd /srv/checkouts/app
as_dev git init -q .
save ours.c Apache-2.0
save theirs.c AGPL-3.0-only
as_dev git add .
as_dev git -c user.name=A -c user.email=a@example.org commit -qm c
cat >/etc/lictor/policy.toml <<'END'
version = 1
[categories]
permissive = "allow"
network-copyleft = "deny"
END
cp /etc/lictor/policy.toml /etc/lictor/strict.toml
sed -i 's/^#policy = /policy = /' /etc/lictor/lictor.toml
grep -q '^policy = "policy.toml"' /etc/lictor/lictor.toml

step "it starts, and is ready when systemctl returns"
install -d /etc/systemd/system/lictor.service.d
cat >/etc/systemd/system/lictor.service.d/test.conf <<'END'
[Service]
# So that the test need not wait for a minute.
WatchdogSec=4
# Not into the directory of cores of the host.
LimitCORE=0
END
systemctl daemon-reload
systemctl enable --now lictor
[ "$(show ActiveState)/$(show SubState)/$(show Result)" = active/running/success ]
[ "$(show StatusText)" != "" ]
pid=$(show MainPID)
[ "$(stat -c %U "/proc/$pid")" = lictor ]

step "it finds the violation in what only its owner may read"
await "the violation" violates theirs.c
complies ours.c
lictor audit export --store "$store" | grep "$(as_dev git rev-parse HEAD)" >/dev/null

step "webhooks are told by a service that has the network, and reads no checkout"
systemctl is-active lictor-deliver
cat >/usr/local/bin/receive <<'END'
#!/bin/bash
# Takes one request from a socket that systemd accepted.
length=0
while IFS= read -r line && line=${line%$'\r'} && [ -n "$line" ]; do
    echo "$line" >>/var/tmp/received
    case "${line,,}" in content-length:*) length=${line#*: } ;; esac
done
head -c "$length" >>/var/tmp/received
printf 'HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'
END
chmod 755 /usr/local/bin/receive
printf '[Socket]\nListenStream=127.0.0.1:8099\nAccept=yes\n' >/etc/systemd/system/receiver.socket
printf '[Service]\nExecStart=/usr/local/bin/receive\nStandardInput=socket\n' >/etc/systemd/system/receiver@.service
install -d -m 700 /etc/credstore
lictor webhook secret new >/etc/credstore/hook
install -d /etc/systemd/system/lictor-deliver.service.d
printf '[Service]\nLoadCredential=hook:/etc/credstore/hook\n' >/etc/systemd/system/lictor-deliver.service.d/hook.conf
cp /etc/lictor/lictor.toml /etc/lictor/without.toml
cat >>/etc/lictor/lictor.toml <<'END'

[[webhook]]
name = "ospo"
url = "http://127.0.0.1:8099/"
plain-http = true
allow = "127.0.0.0/8"
secrets = "credential:hook"
END
lictor config check
systemctl daemon-reload
systemctl start receiver.socket
systemctl reload lictor
systemctl restart lictor-deliver
save /srv/checkouts/app/told.c AGPL-3.0-only
told() {
    grep -s '"type":"violation.opened"' /var/tmp/received | grep told.c >/dev/null
}
await "the message" told
grep -i '^webhook-signature: v1,' /var/tmp/received >/dev/null
lictor status | grep '^ospo *active' >/dev/null
# As root, who may read what systemd handed over.
CREDENTIALS_DIRECTORY=/etc/credstore lictor webhook test ospo
deliverer=$(systemctl show --property=MainPID --value lictor-deliver)
[ "$(stat -c %U "/proc/$deliverer")" = lictor ]
! CREDENTIALS_DIRECTORY=/etc/credstore nsenter --target "$(show MainPID)" --net -- /usr/bin/lictor webhook test ospo
rm /srv/checkouts/app/told.c
await "the end of it" complies told.c
mv /etc/lictor/without.toml /etc/lictor/lictor.toml
systemctl reload lictor
no_webhooks() {
    systemctl show --property=StatusText --value lictor-deliver | grep 'no webhooks' >/dev/null
}
await "it to notice by itself" no_webhooks

step "the doctor finds no problem, and one where there is one"
code=0
lictor doctor || code=$?
# 1 is a warning: the file system of a container is an overlay.
[ "$code" -le 1 ]
[ "$({ lictor doctor || true; } | grep -c '^ok *systemd .*lictor.service is active')" = 1 ]
cp /etc/lictor/lictor.toml /etc/lictor/listen.toml
sed -i "s/^\[control\]/[control]\nlisten = '127.0.0.1:7280'\ntoken-file = 'credential:control-token'/" /etc/lictor/listen.toml
lictor config check /etc/lictor/listen.toml
{ lictor doctor --config /etc/lictor/listen.toml || true; } | grep -A1 'the service has no network' | grep 'ListenStream=127.0.0.1:7280'

step "who is in its group may ask it"
lictor status
! as_dev lictor status
usermod -aG lictor dev
setpriv --reuid=dev --regid=dev --init-groups lictor status
setpriv --reuid=dev --regid=dev --init-groups lictor rescan --wait /srv/checkouts/app

step "systemd hands it a TCP socket, though it has no network"
cp /etc/lictor/listen.toml /etc/lictor/lictor.toml
install -d -m 700 /etc/credstore
echo 0123456789abcdef0123456789abcdef >/etc/credstore/lictor.control-token
install -d /etc/systemd/system/lictor.socket.d
printf '[Socket]\nListenStream=127.0.0.1:7280\n' >/etc/systemd/system/lictor.socket.d/tcp.conf
systemctl daemon-reload
systemctl stop lictor.socket lictor.service
systemctl start lictor
ask() {
    exec 3<>/dev/tcp/127.0.0.1/7280
    printf 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n%s\r\n' "$1" >&3
    head -n 1 <&3
    exec 3>&-
}
ask '' | grep ' 401 '
ask $'Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n' | grep ' 200 '
pid=$(show MainPID)

step "a backup is made while it runs"
systemctl start lictor-backup.service
ls /var/lib/lictor/backup/lictor-*.db
[ "$(stat -c %U /var/lib/lictor/backup)" = lictor ]

step "it sees a file being saved"
save new.c AGPL-3.0-only
await "the violation of a new file" violates new.c

step "it judges by another policy when told to reload, by systemctl or by a signal"
sed -i 's/^network-copyleft.*/network-copyleft = "allow"/' /etc/lictor/policy.toml
systemctl reload lictor
await "the end of the violations" complies theirs.c
await "the end of the violations" complies new.c
cp /etc/lictor/strict.toml /etc/lictor/policy.toml
systemctl kill --signal=HUP --kill-whom=main lictor
await "the violations to be back" violates theirs.c
await "the violations to be back" violates new.c
[ "$(show MainPID)" = "$pid" ]

step "a configuration that is wrong leaves the one before in force"
echo 'stor = 1' >>/etc/lictor/lictor.toml
! systemctl reload lictor
await "the journal to tell of the mistake" journal_says 'unknown key `stor`'
[ "$(show ActiveState)/$(show MainPID)" = "active/$pid" ]
sed -i '/^stor = 1/d' /etc/lictor/lictor.toml
systemctl reload lictor
violates theirs.c
violates new.c

step "killed, it is started again, nothing is lost, and what changed meanwhile is found"
before=$(open_violations)
count=$(events)
kill -KILL "$pid"
save meanwhile.c AGPL-3.0-only
restarted() {
    [ "$(show ActiveState)" = active ] && [ "$(show NRestarts)" = "$1" ]
}
await "the restart" restarted 1
await "what was saved meanwhile" violates meanwhile.c
# What was known is known as before, by the same numbers.
diff <(echo "$before") <(open_violations | grep -v meanwhile.c)
# Two events more: that it was looked at everything again, and the violation of the new file.
[ "$(events)" = $((count + 2)) ]
lictor audit verify --store "$store"

step "frozen, it is started again by the watchdog"
pid=$(show MainPID)
kill -STOP "$pid"
await "the watchdog" restarted 2
journal_says 'Watchdog timeout'
[ "$(show MainPID)" != "$pid" ]
save after.c AGPL-3.0-only
await "the violation of a new file" violates after.c

step "it stops in good order, with its socket"
pid=$(show MainPID)
systemctl stop lictor.socket lictor.service
[ "$(show Result)/$(show ActiveState)/$(show ExecMainStatus)" = success/inactive/0 ]
[ ! -e "/proc/$pid" ]
[ ! -e /run/lictor/control.sock ]
lictor audit verify --store "$store"

step "a mistake in the configuration is no reason to start again and again"
echo 'stor = 1' >>/etc/lictor/lictor.toml
! systemctl start lictor.service
[ "$(show Result)/$(show ExecMainStatus)/$(show ActiveState)" = exit-code/78/failed ]
sed -i '/^stor = 1/d' /etc/lictor/lictor.toml

touch /result/passed
echo "passed"
