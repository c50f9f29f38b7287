#!/bin/bash
# Install the Debian packages a purpose needs: scripts/system_packages.sh run|pi|jetson|demo|test|board-tests ...
# Does nothing when all of them are there. Asks for root through sudo, and says why before it does.
# With --missing it only prints those that are not there.
set -euo pipefail

# The one list of system packages, by purpose.
packages_for() {
  case "$1" in
    run)         echo python3-venv libvlc5 libvlc-bin vlc-plugin-base ;;
    pi)          echo python3-picamera2 python3-lgpio alsa-utils ;;
    jetson)      echo python3.11 python3.11-venv alsa-utils ;;
    demo)        echo mosquitto mosquitto-clients pulseaudio pulseaudio-utils ;;
    test)        echo chromium ;;
    board-tests) echo debootstrap systemd-container ;;
    *)           fail "'$1' is not a set of packages: use run, pi, jetson, demo, test or board-tests." ;;
  esac
}

reason_for() {
  case "$1" in
    run)         echo "Python's virtual environments, and libVLC to play music" ;;
    pi)          echo "the ribbon camera, the pins, and the mixer of the sound card" ;;
    jetson)      echo "a newer Python than JetPack's own, and the mixer of the sound card" ;;
    demo)        echo "an MQTT broker, and a sound server whose output the demo can listen to" ;;
    test)        echo "a browser, for the tests of the page" ;;
    board-tests) echo "a Debian container that boots like a board" ;;
  esac
}

say() { printf '%s\n' "$*"; }
fail() { printf 'system packages: %s\n' "$@" >&2; exit 1; }

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints the packages of the sets in "$@" that are not installed.
missing_from() {
  local set name
  for set in "$@"; do
    for name in $(packages_for "$set"); do
      # Where PipeWire is the sound server it speaks PulseAudio's protocol; Debian lets only one of them be installed.
      if [ "$name" = pulseaudio ] && is_installed pipewire-pulse; then continue; fi
      is_installed "$name" || printf '%s ' "$name"
    done
  done
}

# Runs a command up to three times, silently; shows the end of what it said when it fails for good.
persist() {
  local log attempt
  log=$(mktemp)
  for attempt in 1 2 3; do
    if "$@" >"$log" 2>&1 </dev/null; then rm -f "$log"; return 0; fi
    [ "$attempt" = 3 ] || sleep $((attempt * 3))
  done
  tail -n 15 "$log" >&2
  rm -f "$log"
  return 1
}

# Debian starts a broker it has just installed. A laptop should not get a listening service by surprise: the demo and the
# tests start a broker of their own, and on a board provision.sh decides.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then
    install_packages "$@"
    return
  fi
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  cat >"$policy" <<'END'
#!/bin/sh
[ "$1" != mosquitto ] || exit 101
END
  chmod 755 "$policy"
  install_packages "$@"
  rm -f "$policy"
}

install_packages() {
  persist apt-get -qq -o DPkg::Lock::Timeout=300 update ||
    fail "apt-get update failed (see above). Is the network up? Then run this again."
  # --no-remove: rather stop than take something away from a desktop.
  persist apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends --no-remove "$@" ||
    fail "apt-get could not install: $*" \
         "The lines above say why (is the network up?). To see all of it, run as root:" \
         "  apt-get install --no-install-recommends $*"
}

install_as_root() {
  export DEBIAN_FRONTEND=noninteractive
  case " $* " in
    *" mosquitto "*)
      install_without_starting "$@"
      if command -v systemctl >/dev/null; then systemctl -q disable mosquitto.service 2>/dev/null || true; fi
      say "  The mosquitto service is left switched off; 'sudo systemctl enable --now mosquitto' turns it on." ;;
    *) install_packages "$@" ;;
  esac
}

if [ "${1:-}" = --as-root ]; then
  shift
  install_as_root "$@"
  exit 0
fi

only_missing=no
if [ "${1:-}" = --missing ]; then only_missing=yes; shift; fi
[ $# -gt 0 ] || fail "name at least one set: run, pi, jetson, demo, test or board-tests."
for set in "$@"; do packages_for "$set" >/dev/null; done
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  fail "this is not Debian, Raspberry Pi OS or a relative of them: there is no apt-get." \
       "Install what these Debian packages hold, then run 'make setup PACKAGES=no':" \
       "  $(for set in "$@"; do packages_for "$set"; done | tr '\n' ' ')"
fi

read -ra missing <<<"$(missing_from "$@")" || true
if [ $only_missing = yes ]; then
  say "${missing[*]}"
  exit 0
fi
if [ ${#missing[@]} -eq 0 ]; then
  say "System packages: all there."
  exit 0
fi

say "System packages to install with apt-get: ${missing[*]}"
for set in "$@"; do
  [ -z "$(missing_from "$set")" ] || say "  $set: $(reason_for "$set")"
done
if [ "$(id -u)" = 0 ]; then
  install_as_root "${missing[@]}"
elif command -v sudo >/dev/null; then
  say "  This needs root; sudo may ask for your password."
  sudo -- bash "$0" --as-root "${missing[@]}" || fail "nothing was installed, or not all of it (see above)." \
    "As root, run: apt-get install --no-install-recommends ${missing[*]}"
else
  fail "you are not root and there is no sudo here." \
       "As root, run: apt-get install --no-install-recommends ${missing[*]}"
fi
say "System packages: installed."
