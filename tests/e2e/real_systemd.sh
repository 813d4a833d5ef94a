#!/usr/bin/env bash
# The unit under a real systemd, sandbox and all: a wheel by pipx, `edge install`, publish, reload, restart, watchdog.
# As root, with systemd-container, dbus and pipx of the distribution. This machine is not changed: systemd boots in a
# container whose root is an overlay of ours. Takes about two minutes: `make systemd`.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
mkdir "$work"/{upper,work,root,source}
trap 'rm -rf "$work"' EXIT
git -C "$source" ls-files -z | (cd "$source" && xargs -0 cp --parents -Pt "$work/source")

cat > "$work/trial.sh" <<'TRIAL'
#!/bin/bash
exec > /trial.log 2>&1
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok    $1"; else echo "FAIL  $1: $2, not $3"; failed=1; fi; }
code() { curl -s -m 30 -o /dev/null -w '%{http_code}' "http://127.0.0.1:8080$1"; }
of() { systemctl show edge -p "$1" --value; }
sed -i 's/^publish = .*/publish = ["publish-key"]/' /etc/edge/edge.toml
systemctl start edge.socket edge.service
check "ready when systemctl returns" "$(code /readyz)" 200
check "the user" "$(of User)" edge
check "no capabilities" "$(grep CapBnd "/proc/$(of MainPID)/status" | cut -f2)" 0000000000000000
check "system calls are filtered" "$(grep Seccomp: "/proc/$(of MainPID)/status" | cut -f2)" 2
edge publish test http://127.0.0.1:8080/whip/cam --token publish-key --duration 8; check "publishes" $? 0
check "memory, time and files of the process in /metrics" "$(curl -s http://127.0.0.1:8080/metrics | grep -c ^process_)" 6
check "playlist" "$(code /live/cam/main.m3u8)" 200
check "status" "$(of StatusText | cut -d, -f1)" "streams 1"
systemctl reload edge; check "reloads" $? 0
before=$(curl -s http://127.0.0.1:8080/live/cam/main.m3u8 | grep '^[^#].*m4s' | tail -1)
for _ in $(seq 300); do code /healthz; echo; done > /asked &
sleep 0.5
systemctl restart edge; check "restarts" $? 0
wait
check "connections refused or unanswered over the restart" "$(grep -vc 200 /asked)" 0
check "what was listed before the restart" "$(curl -s http://127.0.0.1:8080/live/cam/main.m3u8 | grep '^[^#].*m4s' | tail -1)" "$before"
check "is still there" "$(code "/live/cam/$before")" 200
kill -STOP "$(of MainPID)"
for _ in $(seq 60); do sleep 1; [ "$(of NRestarts)" = 0 ] || break; done
check "the watchdog replaced a hung one" "$(of NRestarts)" 1
check "which answers" "$(code /readyz)" 200
systemctl stop edge.service; check "stops" "$(of Result)" success
check "the socket stays" "$(systemctl is-active edge.socket)" active
edge uninstall | tail -1
journalctl -u edge --no-pager -o cat
echo "failed=$failed"
systemctl poweroff
TRIAL

unshare --mount --propagation private bash -euo pipefail -s "$work" <<'BUILD'
root=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$root"
for each in proc dev sys; do mount --rbind "/$each" "$root/$each"; done
mkdir -p "$root/opt/source"
cp -a "$1/source/." "$root/opt/source"
chroot "$root" bash -euo pipefail -c '
  cd /opt/source && python3 -m pip -q wheel . --no-deps -w /opt/wheel
  PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin pipx install /opt/wheel/*.whl
  cd / && edge check && edge install'
for each in proc dev sys; do umount -l "$root/$each"; done
etc=$root/etc/systemd/system
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
rm -rf "$etc"/*.wants
ln -sf /dev/null "$etc/systemd-networkd-wait-online.service"
cp "$1/trial.sh" "$root/trial.sh" && chmod 755 "$root/trial.sh"
printf '[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nExecStart=/trial.sh\n' > "$etc/trial.service"
printf '[Unit]\nRequires=basic.target\nWants=trial.service\nAfter=basic.target\n' > "$etc/trial.target"
timeout 200 systemd-nspawn -q -D "$root" --private-network --register=no --keep-unit -b \
  systemd.unit=trial.target systemd.log_target=journal systemd.show_status=no < /dev/null > "$1/console" 2>&1 || true
BUILD
cat "$work/upper/trial.log"
grep -q '^failed=0$' "$work/upper/trial.log"
