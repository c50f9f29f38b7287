#!/bin/bash
# Make the hash-pinned lock files in requirements/ again from pyproject.toml. UPGRADE=1 also takes newer versions.
#
# One file serves Python 3.11 to 3.13 and both architectures. The files hold names, versions and hashes, no address.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A person's own mirrors and wheel folders must not leak into the lock: the hashes are those of the public files.
while read -r name; do unset "$name"; done < <(compgen -e | grep -E '^(PIP|UV)_.*(INDEX|FIND_LINKS)' || true)

python=${PYTHON:-.venv/bin/python}
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'uv==0.13.9'

# Writes requirements/NAME.txt with the extras that follow.
lock() {
  local name=$1
  shift
  UV_CUSTOM_COMPILE_COMMAND='make lock' \
    "$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    ${UPGRADE:+--upgrade} "$@" --output-file "requirements/$name.txt" pyproject.toml >/dev/null
  echo "requirements/$name.txt: $(grep -c '==' "requirements/$name.txt") packages"
}

# `runtime` starts from the pins of `dev`, so that both name the same versions. The `train` extra is not locked: torch
# comes in one build per kind of accelerator, so a person picks theirs, and nothing it installs runs on the appliance.
lock dev --extra pi --extra dev
cp requirements/dev.txt requirements/runtime.txt
UPGRADE='' lock runtime --extra pi
