#!/bin/bash
# Copy this tree to a board over SSH and provision it there: scripts/provision_host.sh pi@soulsync.local [--board pi5]
set -euo pipefail
cd "$(dirname "$0")/.."

host=${1:-}
if [ -z "$host" ]; then
  echo "provision: which board? For example: make provision HOST=pi@soulsync.local BOARD=pi5" >&2
  exit 1
fi
shift

# What git knows of, as it lies here, changes included; nothing built and no environment travels. Two connections: the
# second keeps the terminal free, for sudo may ask for a password.
git ls-files -z | tar --create --null --files-from - | ssh "$host" 'mkdir -p soulsync-edge && tar -xC soulsync-edge'
ssh -t "$host" "cd soulsync-edge && sudo scripts/provision.sh ${*@Q}"
