#!/bin/bash
# Run every check that needs no running program; all of them, then say which failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH="$PWD/.venv/bin:$PATH"

failed=()
check() {
  local name=$1
  shift
  printf '%s\n' "-- $name"
  "$@" || failed+=("$name")
}

check format ruff format --check
check lint ruff check --quiet
check types mypy
check spelling codespell
check house pytest -q tests/house

if [ ${#failed[@]} -gt 0 ]; then
  echo "check failed: ${failed[*]}" >&2
  exit 1
fi
echo "All checks passed."
