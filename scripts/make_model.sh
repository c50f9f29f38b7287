#!/bin/bash
# Make the emotion model from its pictures: scripts/make_model.sh FOLDER [--quick] [--seed N] [--bfloat16]
#
# Frames the faces, trains a teacher, trains the student that learns from it, converts the student and measures it. The
# same command goes on where it was stopped: training after its last full epoch, the other steps from their beginning.
#
# Framing and measuring run in .venv, on the appliance's own libraries; training and converting in .venv-train, whose
# newer protobuf MediaPipe does not bear.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:-}
wrong=
if [ -z "$data" ]; then
  wrong="DATA is not given."
elif [ ! -d "$data" ]; then
  wrong="DATA=$data is not a folder."
elif [ ! -f "$data/fer2013_ferplus.npz" ]; then
  wrong="DATA=$data holds no fer2013_ferplus.npz."
fi
if [ -n "$wrong" ]; then
  printf '%s\n' \
    "model: $wrong DATA names the folder with the pictures to learn from: fer2013_ferplus.npz, and" \
    "muxspace_train.npz if wanted. They are not in this project: models/emotion.md says, under Making it again," \
    "where their owners keep them and how to make these files. Then, for example:" \
    "  make model DATA=../fer" >&2
  exit 1
fi
shift
work=build/emotion
models=models
seed=1
options=()
judged=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick)
      # It shows that the recipe works; what it makes does not replace the shipped model.
      work=build/emotion-quick
      models=$work/models
      options+=(--quick)
      judged=(--part choose --quick)
      ;;
    --seed)
      seed=${2:-}
      shift $(($# > 1))
      ;;
    --bfloat16) options+=(--bfloat16) ;;
    *)
      echo "model: '$1' is not known here. There are --quick, --seed N and --bfloat16." >&2
      exit 1
      ;;
  esac
  shift
done
if [[ ! $seed =~ ^(0|[1-9][0-9]{0,8})$ ]]; then
  echo "model: the seed '$seed' is not a whole number from 0 to 999999999." >&2
  exit 1
fi

# Says in one word what the files hold; one that is missing counts as such.
digest() {
  { printf '%s\n' "$@"; sha256sum -- "$@" 2>&1 || true; } | sha256sum | cut -d' ' -f1
}

# Runs a command, unless it ended well before and the files it reads and writes are as it left them:
# once NAME FILE... -- COMMAND
once() {
  local name=$1 files=()
  shift
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  shift
  local stamp=$work/$name.done
  if [ "$(cat "$stamp" 2>/dev/null)" = "$* $(digest "${files[@]}")" ]; then
    printf '%s\n' "-- $name: done already"
    return
  fi
  printf '%s\n' "-- $name"
  doing=$name
  rm -f "$stamp"
  "$@"
  printf '%s\n' "$* $(digest "${files[@]}")" >"$stamp"
}

# Is the file the one its manifest entry names? The entry cannot count as a file that `once` watches: the manifest
# changes with every other model as well.
entry_fits() {
  [ -f "$models/emotion.tflite" ] &&
    sed -n '/^\[models\.emotion\]/,/^\[/s/^sha256 = "\(.*\)"$/\1/p' "$models/manifest.toml" |
    grep -qx "$(sha256sum <"$models/emotion.tflite" | cut -d' ' -f1)"
}

told() {
  local status=$?
  [ $status = 0 ] || [ -z "${doing:-}" ] ||
    echo "model: stopped at '$doing'. The same command goes on from there." >&2
}
trap told EXIT

recipe() {
  local python=$1/bin/python name=$2
  shift 2
  "$python" -m "models.recipes.emotion.$name" --data "$data" "$@"
}

# A quick run of other pictures, options or code begins anew, rather than refuse what the last one left.
if [ "$models" != models ]; then
  mapfile -t code < <(find models/recipes/emotion soulsync_edge -name '*.py' | sort)
  begun_with="$seed ${options[*]} $(digest "$data"/*.npz "${code[@]}" models/manifest.toml requirements/train.txt)"
  [ "$(cat "$work/begun_with" 2>/dev/null)" = "$begun_with" ] || rm -rf "$work"
  mkdir -p "$models"
  printf '%s\n' "$begun_with" >"$work/begun_with"
  [ -e "$models/manifest.toml" ] || cp models/manifest.toml "$models/"
  cp models/face_detection_short_range.tflite "$models/"
fi
scripts/setup_train.sh

teacher=$work/teacher student=$work/student
mkdir -p "$teacher" "$student"
for folder in "$teacher" "$student"; do
  ln -sfn ../faces.npz "$folder/faces.npz"
done

once frame "$data"/*.npz models/face_detection_short_range.tflite "$work/faces.npz" -- \
  recipe .venv frame --work "$work"
once teacher "$data"/*.npz "$work/faces.npz" "$teacher/emotion.pt" -- \
  recipe .venv-train train --work "$teacher" --seed "$seed" "${options[@]}"
once student "$data"/*.npz "$work/faces.npz" "$teacher/emotion.pt" "$student/emotion.pt" -- \
  recipe .venv-train train --work "$student" --teacher "$teacher" --seed $((seed + 1)) "${options[@]}"
entry_fits || rm -f "$work/export.done"
once export "$data"/*.npz "$student/emotion.pt" "$models"/{emotion.tflite,emotion_export.json} -- \
  recipe .venv-train export --work "$student" --models "$models"
once record "$data"/*.npz "$models"/{emotion.tflite,emotion.json} -- \
  recipe .venv record --models "$models" "${judged[@]}"

if [ "$models" = models ]; then
  echo "The model, its manifest entry and its figures lie in $models, what it was trained with in $work (to train anew," \
    "'make clean-training' first). Next: 'make docs' writes its card from the figures, then 'make test'."
else
  echo "The model lies in $models, what it was trained with in $work. The shipped one was left alone. Next: 'make model" \
    "DATA=$data' makes one to use, in hours."
fi
