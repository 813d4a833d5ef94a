#!/bin/sh
# Puts a Chromium on this machine for the browser tests, by the system's own package manager. Does nothing where one is.
set -eu

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
