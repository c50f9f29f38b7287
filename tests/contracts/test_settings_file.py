"""What every `SettingsFile` does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from soulsync_edge.adapters.settings_toml import TomlSettingsFile
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.fakes import FakeSettingsFile
from soulsync_edge.ports import SettingsFile
from soulsync_edge.settings import Settings

SLOW = Settings.model_validate({"mood": {"dwell_s": 9.0}, "web": {"port": 9000}})


@dataclass
class Subject:
    """A settings file, and what can go wrong with it."""

    file: SettingsFile
    spoil: Callable[[], object]
    fill_disk: Callable[[], object]


def _fake() -> Subject:
    file = FakeSettingsFile()

    def spoil() -> None:
        file.wrong = ConfigError("soulsync.toml", ("[mood] dwell_s = -1: too small",))

    def fill_disk() -> None:
        file.failing = Unavailable("the settings could not be saved: the disk is full")

    return Subject(file, spoil, fill_disk)


def _toml(folder: Path) -> Subject:
    path = folder / "soulsync.toml"
    # A folder where the new file should go: fails for root too, unlike permissions.
    in_the_way = folder / "soulsync.toml.new"
    return Subject(
        TomlSettingsFile(path),
        spoil=lambda: path.write_text("[mood]\ndwell_s = -1\n"),
        fill_disk=in_the_way.mkdir,
    )


@pytest.fixture(params=["fake", "toml"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    return _fake() if request.param == "fake" else _toml(tmp_path)


def test_before_the_first_save_the_defaults_hold(subject: Subject) -> None:
    assert subject.file.load() == Settings()


def test_what_is_saved_is_loaded(subject: Subject) -> None:
    subject.file.save(SLOW)
    assert subject.file.load() == SLOW

    subject.file.save(Settings())
    assert subject.file.load() == Settings()


def test_a_wrong_file_names_its_mistakes(subject: Subject) -> None:
    subject.file.save(SLOW)
    subject.spoil()

    with pytest.raises(ConfigError) as told:
        subject.file.load()

    assert len(told.value.problems) == 1
    assert "[mood] dwell_s = -1" in told.value.problems[0]


def test_saving_mends_a_wrong_file(subject: Subject) -> None:
    subject.spoil()

    subject.file.save(SLOW)

    assert subject.file.load() == SLOW


def test_what_cannot_be_saved_leaves_the_old_settings(subject: Subject) -> None:
    subject.file.save(SLOW)
    subject.fill_disk()

    with pytest.raises(Unavailable, match="could not be saved"):
        subject.file.save(Settings())

    assert subject.file.load() == SLOW
