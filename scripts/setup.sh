#!/bin/bash
# Make a fresh clone ready: system packages, .venv from the lock, model files, demo music. Safe and quick to run again.
#
# PYTHON=/usr/bin/python3.13 picks the Python; PACKAGES=no leaves the system packages to you.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
lock=requirements/dev.txt

say() { printf '%s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$@" >&2; exit 1; }

# Runs a command up to three times: a download may fail once.
persist() {
  local attempt
  for attempt in 1 2 3; do
    "$@" </dev/null && return 0
    [ "$attempt" = 3 ] || { say "  That failed; trying again in $((attempt * 5)) s."; sleep $((attempt * 5)); }
  done
  return 1
}

is_suitable() {
  "$1" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14) and sys.maxsize > 2**32))' 2>/dev/null
}

# Prints the first Python that fits: the one asked for, the system's own, then any other on PATH.
find_python() {
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    is_suitable "$PYTHON" || fail "PYTHON=$PYTHON is not a 64-bit Python 3.11, 3.12 or 3.13."
    echo "$PYTHON"
    return
  fi
  for candidate in /usr/bin/python3 python3.13 python3.12 python3.11 python3; do
    if is_suitable "$candidate"; then command -v "$candidate"; return; fi
  done
  fail "SoulSync Edge needs a 64-bit Python 3.11, 3.12 or 3.13; 'python3' here is $(python3 -V 2>&1 || true)." \
       "Debian 12 and Raspberry Pi OS bring one: apt-get install python3 python3-venv" \
       "If yours has another name: make setup PYTHON=/path/to/python3"
}

check_machine() {
  case "$(uname -s) $(uname -m)" in
    "Linux x86_64" | "Linux aarch64") ;;
    *) fail "this is $(uname -s) on $(uname -m); SoulSync Edge runs on 64-bit Linux, x86_64 or aarch64 only." \
            "On a Raspberry Pi 4 or 5, install the 64-bit Raspberry Pi OS." ;;
  esac
  [ "$(getconf LONG_BIT)" = 64 ] ||
    fail "the kernel is 64-bit but the system on it is 32-bit: install the 64-bit Raspberry Pi OS."
}

# What the environment was made from; when it changes, the environment is made again.
fingerprint() {
  { "$1" -VV; cat "$lock"; } | sha256sum | cut -d' ' -f1
}

make_environment() {
  local python=$1 wanted
  wanted=$(fingerprint "$python")
  if [ "$(cat "$venv/.made-from" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    say "Python packages: as the lock says."
    return
  fi
  say "Python packages: installing $(grep -c '==' "$lock") into $venv with $("$python" -V) (a few minutes on a slow line)"
  "$python" -m venv --clear "$venv" || fail "could not make $venv with $python. On Debian: apt-get install python3-venv"
  # --no-deps: the lock is complete, and leaves out on purpose what MediaPipe lists but never loads here.
  persist "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --requirement "$lock" ||
    fail "pip could not install the packages (see above)." \
         "Is the network up, and is there 1 GB of room on the disk? Then run 'make setup' again."
  printf '%s\n' "$wanted" >"$venv/.made-from"
}

install_project() {
  local wanted
  wanted=$(sha256sum pyproject.toml | cut -d' ' -f1)
  [ "$(cat "$venv/.installed-from" 2>/dev/null)" != "$wanted" ] || return 0
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
    --editable . || fail "pip could not install the project itself (see above)."
  printf '%s\n' "$wanted" >"$venv/.installed-from"
}

check_machine
python=$(find_python)
[ "${PACKAGES:-yes}" = no ] || scripts/system_packages.sh run demo test
make_environment "$python"
install_project
"$venv/bin/python" -m scripts.fetch_models || exit 1
"$venv/bin/python" -m scripts.demo_music --out build/demo-music ||
  fail "the demo music could not be made (see above)."
touch "$venv/.set-up"
say "Ready: 'make demo' runs it, 'make test' tests it, 'make' lists the rest."
