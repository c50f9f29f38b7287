#!/bin/bash
# Make the emotion model from its pictures: frame the faces, train, convert, evaluate. scripts/make_model.sh FOLDER [--quick]
#
# Framing and evaluating run in .venv, on the appliance's own libraries; training and converting in .venv-train, whose
# newer protobuf MediaPipe does not bear.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:-}
if [ ! -d "$data" ]; then
  echo "model: '$data' is not a folder. Name the one with the pictures: make model DATA=folder" >&2
  exit 1
fi
shift
work=build/emotion
models=models
judged=()
# A quick run shows that the recipe works; what it makes does not replace the shipped model.
# It begins anew each time: where an earlier one left off there would be nothing left to show.
if [ "${1:-}" = --quick ]; then
  work=build/emotion-quick
  rm -rf "$work"
  models=$work/models
  judged=(--part choose --quick)
fi
mkdir -p "$work" "$models"
[ "$models" = models ] || cp models/manifest.toml models/face_detection_short_range.tflite "$models/"
scripts/setup_train.sh

step() {
  local python=$1/bin/python name=$2
  shift 2
  printf '%s\n' "-- $name"
  "$python" -m "models.recipes.emotion.$name" --data "$data" --work "$work" "$@"
}

step .venv frame
step .venv-train train "$@"
step .venv-train export --models "$models"
printf '%s\n' "-- record"
.venv/bin/python -m models.recipes.emotion.record --data "$data" --models "$models" "${judged[@]}"
echo "The model lies in $models."
[ "$models" != models ] || echo "Its card is of the old one still: make docs"
