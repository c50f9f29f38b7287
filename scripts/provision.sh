#!/bin/bash
# Turn this machine into the appliance. Safe to run again: what is right stays, what changed is renewed.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
umask 022

usage() {
  cat <<'END'
sudo scripts/provision.sh [--check | --uninstall] [--board pi4|pi5|orin-nano|none] [--dac | --no-dac]

  --check      change nothing; say what is missing or different, and exit 1 if anything is
  --uninstall  take everything off again but /etc/soulsync and /var/lib/soulsync (settings and what it remembers)
  --board      which board this is; by default it finds out
  --dac        an I2S sound board of the PCM5102A kind sits on the pins (Raspberry Pi); remembered until --no-dac

SOULSYNC_WHEELS=folder installs the Python packages from a folder of wheels, without a network.
END
}

home=/opt/soulsync
lock=requirements/runtime.txt
programs=(soulsync-core soulsync-eye soulsync-voice)
room_kb=1500000 # the packages take 0.5 GB, and pip needs as much again while it unpacks

doing=apply board='' dac=''
board_title='' board_packages='' board_python='' board_venv='' board_boot='' board_kernel_words='' board_os=''
board_units='' board_note='' # the board's profile, firmware/boards/, sets these
open_points=0 needs_reboot=no needs_restart=no

say() { printf '%s\n' "$@"; }
fail() { printf 'provision: %s\n' "$@" >&2; exit 1; }
has_systemd() { [ -d /run/systemd/system ]; }

# Is $1 to be done? Says so; with --check it only counts.
to_do() {
  if [ $doing = check ]; then
    open_points=$((open_points + 1))
    say "  missing: $1"
    return 1
  fi
  say "  $1"
}

# Keeps file $2 equal to $1, with mode $3, or with --uninstall takes it away. True when $2 is new or different now.
put() {
  local source=$1 target=$2 mode=${3:-644}
  if [ $doing = uninstall ]; then
    if [ -e "$target" ]; then rm -f -- "$target"; say "  removed $target"; fi
    return 1
  fi
  if cmp -s -- "$source" "$target" && [ "$(stat -c %a:%U "$target")" = "$mode:root" ]; then return 1; fi
  to_do "$target" || return 1
  # Beside first, then renamed: whole or not at all, should the power go now.
  { mkdir -p -- "$(dirname "$target")" && install -m "$mode" -o root -g root -- "$source" "$target.new" &&
    mv -- "$target.new" "$target"; } || fail "$target could not be written (see above). Is the disk full or read-only?"
}

# Runs a command up to three times: a download may fail once.
persist() {
  local attempt
  for attempt in 1 2 3; do
    "$@" </dev/null && return 0
    [ "$attempt" = 3 ] || { say "  That failed; trying again in $((attempt * 5)) s."; sleep $((attempt * 5)); }
  done
  return 1
}

read_options() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --check) doing=check ;;
      --uninstall) doing=uninstall ;;
      --board) board=${2:-}; [ -n "$board" ] || fail "--board needs a name: pi4, pi5, orin-nano or none."; shift ;;
      --board=*) board=${1#*=} ;;
      --dac) dac=yes ;;
      --no-dac) dac=no ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; fail "'$1' is not an option." ;;
    esac
    shift
  done
}

check_machine() {
  [ "$(id -u)" = 0 ] || fail "this changes the system, so it must run as root: sudo scripts/provision.sh $*"
  case "$(uname -s) $(uname -m) $(getconf LONG_BIT)" in
    "Linux x86_64 64" | "Linux aarch64 64") ;;
    *) fail "this is $(uname -s) on $(uname -m), $(getconf LONG_BIT)-bit; the models run on 64-bit Linux only." \
            "On a Raspberry Pi 4 or 5, install the 64-bit Raspberry Pi OS." ;;
  esac
  local ID='' ID_LIKE='' VERSION_ID='' PRETTY_NAME=''
  # shellcheck source=/dev/null
  . /etc/os-release
  case "$ID" in
    debian | raspbian) [ "${VERSION_ID%%.*}" -ge 12 ] 2>/dev/null || [ -z "$VERSION_ID" ] ||
      fail "this is $PRETTY_NAME; Debian 12 or Raspberry Pi OS bookworm is the oldest that works. Please upgrade first." ;;
    ubuntu) [ "${VERSION_ID%%.*}" -ge 22 ] ||
      fail "this is $PRETTY_NAME; Ubuntu 22.04 is the oldest that works. Please upgrade first." ;;
    *) [[ " $ID_LIKE " == *" debian "* ]] ||
      fail "this is $PRETTY_NAME; only Debian, Raspberry Pi OS and Ubuntu are known to work here." ;;
  esac
}

# Prints the profile whose model this machine says it is.
find_board() {
  local model profile
  model=$(tr -d '\0' 2>/dev/null </proc/device-tree/model || true)
  if [ -n "$model" ]; then
    for profile in firmware/boards/*.conf; do
      # shellcheck source=/dev/null
      (. "$profile"; [ -n "$board_model" ] && [[ $model == "$board_model"* ]]) && { basename "$profile" .conf; return; }
    done
  fi
  echo none
}

# The choices made before hold unless others are made now.
choose_board() {
  local kept=/etc/soulsync/board
  [ -n "$board" ] || board=$(sed -n 's/^board=//p' "$kept" 2>/dev/null || true)
  [ -n "$board" ] || board=$(find_board)
  [ -n "$dac" ] || dac=$(sed -n 's/^dac=//p' "$kept" 2>/dev/null || true)
  [ -n "$dac" ] || dac=no
  [ -f "firmware/boards/$board.conf" ] ||
    fail "'$board' is no board known here. Choose one of: $(basename -s .conf firmware/boards/*.conf | tr '\n' ' ')"
  # shellcheck source=/dev/null
  . "firmware/boards/$board.conf"
  if [ "$dac" = yes ]; then
    [ -n "$board_boot" ] || fail "--dac is for the pins of a Raspberry Pi; this is set up as $board_title."
    board_boot="$board_boot dac" board_os="$board_os dac"
  fi
}

keep_choices() {
  local wanted
  wanted=$(mktemp)
  printf 'board=%s\ndac=%s\n' "$board" "$dac" >"$wanted"
  put "$wanted" /etc/soulsync/board || true
  rm -f "$wanted"
}

install_packages() {
  local missing
  # shellcheck disable=SC2086  # a list of words
  missing=$(scripts/system_packages.sh --missing $board_packages)
  [ -n "${missing// /}" ] || return 0
  to_do "system packages: $missing" || return 0
  # shellcheck disable=SC2086  # as above
  scripts/system_packages.sh $board_packages || exit 1
}

make_user() {
  put systemd/soulsync.sysusers.conf /usr/lib/sysusers.d/soulsync.conf || true
  if ! id soulsync >/dev/null 2>&1 && to_do "the user soulsync"; then
    systemd-sysusers /usr/lib/sysusers.d/soulsync.conf
  fi
}

stop_programs() {
  if has_systemd && [ -e /etc/systemd/system/soulsync.target ]; then systemctl stop soulsync.target "${programs[@]}"; fi
}

check_room() {
  local free_kb
  mkdir -p "$home"
  free_kb=$(df --output=avail -k "$home" | tail -n 1)
  [ "$free_kb" -ge "$room_kb" ] ||
    fail "there is $((free_kb / 1000)) MB of room at $home; the Python packages need $((room_kb / 1000)) MB while they are" \
         "installed. Make room (apt-get clean, a larger card) and run this again."
}

# What the environment is made from, as a part of its name.
fingerprint() { { "$board_python" -VV; echo "$board_venv"; cat "$lock"; } 2>&1 | sha256sum | cut -c1-12; }

# A new environment is made beside the old one, and takes its place only when it is complete: should the network go
# half-way, the appliance goes on as it is.
make_environment() {
  local venv where=()
  venv=$home/venv-$(fingerprint)
  if [ "$(readlink "$home/venv")" = "${venv##*/}" ] && "$home/venv/bin/python" -c '' 2>/dev/null; then return; fi
  to_do "Python packages: $(grep -c '==' "$lock") into $venv (some minutes)" || return 0
  "$board_python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
    fail "$board_python is $("$board_python" -V 2>&1); SoulSync Edge needs Python 3.11, 3.12 or 3.13."
  check_room
  # shellcheck disable=SC2086  # a list of words
  "$board_python" -m venv --clear $board_venv "$venv" || fail "could not make $venv with $board_python (see above)."
  [ -z "${SOULSYNC_WHEELS:-}" ] || where=(--no-index --find-links "$SOULSYNC_WHEELS")
  # --no-deps: the lock is complete. --ignore-installed: a package of the board's own is no substitute for a pinned one.
  # /var/tmp: where /tmp is in memory, it is too small.
  TMPDIR=/var/tmp persist "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
    --root-user-action ignore --no-deps --ignore-installed --only-binary :all: --require-hashes "${where[@]}" \
    --requirement "$lock" ||
    fail "pip could not install the Python packages (see above)." \
         "Is the network up, and is there room on the disk? What ran before still runs. Run this again when that is mended."
  ln -sfn "${venv##*/}" "$home/venv.new"
  mv -T "$home/venv.new" "$home/venv"
  needs_restart=yes
}

# Takes the environments away that nothing runs in any more.
drop_old_environments() {
  local old
  for old in "$home"/venv-*; do
    if [ "${old##*/}" != "$(readlink "$home/venv")" ] && to_do "$old away"; then rm -rf "$old"; fi
  done
}

install_program() {
  local wanted
  if ! diff -rq -x __pycache__ soulsync_edge "$home/app/soulsync_edge" >/dev/null 2>&1 && to_do "the program in $home/app"; then
    rm -rf "$home/app.new"
    mkdir -p "$home/app.new"
    cp -r soulsync_edge LICENSE "$home/app.new"
    chmod -R u=rwX,go=rX "$home/app.new"
    # Compiled now: the programs cannot write there.
    find "$home/app.new" -name __pycache__ -prune -exec rm -rf {} +
    "$home/venv/bin/python" -m compileall -q -s "$home/app.new" -p "$home/app" "$home/app.new/soulsync_edge"
    rm -rf "$home/app.old"
    [ ! -e "$home/app" ] || mv "$home/app" "$home/app.old"
    mv "$home/app.new" "$home/app"
    rm -rf "$home/app.old"
    needs_restart=yes
  fi
  wanted=$(mktemp)
  echo "$home/app" >"$wanted"
  put "$wanted" "$(echo "$home"/venv/lib/python3*/site-packages)/soulsync.pth" || true
  printf '#!%s/venv/bin/python\nimport sys\nfrom soulsync_edge.cli import main\nsys.exit(main())\n' "$home" >"$wanted"
  put "$wanted" "$home/venv/bin/soulsync" 755 || true
  rm -f "$wanted"
}

# Are the models in folder $1 those the manifest there names, byte for byte?
are_models_right() {
  "$home/venv/bin/python" - "$1" 2>/dev/null <<'END'
import hashlib, pathlib, sys, tomllib
folder = pathlib.Path(sys.argv[1])
for model in tomllib.loads((folder / "manifest.toml").read_text())["models"].values():
    if hashlib.sha256((folder / model["file"]).read_bytes()).hexdigest() != model["sha256"]:
        sys.exit(1)
END
}

install_models() {
  local file
  for file in manifest.toml $(sed -n 's/^file = "\(.*\)"$/\1/p' models/manifest.toml); do
    # What is not kept in git is fetched below.
    if [ -e "models/$file" ] && put "models/$file" "$home/models/$file"; then needs_restart=yes; fi
  done
  if ! are_models_right "$home/models" && to_do "the models in $home/models"; then
    "$home/venv/bin/python" -m scripts.fetch_models --models "$home/models" || exit 1
    chmod 644 "$home"/models/*
    needs_restart=yes
    are_models_right "$home/models" ||
      fail "a model in models/ is not the one models/manifest.toml names. Restore both from git and run this again."
  fi
}

install_settings() {
  if [ ! -e /etc/soulsync/soulsync.toml ] && to_do "/etc/soulsync/soulsync.toml"; then
    install -D -m 644 config/soulsync.example.toml /etc/soulsync/soulsync.toml
  fi
  put systemd/soulsync.tmpfiles.conf /usr/lib/tmpfiles.d/soulsync.conf || true
  if [ $doing = apply ]; then systemd-tmpfiles --create /usr/lib/tmpfiles.d/soulsync.conf; fi
}

install_units() {
  local unit part is_new=no
  for unit in systemd/*.service systemd/*.timer systemd/*.target firmware/usb/*.mount; do
    if put "$unit" "/etc/systemd/system/${unit##*/}"; then is_new=yes; fi
  done
  if put systemd/soulsync-.service.d/common.conf /etc/systemd/system/soulsync-.service.d/common.conf; then is_new=yes; fi
  for part in core-pins eye-pins; do
    local target=/etc/systemd/system/soulsync-${part%%-*}.service.d/${part#*-}.conf
    if [[ " $board_units " == *" $part "* ]]; then
      if put "firmware/units/$part.conf" "$target"; then is_new=yes; fi
    elif [ -e "$target" ] && to_do "$target away: it is not for this board"; then
      rm -f "$target"
      is_new=yes
    fi
  done
  if put firmware/usb/60-soulsync-music.rules /etc/udev/rules.d/60-soulsync-music.rules && has_systemd; then
    udevadm control --reload 2>/dev/null || true # no udev in a container
  fi
  if [ $is_new = yes ]; then
    needs_restart=yes
    if has_systemd; then systemctl daemon-reload; fi
  fi
}

# Where a file of firmware/os/ goes.
os_target() {
  case "$1" in
    coredump) echo /etc/systemd/coredump.conf.d/soulsync.conf ;;
    journald) echo /etc/systemd/journald.conf.d/soulsync.conf ;;
    watchdog) echo /etc/systemd/system.conf.d/soulsync.conf ;;
    sysctl)   echo /etc/sysctl.d/60-soulsync.conf ;;
    dac)      echo /etc/alsa/conf.d/99-soulsync.conf ;;
  esac
}

set_up_system() {
  local part target
  for part in coredump journald watchdog sysctl dac; do
    target=$(os_target $part)
    if [[ " $board_os " != *" $part "* ]]; then
      if [ -e "$target" ] && to_do "$target away: it is not for this board"; then rm -f "$target"; fi
    elif put "firmware/os/$part.conf" "$target"; then
      case $part in
        journald) if has_systemd; then systemctl try-restart systemd-journald.service; fi ;;
        sysctl) sysctl -q -p "$target" 2>/dev/null || needs_reboot=yes ;;
        watchdog | dac) needs_reboot=yes ;;
      esac
    fi
  done
  # Raspberry Pi OS swaps to the card: wear, and memory where it does not belong.
  if [ $doing != uninstall ] && [ "$board" != none ] && systemctl -q is-enabled dphys-swapfile.service 2>/dev/null &&
    to_do "no swapping to the card"; then systemctl disable --now dphys-swapfile.service; fi
}

set_up_boot() {
  local part mode=() folder=/boot/firmware fragments=()
  [ -n "$board_boot$board_kernel_words" ] || return 0
  [ -f $folder/config.txt ] || folder=/boot
  for part in $board_boot; do fragments+=("firmware/boot/$part.txt"); done
  case $doing in check) mode=(--check) ;; uninstall) mode=(--remove) ;; esac
  # shellcheck disable=SC2086  # a list of words
  set -- "parts $folder/config.txt ${fragments[*]}" "words $folder/cmdline.txt $board_kernel_words"
  for part in "$@"; do
    local said code=0
    # shellcheck disable=SC2086  # a list of words, none with a blank in it
    said=$(scripts/boot_config.sh "${mode[@]}" $part) || code=$?
    [ $code -le 1 ] || exit 1
    if [ $code = 1 ]; then part=${part#* }; to_do "${part%% *}" || true; fi
    if [ -n "$said" ]; then say "  $said"; needs_reboot=yes; fi
  done
}

start() {
  if [ "$(systemctl is-enabled soulsync.target 2>/dev/null)" != enabled ] && to_do "a start with the system"; then
    systemctl -q enable soulsync.target
  fi
  has_systemd || return 0
  if [ $doing = apply ]; then
    # The target waits for its programs, and they say when they are ready.
    if [ $needs_restart = yes ]; then systemctl restart soulsync.target; else systemctl start soulsync.target; fi
  fi
  local program
  for program in "${programs[@]}"; do
    if ! systemctl -q is-active "$program" && to_do "$program, running"; then
      fail "$program does not start. What it says: journalctl -u $program -n 30" \
           "Everything is installed; run this again when that is mended."
    fi
  done
}

farewell() {
  local port camera address
  read -r port camera < <("$home/venv/bin/python" - /var/lib/soulsync/soulsync.toml <<'END' || echo "8080 True"
import sys
from pathlib import Path
from soulsync_edge.adapters.settings_toml import TomlSettingsFile
settings, _ = TomlSettingsFile(Path(sys.argv[1])).load_or_fall_back()
print(settings.web.port, settings.privacy.camera_at_first_start)
END
  )
  say "" "This is the appliance now ($board_title). Its page:"
  for address in "$(hostname).local" $(hostname -I 2>/dev/null || true); do
    [[ $address == *:* ]] && address="[$address]"
    say "  http://$address:$port"
  done
  if [ "$camera" = True ]; then
    say "Unless someone switches it off, the camera looks at the room from now on, a few times a second, to tell how faces" \
        "look. No picture is kept, and none leaves the program that looks: it has no network and no disk."
  else
    say "The camera stays closed until someone opens it on the page."
  fi
  say "To switch it off: the switch on the page, or a short press of the button; it stays closed, also after a restart." \
      "Music: a USB stick labelled SOULSYNC, or files in /media/soulsync." \
      "Settings: the page, or /var/lib/soulsync/soulsync.toml and then: sudo systemctl reload soulsync-core"
  [ -z "$board_note" ] || say "$board_note"
  [ $needs_reboot = no ] || say "Some of this holds only after a restart: please restart the machine (sudo reboot)."
}

uninstall() {
  say "Taking SoulSync Edge off this machine:"
  stop_programs
  systemctl -q disable soulsync.target 2>/dev/null || true
  board_units='' board_os=''
  install_units || true
  set_up_system || true
  set_up_boot || true
  put - /usr/lib/tmpfiles.d/soulsync.conf || true
  put - /usr/lib/sysusers.d/soulsync.conf || true
  rm -rf "$home" /run/soulsync
  rmdir /etc/systemd/system/soulsync-*.service.d 2>/dev/null || true
  if has_systemd; then systemctl daemon-reload; fi
  say "Done. Left as they are: /etc/soulsync and /var/lib/soulsync (settings and what it remembers), the user soulsync," \
      "/media/soulsync and the system packages."
  [ $needs_reboot = no ] || say "Some of this holds only after a restart: please restart the machine (sudo reboot)."
}

read_options "$@"
check_machine "$@"
choose_board
exec 9>/run/lock/soulsync-provision
flock -n 9 || fail "another provision.sh is at work on this machine; wait until it is done."

if [ $doing = uninstall ]; then
  uninstall
  exit 0
fi

if [ $doing = check ]; then say "Checking ($board_title):"; else say "Provisioning ($board_title):"; fi
keep_choices
install_packages
make_user
make_environment
install_program
install_models
install_settings
set_up_system
set_up_boot
install_units
start
drop_old_environments

if [ $doing = check ]; then
  [ $open_points = 0 ] || fail "$open_points of the above to do: run scripts/provision.sh without --check."
  say "  all as it should be."
else
  farewell
fi
