#!/bin/bash
# Keep our part of a Raspberry Pi's boot configuration as it should be:
#   scripts/boot_config.sh [--check|--remove] parts /boot/firmware/config.txt FRAGMENT...
#   scripts/boot_config.sh [--check|--remove] words /boot/firmware/cmdline.txt WORD...
#
# Fragments go between two marks at the end; words are added to the one line. All else in the file is left alone, and
# the file as it was before the first change is kept beside it. Prints what it changed; --check changes nothing and
# exits 1 where something is to do.
set -euo pipefail

begin='# >>> SoulSync Edge (written by provision.sh; changes in here are lost)'
end='# <<< SoulSync Edge'

say() { printf '%s\n' "$*"; }
fail() { printf 'boot configuration: %s\n' "$@" >&2; exit 2; }

# Prints the file without our part.
without_parts() {
  awk -v begin="$begin" -v end="$end" '$0 == begin { ours = 1 } !ours { print } $0 == end { ours = 0 }' "$1"
}

with_parts() {
  local file=$1
  shift
  without_parts "$file"
  [ $# -gt 0 ] || return 0
  printf '%s\n[all]\n' "$begin" # [all]: the part before may end inside a section for one board
  cat -- "$@"
  printf '%s\n' "$end"
}

# Prints the line with the words, each once, or without them.
with_words() {
  local file=$1 line word
  shift
  line=" $(head -n 1 "$file") "
  for word in "$@"; do
    if [ "$doing" = remove ]; then line=${line// $word / }
    elif [[ $line != *" $word "* ]]; then line="$line$word "; fi
  done
  line=${line# }
  printf '%s\n' "${line% }"
}

doing=apply
case "${1:-}" in --check) doing=check; shift ;; --remove) doing=remove; shift ;; esac
kind=${1:-} file=${2:-}
shift 2 || fail "name what and where: scripts/boot_config.sh parts|words FILE ..."
[ -f "$file" ] || fail "$file is not there. Is the boot partition mounted?"
[ "$(grep -cFx -- "$begin" "$file")" = "$(grep -cFx -- "$end" "$file")" ] ||
  fail "in $file one of the marks around our part is gone. Take the lines below '$begin' out by hand."

wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
case "$kind" in
  parts) if [ "$doing" = remove ]; then with_parts "$file"; else with_parts "$file" "$@"; fi >"$wanted" ;;
  words) with_words "$file" "$@" >"$wanted" ;;
  *) fail "'$kind' is neither parts nor words." ;;
esac

# A last line without its end is the same line.
if [ "$(cat "$file")" = "$(cat "$wanted")" ]; then exit 0; fi
if [ "$doing" = check ]; then exit 1; fi

[ "$doing" = remove ] || [ -e "$file.before-soulsync" ] || cp -- "$file" "$file.before-soulsync"
# Beside first, then renamed: a power cut leaves the old file or the new one.
cp -- "$wanted" "$file.soulsync-new"
sync -- "$file.soulsync-new"
mv -- "$file.soulsync-new" "$file"
sync -- "$file"
if [ "$doing" = remove ] && [ "$(cat "$file")" = "$(cat "$file.before-soulsync" 2>/dev/null)" ]; then
  rm -- "$file.before-soulsync"
fi
say "$file"
