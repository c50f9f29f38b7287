#!/bin/bash
# Make .venv-train, where models are trained and converted. Safe and quick to run again.
#
# torch comes as published, which may mean several GB for an accelerator you do not have. To get another build, tell pip
# where to look first, for example PIP_FIND_LINKS=/folder/with/wheels make setup-train.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv-train
list=requirements/train.txt

[ -x .venv/bin/python ] || scripts/setup.sh
wanted=$({ .venv/bin/python -VV; cat "$list"; } | sha256sum | cut -d' ' -f1)
if [ "$(cat "$venv/.made-from" 2>/dev/null)" = "$wanted" ]; then
  echo "$venv: there already."
  exit 0
fi
echo "$venv: installing what $list lists (torch alone takes minutes)"
.venv/bin/python -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$list" || {
  echo "set-up for training: pip could not install the packages (see above). Is the network up? Then run it again." >&2
  exit 1
}
printf '%s\n' "$wanted" >"$venv/.made-from"
echo "$venv: ready. 'make model DATA=folder' trains with it."
