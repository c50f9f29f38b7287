"""Check, save, apply, roll back."""

import asyncio

import pytest

from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.fakes import FakeSettingsFile
from soulsync_edge.services.settings_keeper import SettingsKeeper
from soulsync_edge.settings import Settings


class Part:
    """Lives by a section, and refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.lived_by: list[float] = []
        self.refuses: float | None = None

    async def apply(self, settings: Settings) -> None:
        if settings.mood.dwell_s == self.refuses:
            raise Unavailable("this part cannot do that")
        self.lived_by.append(settings.mood.dwell_s)


def test_a_change_is_saved_and_reaches_only_the_parts_it_concerns() -> None:
    file, mood, web = FakeSettingsFile(), Part(), Part()
    keeper = SettingsKeeper(file, Settings())
    keeper.on_change(frozenset({"mood"}), mood.apply)
    keeper.on_change(frozenset({"web"}), web.apply)

    asyncio.run(keeper.change({"mood": {"dwell_s": 4}}))

    assert keeper.settings.mood.dwell_s == file.settings.mood.dwell_s == 4
    assert (mood.lived_by, web.lived_by) == ([4], [])


def test_wrong_values_are_all_told_and_change_nothing() -> None:
    file = FakeSettingsFile()
    keeper = SettingsKeeper(file, Settings())

    with pytest.raises(ConfigError) as told:
        asyncio.run(
            keeper.change({"mood": {"dwell_s": -1, "dwel": 2}, "player": {"output": "horn"}})
        )

    assert len(told.value.problems) == 3
    assert file.settings == keeper.settings == Settings()


def test_a_file_that_cannot_be_saved_changes_nothing() -> None:
    file, part = FakeSettingsFile(), Part()
    file.failing = Unavailable("the disk is full")
    keeper = SettingsKeeper(file, Settings())
    keeper.on_change(frozenset({"mood"}), part.apply)

    with pytest.raises(Unavailable, match="the disk is full"):
        asyncio.run(keeper.change({"mood": {"dwell_s": 4}}))

    assert (keeper.settings, part.lived_by) == (Settings(), [])


def test_when_a_part_refuses_every_part_and_the_file_go_back() -> None:
    file, first, second = FakeSettingsFile(), Part(), Part()
    second.refuses = 4
    keeper = SettingsKeeper(file, Settings())
    keeper.on_change(frozenset({"mood"}), first.apply)
    keeper.on_change(frozenset({"mood"}), second.apply)

    with pytest.raises(Unavailable, match="cannot do that"):
        asyncio.run(keeper.change({"mood": {"dwell_s": 4}}))

    default = Settings().mood.dwell_s
    assert file.settings == keeper.settings == Settings()
    assert first.lived_by == [4, default]


def test_a_changed_file_is_read_again_on_request() -> None:
    file, part = FakeSettingsFile(), Part()
    keeper = SettingsKeeper(file, Settings())
    keeper.on_change(frozenset({"mood"}), part.apply)
    file.settings = Settings.model_validate({"mood": {"dwell_s": 9}})

    asyncio.run(keeper.reload())

    assert (keeper.settings.mood.dwell_s, part.lived_by) == (9, [9])


def test_a_wrong_file_changes_nothing_on_reload() -> None:
    file = FakeSettingsFile()
    keeper = SettingsKeeper(file, Settings())
    file.wrong = ConfigError("soulsync.toml", ("[mood] dwell_s = -1: too small",))

    with pytest.raises(ConfigError):
        asyncio.run(keeper.reload())

    assert keeper.settings == Settings()


def test_a_complaint_about_the_file_ends_when_a_good_one_is_saved_or_read() -> None:
    said: list[str] = []
    keeper = SettingsKeeper(FakeSettingsFile(), Settings(), said.append)

    asyncio.run(keeper.change({"mood": {"dwell_s": 4}}))
    asyncio.run(keeper.reload())

    assert said == ["", ""]


def test_a_complaint_stays_while_nothing_good_is_in_force() -> None:
    file, part, said = FakeSettingsFile(), Part(), list[str]()
    keeper = SettingsKeeper(file, Settings(), said.append)
    keeper.on_change(frozenset({"mood"}), part.apply)
    part.refuses = 4

    with pytest.raises(Unavailable):
        asyncio.run(keeper.change({"mood": {"dwell_s": 4}}))
    file.wrong = ConfigError("soulsync.toml", ("wrong",))
    with pytest.raises(ConfigError):
        asyncio.run(keeper.reload())

    assert said == []
