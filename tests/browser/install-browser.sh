#!/bin/sh
# Puts on this machine, by the system's own package manager, what tests need besides Python: a Chromium, and the
# programs that edge stands beside (systemd's analyser, nginx, Caddy, promtool, curl), a C compiler. Does nothing where they are.
set -eu

missing=""
for pair in systemd-analyze:systemd nginx:nginx caddy:caddy promtool:prometheus curl:curl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
headers=$("${1:-python3}" -c 'import sysconfig; print(sysconfig.get_path("include"))')
echo '#include <Python.h>' | cc -fsyntax-only -I"$headers" -xc - 2>/dev/null || missing="$missing gcc libc6-dev python3-dev"
if [ -n "$missing" ]; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if command -v apt-get >/dev/null 2>&1 && { $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing; }; then
        :
    else
        echo "Tests need$missing: install them and try again." >&2
        exit 1
    fi
fi

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

as_root=""
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "The browser tests need Chromium. Install it (Debian, Ubuntu: sudo apt-get install chromium) and try again." >&2
        exit 1
    fi
fi

if command -v apt-get >/dev/null 2>&1; then
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium
elif command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q chromium
elif command -v pacman >/dev/null 2>&1; then
    $as_root pacman -S --noconfirm --needed chromium
elif command -v apk >/dev/null 2>&1; then
    $as_root apk add chromium
elif command -v zypper >/dev/null 2>&1; then
    $as_root zypper --non-interactive install chromium
else
    echo "The browser tests need Chromium, and no package manager is known here that has it. Install it and try again." >&2
    exit 1
fi
