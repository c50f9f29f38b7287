"""A bare Debian 12 becomes the appliance by the real script, and stays it whatever is done to it.

The tests run in order, on one container. What a container cannot show: limits on memory and lists
of devices (its control groups are read-only), the filter of addresses, udev, a board's firmware.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.board.machine import CHECKOUT, PATH, Appliance, wait_for

pytestmark = [pytest.mark.board, pytest.mark.timeout(900)]

PROBE = "/opt/soulsync/venv/bin/python /usr/local/lib/probe.py"
BOOT_CONFIG = "dtparam=audio=on\n[cm4]\notg_mode=1\n"
KERNEL_LINE = "console=tty1 root=/dev/mmcblk0p2 rootwait\n"
STAND_IN = """Package: {package}
Version: 1
Architecture: all
Maintainer: SoulSync Edge
Description: stands in for a package of Raspberry Pi OS
"""
BACK_S = 20.0
"""Seconds within which a program that was killed is there again, on a busy machine."""


def estimates(board: Appliance) -> int:
    """Return how many faces were read so far."""
    trace = board.machine.root / "var/lib/soulsync/trace.jsonl"
    return trace.read_text("utf-8").count("EstimateArrived")


def until_estimates_come(board: Appliance) -> None:
    before = estimates(board)
    wait_for(lambda: estimates(board) > before, BACK_S, "new estimates")


def playing(board: Appliance) -> dict[str, Any] | None:
    """Return the track that is really heard."""
    music: dict[str, Any] = board.state()["music"]
    track: dict[str, Any] | None = music["track"] if music["is_playing"] else None
    return track


def until_music_plays(board: Appliance, past_s: float = 0.0) -> dict[str, Any]:
    def track() -> dict[str, Any] | None:
        now = playing(board)
        return now if now and now["position_s"] > past_s else None

    found: dict[str, Any] = wait_for(track, BACK_S, f"music to play past {past_s:.0f} s")
    return found


def kill(board: Appliance, program: str, signal: str) -> int:
    """Send `signal` to the main process of `program`; return its id."""
    pid = board.pid(program)
    board.machine.run(
        "sh", "-c", f"kill -{signal} {pid}"
    )  # the shell's own: a bare Debian has no other
    return pid


def until_back(board: Appliance, program: str, dead: int, deadline_s: float = BACK_S) -> None:
    wait_for(lambda: board.pid(program) not in (0, dead), deadline_s, f"a new {program}")
    wait_for(board.is_up, BACK_S, f"the new {program} to be ready")


@contextmanager
def changed(board: Appliance, unit: str, lines: str) -> Iterator[None]:
    """Run `unit` with `lines` added to it."""
    board.machine.change_unit(unit, lines)
    try:
        yield
    finally:
        board.machine.restore_unit(unit)


def look_around_as(
    board: Appliance, program: str, more: str = "", reads: str = ""
) -> dict[str, Any]:
    """Run the probe in the place of `program`, in its very sandbox; return what it could do."""
    unit = f"soulsync-{program}.service"
    instead = f"""[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart={PROBE} {reads}
StandardOutput=truncate:/run/probe.json
{more}
"""
    board.machine.run("systemctl", "stop", unit)
    with changed(board, unit, instead):
        board.machine.run("systemctl", "start", unit)
    report: dict[str, Any] = json.loads(board.machine.says("cat", "/run/probe.json"))
    board.machine.run("systemctl", "start", unit)
    return report


def test_check_on_a_bare_machine_names_what_is_missing_and_changes_nothing(
    board: Appliance,
) -> None:
    done = board.provision("--check", "--board", "none")

    assert done.returncode == 1
    for missing in ("packages: ", "the user soulsync", "Python packages", "soulsync-eye.service"):
        assert f"missing: {missing}" in done.stdout or missing in done.stdout
    for path in ("opt/soulsync", "etc/systemd/system/soulsync.target", "etc/soulsync/board"):
        assert not (board.machine.root / path).exists()


def test_a_board_nobody_knows_is_refused_with_those_that_are_known(board: Appliance) -> None:
    done = board.provision("--board", "pi3")

    assert done.returncode == 1
    assert "'pi3' is no board known here. Choose one of: none orin-nano pi4 pi5" in done.stdout


def test_an_old_debian_is_refused(board: Appliance) -> None:
    old = 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n'
    board.machine.run("sh", "-c", 'printf %s "$1" >/run/old-release', "sh", old)
    board.machine.run("mount", "--bind", "/run/old-release", "/etc/os-release")

    done = board.provision("--board", "none")

    board.machine.run("umount", "/etc/os-release")
    assert done.returncode == 1
    assert "Debian 12 or Raspberry Pi OS bookworm is the oldest that works" in done.stdout


def test_a_disk_without_room_is_named_before_anything_is_half_done(board: Appliance) -> None:
    board.machine.write("/root/small/df", "#!/bin/sh\necho Avail\necho 900000\n")
    board.machine.run("chmod", "755", "/root/small/df")

    done = board.provision("--board", "none", PATH=f"/root/small:{PATH}")

    assert done.returncode == 1
    assert "there is 900 MB of room at /opt/soulsync" in done.stdout
    assert not list((board.machine.root / "opt/soulsync").iterdir())


def test_the_script_makes_the_appliance_and_says_where_it_is(board: Appliance) -> None:
    done = board.provision("--board", "none")

    assert done.returncode == 0, done.stdout
    assert f"http://soulsync-board.local:{board.port}" in done.stdout
    assert "the camera looks at the room from now on" in done.stdout
    assert "To switch it off: the switch on the page" in done.stdout


def test_the_programs_are_up_and_have_said_so(board: Appliance) -> None:
    assert board.is_up()
    for program in ("core", "eye", "voice"):
        assert board.machine.unit(f"soulsync-{program}", "User") == "soulsync"
        assert board.machine.unit(f"soulsync-{program}", "NRestarts") == "0"


def test_it_sees_plays_and_answers(board: Appliance) -> None:
    until_estimates_come(board)
    until_music_plays(board)

    assert "<!doctype html>" in board.page("/").lower()


def test_a_second_run_changes_nothing(board: Appliance) -> None:
    pids = [board.pid(program) for program in ("core", "eye", "voice")]

    checked = board.provision("--check")
    again = board.provision()

    assert checked.returncode == 0, checked.stdout
    assert "all as it should be" in checked.stdout
    assert again.returncode == 0, again.stdout
    assert again.stdout.startswith("Provisioning (any Debian machine):\n\nThis is the appliance")
    assert [board.pid(program) for program in ("core", "eye", "voice")] == pids


def test_check_sees_what_someone_changed_and_the_next_run_mends_it(board: Appliance) -> None:
    board.machine.run("sh", "-c", "echo Nice=3 >>/etc/systemd/system/soulsync-eye.service")
    board.machine.run("sh", "-c", "printf x >>/opt/soulsync/models/emotion.tflite")

    checked = board.provision("--check")
    mended = board.provision()

    assert checked.returncode == 1
    assert "missing: /etc/systemd/system/soulsync-eye.service" in checked.stdout
    assert "missing: /opt/soulsync/models/emotion.tflite" in checked.stdout
    assert mended.returncode == 0, mended.stdout
    assert board.provision("--check").returncode == 0


def test_packages_that_cannot_be_had_leave_the_appliance_as_it_runs(board: Appliance) -> None:
    lock = board.machine.root / "root/soulsync-edge/requirements/runtime.txt"
    wanted = lock.read_text("utf-8")
    lock.write_text(f"{wanted}soulsync-nowhere==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    eye = board.pid("eye")

    done = board.provision()
    lock.write_text(wanted, "utf-8")

    assert done.returncode == 1
    assert "pip could not install the Python packages" in done.stdout
    assert "What ran before still runs" in done.stdout
    assert board.pid("eye") == eye
    assert board.provision().returncode == 0
    assert board.provision("--check").returncode == 0


def test_the_settings_of_the_owner_stay(board: Appliance) -> None:
    kept = board.machine.says("cat", "/etc/soulsync/soulsync.toml")
    in_force = board.machine.says("cat", "/var/lib/soulsync/soulsync.toml")

    assert f"port = {board.port}" in kept
    assert f"port = {board.port}" in in_force
    assert board.machine.says("stat", "-c", "%U %a", "/var/lib/soulsync/soulsync.toml") == (
        "soulsync 600"
    )


def test_outside_the_sandbox_the_probe_gets_through(board: Appliance) -> None:
    """The probe must be able to find holes, or the tests after this one prove nothing."""
    out = board.machine.says("runuser", "-u", "soulsync", "--", *PROBE.split())
    free = json.loads(out)

    assert free["sockets"]["AF_INET"] == "done"
    assert {"/tmp", "/var/tmp", "/dev/shm", "/var/lib/soulsync"} <= set(free["folders"])  # noqa: S108  # what the probe found
    assert len(free["links"]) > 0
    assert free["calls"]["code"] == "done"


def test_the_eye_can_open_no_socket_and_no_file_for_writing(board: Appliance) -> None:
    eye = look_around_as(board, "eye")

    assert set(eye["sockets"].values()) == {"EAFNOSUPPORT"}
    assert eye["links"] == ["lo"]
    assert eye["folders"] == []
    assert eye["files"] == []
    assert sorted(eye["doors"]) == [
        "/run/soulsync/eye.sock",
        "/run/soulsync/voice.sock",
        "/run/systemd/notify",
    ]
    assert set(eye["calls"].values()) <= {"EPERM", "EACCES"}
    assert eye["core_limit"] == 0
    assert eye["capabilities"] == 0
    assert eye["no_new_privileges"] == "1"
    assert eye["uid"] != 0


def test_the_eye_sees_the_processor(board: Appliance) -> None:
    """Without it XNNPACK, the fast code of the models, stays off and says nothing."""
    eye = look_around_as(board, "eye", reads="/proc/cpuinfo")

    assert eye["reads"] == {"/proc/cpuinfo": "done"}


def test_the_eye_may_use_what_belongs_to_the_group_video(board: Appliance) -> None:
    """In a user namespace of its own a group could get lost on the way."""
    ours, roots = "/usr/local/lib/for-video", "/usr/local/lib/for-root"
    board.machine.run("install", "-m", "640", "-g", "video", "/etc/hostname", ours)
    board.machine.run("install", "-m", "640", "/etc/hostname", roots)

    eye = look_around_as(board, "eye", reads=f"{ours} {roots}")

    assert eye["reads"] == {ours: "done", roots: "EACCES"}


def test_with_pins_the_eye_can_write_to_one_page_of_memory_and_nothing_else(
    board: Appliance,
) -> None:
    pins = (CHECKOUT / "firmware/units/eye-pins.conf").read_text("utf-8")
    board.machine.run("groupadd", "--force", "gpio")

    eye = look_around_as(board, "eye", more=pins)

    assert eye["folders"] == ["/run/soulsync-pins"]
    assert eye["files"] == []


def test_the_voice_has_no_network_and_only_reads(board: Appliance) -> None:
    voice = look_around_as(board, "voice", reads="'/media/soulsync/Tone 1.wav'")

    assert set(voice["sockets"].values()) == {"EAFNOSUPPORT"}
    assert voice["links"] == ["lo"]
    assert voice["folders"] == []
    assert voice["files"] == []
    assert set(voice["reads"].values()) == {"done"}


def test_the_core_writes_only_to_its_own_folders(board: Appliance) -> None:
    core = look_around_as(board, "core")

    assert core["sockets"]["AF_INET"] == "done"
    assert core["sockets"]["AF_PACKET"] == "EAFNOSUPPORT"
    own = {"/run/soulsync", "/var/lib/soulsync", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"}  # noqa: S108  # what the probe found
    assert set(core["folders"]) <= own
    assert [path for path in core["files"] if not path.startswith(tuple(own))] == []
    assert set(core["calls"].values()) <= {"EPERM", "EACCES"}
    wait_for(board.is_up, BACK_S, "all programs to be ready again")


def test_a_killed_eye_comes_back_and_estimates_go_on(board: Appliance) -> None:
    until_estimates_come(board)
    core = board.pid("core")

    until_back(board, "eye", kill(board, "eye", "KILL"))

    until_estimates_come(board)
    until_music_plays(board)
    assert board.pid("core") == core


def test_a_killed_voice_comes_back_and_the_same_track_goes_on(board: Appliance) -> None:
    before = until_music_plays(board, past_s=3.0)
    core = board.pid("core")

    until_back(board, "voice", kill(board, "voice", "KILL"))

    after = until_music_plays(board, past_s=before["position_s"])
    assert after["title"] == before["title"]
    assert after["position_s"] < before["position_s"] + BACK_S
    assert board.pid("core") == core


def test_a_core_that_is_told_to_stop_stops_cleanly_and_is_started_again(board: Appliance) -> None:
    until_back(board, "core", kill(board, "core", "TERM"))

    log = board.machine.says("journalctl", "-b", "-o", "cat", "-u", "soulsync-core")
    assert "Traceback" not in log
    assert "Main process exited" not in log.split("Deactivated")[-1]
    until_estimates_come(board)
    until_music_plays(board)


def test_a_core_that_is_told_to_reload_goes_on(board: Appliance) -> None:
    core = board.pid("core")

    board.machine.run("systemctl", "reload", "soulsync-core")

    until_music_plays(board)
    assert board.pid("core") == core


def test_an_eye_that_hangs_is_killed_by_the_watchdog_and_comes_back(board: Appliance) -> None:
    with changed(board, "soulsync-eye.service", "[Service]\nWatchdogSec=8\n"):
        board.machine.run("systemctl", "restart", "soulsync-eye")
        hung = kill(board, "eye", "STOP")
        until_back(board, "eye", hung, deadline_s=8 + BACK_S)

        log = board.machine.says("journalctl", "-b", "-o", "cat", "-u", "soulsync-eye")
        assert "Watchdog timeout" in log
        assert "status=9/KILL" in log  # and not 6/ABRT, which would dump a picture
    board.machine.run("systemctl", "restart", "soulsync-eye")
    until_estimates_come(board)


def test_a_program_that_only_crashes_rests_and_is_tried_again_for_ever(board: Appliance) -> None:
    machine = board.machine
    unit = "/run/systemd/system/soulsync-broken.service"
    machine.run("sh", "-c", f"printf '[Service]\\nExecStart=false\\n' >{unit}")

    def rests() -> int:
        log = machine.says("journalctl", "-b", "-o", "cat", "-u", "soulsync-broken")
        return log.count("Start request repeated too quickly")

    with (
        changed(board, "retry-soulsync@.timer", "[Timer]\nOnActiveSec=\nOnActiveSec=1\n"),
        changed(board, "soulsync-broken.service", "[Service]\nRestartSec=0.1\n"),
    ):
        machine.run("systemctl", "start", "--no-block", "soulsync-broken")
        wait_for(lambda: rests() >= 2, 60, "a second rest, so a start after the first")
        machine.run("systemctl", "stop", "retry-soulsync@soulsync-broken.timer", "soulsync-broken")
        machine.run("rm", unit)


def test_music_that_is_mounted_while_it_runs_is_found(board: Appliance) -> None:
    """A stick is mounted long after the programs got their own view of the file system."""
    stick = board.machine.root / "srv/stick"
    stick.mkdir(parents=True)
    tone = board.machine.root / "media/soulsync/Tone 1.wav"
    for number in range(5):
        (stick / f"Stick {number}.wav").write_bytes(tone.read_bytes()[:2_000_000])

    board.machine.run("mount", "--bind", "-o", "ro", "/srv/stick", "/media/soulsync")
    wait_for(lambda: board.state()["library"]["tracks"] == 5, BACK_S, "the music of the stick")
    until_music_plays(board)

    board.machine.run("umount", "--lazy", "/media/soulsync")
    wait_for(lambda: board.state()["library"]["tracks"] == 3, BACK_S, "the music of the folder")
    until_music_plays(board)


def test_after_a_reboot_it_sees_plays_and_answers_by_itself(board: Appliance) -> None:
    board.machine.reboot()

    wait_for(board.is_up, 60, "the programs to start by themselves")
    until_estimates_come(board)
    until_music_plays(board)
    assert "<!doctype html>" in board.page("/").lower()
    assert board.provision("--check").returncode == 0


def test_a_raspberry_pi_gets_boot_configuration_pins_and_watchdog(board: Appliance) -> None:
    machine = board.machine
    machine.write("/boot/firmware/config.txt", BOOT_CONFIG)
    machine.write("/boot/firmware/cmdline.txt", KERNEL_LINE)
    for package in ("python3-picamera2", "python3-lgpio"):  # Debian has none
        machine.write(f"/root/{package}/DEBIAN/control", STAND_IN.format(package=package))
        machine.run("dpkg-deb", "--build", f"/root/{package}", f"/root/{package}.deb")
        machine.run("dpkg", "--install", f"/root/{package}.deb")

    made = board.provision("--board", "pi5", "--dac")
    checked = board.provision("--check")
    config = machine.says("cat", "/boot/firmware/config.txt")

    assert made.returncode == 0, made.stdout
    assert "please restart the machine" in made.stdout
    assert checked.returncode == 0, checked.stdout  # it knows board and sound board by itself
    for line in ("[all]", "camera_auto_detect=1", "gpio=12,27=op,dl", "dtoverlay=hifiberry-dac"):
        assert line in config.splitlines()
    assert machine.says("cat", "/boot/firmware/cmdline.txt").endswith(" cgroup_enable=memory")
    assert machine.unit("soulsync-eye", "WorkingDirectory") == "/run/soulsync-pins"
    assert machine.says("cat", "/etc/systemd/system.conf.d/soulsync.conf").count("Watchdog") == 2
    assert "Storage=volatile" in machine.says("cat", "/etc/systemd/journald.conf.d/soulsync.conf")
    until_estimates_come(board)

    assert board.provision("--no-dac").returncode == 0
    assert "hifiberry" not in machine.says("cat", "/boot/firmware/config.txt")


def test_uninstalled_it_leaves_only_what_is_the_owners(board: Appliance) -> None:
    done = board.provision("--uninstall")

    assert done.returncode == 0, done.stdout
    assert not (board.machine.root / "opt/soulsync").exists()
    assert board.machine.says("cat", "/boot/firmware/config.txt") == BOOT_CONFIG.strip()
    assert board.machine.says("cat", "/boot/firmware/cmdline.txt") == KERNEL_LINE.strip()
    find = "find / -xdev -path /root -prune -o -iname '*soulsync*' -print"  # no tmpfs: gone anyway
    left = board.machine.says("sh", "-c", find)
    owners = ("/etc/soulsync", "/var/lib/soulsync", "/media/soulsync", "/var/lib/systemd")
    assert [path for path in left.split() if not path.startswith(owners)] == []
    with pytest.raises(OSError, match="refused"):
        board.page("/")
