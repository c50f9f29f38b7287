"""The settings file on a real disk."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.cli import main
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.settings import Settings

FIVE_MISTAKES = """
[mood]
dwel_s = 3
enter_share = 7
[camera]
rate_hz = "fast"
[shifting]
goal = "clam"
[musik]
folder = "/x"
"""


def test_five_mistakes_are_told_at_once_with_key_value_rule_and_nearest_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text(FIVE_MISTAKES)

    status = main(["check", "--config", str(path)])

    said = capsys.readouterr().err
    assert status == 78
    assert len(said.strip().splitlines()) == 5
    assert "[mood] dwel_s = 3 is not a setting (did you mean dwell_s?)" in said
    assert "[mood] enter_share = 7: should be less than or equal to 0.95" in said
    assert "[camera] rate_hz = 'fast': should be a valid number" in said
    assert "[shifting] goal = 'clam': should be 'calm', 'focus'" in said
    assert "musik" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("folder", ["", "music", "~/music"])
def test_a_library_folder_that_is_no_whole_path_is_refused(tmp_path: Path, folder: str) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text(f'[library]\nfolder = "{folder}"\n')

    with pytest.raises(ConfigError, match="should be a whole path"):
        TomlSettingsFile(path).load()


def test_a_right_file_is_said_to_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text("[mood]\ndwell_s = 3\n")

    assert main(["check", "--config", str(path)]) == 0
    assert "all settings are right" in capsys.readouterr().out


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert TomlSettingsFile(tmp_path / "none.toml").load() == Settings()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"[mood\n", "is not TOML"), (b"\xff\xfe", "is not text in UTF-8")],
)
def test_what_is_no_toml_is_refused_in_words(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=complaint):
        TomlSettingsFile(path).load()


def test_saving_keeps_the_comments_and_touches_only_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text("# mine\n[mood]\ndwell_s = 3.0  # slow room\n")
    file = TomlSettingsFile(path)

    file.save(Settings.model_validate({"mood": {"dwell_s": 3.0}, "web": {"port": 9000}}))

    text = path.read_text()
    assert "# mine\n" in text
    assert "dwell_s = 3.0  # slow room" in text
    assert file.load().web.port == 9000


@pytest.mark.parametrize(
    ("text", "host", "may_look"),
    [
        ('[mood]\ndwell_s = 4.0\ndwel = 1\n[web]\nhost = "10.0.0.7"\n', "10.0.0.7", True),
        ('[mood]\ndwell_s = 4.0\n[web]\nhost = "so wrong"\n', "127.0.0.1", True),
        ('[mood]\ndwell_s = 4.0\n[web]\nhost = "10.0.0.7"\nport = "x"\n', "10.0.0.7", True),
        ("[mood]\ndwell_s = 4.0\n[privacy]\ncamera_at_first_start = 7\n", "0.0.0.0", False),  # noqa: S104  # the default
        ("web = 3\nprivacy = 4\n[mood]\ndwell_s = 4.0\n", "127.0.0.1", False),
    ],
)
def test_of_a_file_with_mistakes_the_rest_holds_and_nothing_is_opened_by_them(
    tmp_path: Path,
    text: str,
    host: str,
    may_look: bool,  # noqa: FBT001  # the expected answer
) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text(text)

    settings, complaint = TomlSettingsFile(path).load_or_fall_back()

    assert settings.mood.dwell_s == 4.0
    assert settings.web.host == host
    assert settings.privacy.camera_at_first_start is may_look
    assert "The other settings in the file hold." in complaint


def test_the_file_before_is_kept_and_used_when_the_new_one_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "soulsync.toml"
    file = TomlSettingsFile(path)
    first = Settings.model_validate({"mood": {"dwell_s": 5.0}})
    file.save(first)
    file.save(Settings.model_validate({"mood": {"dwell_s": 6.0}}))
    path.write_text("dwell = [")

    settings, complaint = file.load_or_fall_back()

    assert settings == first
    assert "Using the settings saved before" in complaint


def test_with_nothing_to_fall_back_to_the_defaults_hold_and_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "soulsync.toml"
    path.write_text("dwell = [")

    settings, complaint = TomlSettingsFile(path).load_or_fall_back()

    assert settings.mood == Settings().mood
    assert not settings.privacy.camera_at_first_start
    assert "Using the defaults, the camera closed" in complaint


def test_a_folder_that_cannot_be_written_is_said_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "soulsync.toml"
    file = TomlSettingsFile(path)
    file.save(Settings())
    # A folder where the new file should go: fails for root too, unlike permissions.
    (tmp_path / "soulsync.toml.new").mkdir()

    with pytest.raises(Unavailable, match="could not be saved"):
        file.save(Settings.model_validate({"mood": {"dwell_s": 9.0}}))

    assert file.load() == Settings()


def test_a_kill_at_any_moment_of_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "soulsync.toml"
    saver = textwrap.dedent("""
        import sys, itertools
        from pathlib import Path
        from soulsync_edge.adapters.settings_toml import TomlSettingsFile
        from soulsync_edge.settings import Settings
        file = TomlSettingsFile(Path(sys.argv[1]))
        for number in itertools.count():
            value = float(number % 60)
            file.save(Settings.model_validate({"mood": {"dwell_s": value}}))
            print(value, flush=True)
    """)
    for saves in (1, 2, 3, 5, 8):
        with subprocess.Popen(
            [sys.executable, "-c", saver, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            acknowledged = [float(process.stdout.readline()) for _ in range(saves)]
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += [float(line) for line in process.stdout]

        saved = TomlSettingsFile(path).load().mood.dwell_s
        # The save after the last acknowledged one may have got through, nothing else.
        assert saved in {acknowledged[-1], (acknowledged[-1] + 1) % 60}
