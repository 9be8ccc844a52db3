#!/bin/sh
# Installs the Debian packages that are missing. Usage: make/packages.sh build|test|watch|fuzz
# Says what it does; does nothing, and needs no root, when everything is there.
set -eu

build="gcc make pkg-config libc6-dev libmicrohttpd-dev libjansson-dev libsqlite3-dev
       libseccomp-dev libzstd-dev zlib1g-dev libcairo2-dev libpango1.0-dev fonts-inter
       fonts-droid-fallback brotli ca-certificates"
test="libcmocka-dev clang-format chromium fonts-noto-cjk procps sqlite3"
watch="libcmocka-dev clang-tidy cppcheck valgrind"
fuzz="clang libclang-rt-dev"

wanted=$build
[ "${1:-build}" = test ] && wanted="$build $test"
[ "${1:-build}" = watch ] && wanted="$build $watch"
[ "${1:-build}" = fuzz ] && wanted="$build $test $fuzz"

missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
# Any Node.js from 18 on will do, wherever it came from.
node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null ||
    missing="$missing nodejs"
command -v npm >/dev/null || missing="$missing npm"

[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages, and neither root nor sudo to install them:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing Debian packages:$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
