"""What the settings take, and what they say of what they do not take."""

from typing import Any

import pytest
from pydantic import BaseModel

from soulsync_edge.domain.loudness import QuietHours
from soulsync_edge.domain.mood import LONGEST_GAP_S
from soulsync_edge.domain.session import Rules
from soulsync_edge.errors import ConfigError
from soulsync_edge.settings import (
    CameraSettings,
    PlayerSettings,
    Settings,
    ShiftingSettings,
    WebSettings,
)
from soulsync_edge.settings_problems import settings_from

TEXTS = [
    (section, key)
    for section, model in Settings.model_fields.items()
    if isinstance(model.annotation, type) and issubclass(model.annotation, BaseModel)
    for key, field in model.annotation.model_fields.items()
    if field.annotation is str
]


def _problem(section: str, key: str, value: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        settings_from({section: {key: value}}, "the page")
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize(("section", "key"), TEXTS)
@pytest.mark.parametrize("control", ["\0", "\n", "\x1b", "\x7f", "\x85"])
def test_no_text_takes_control_characters(section: str, key: str, control: str) -> None:
    assert f"[{section}] {key} = " in _problem(section, key, f"a{control}b")


def test_a_control_character_is_told_with_key_value_and_rule() -> None:
    problem = _problem("player", "device", "a\0b")

    assert problem.startswith(
        r"[player] device = 'a\x00b': must not hold control characters (Sound device"
    )


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "fe80::1%eth0", "192.168.1.20", "localhost", "box-2.lan", "a" * 63],  # noqa: S104  # a setting, nothing is bound
)  # fmt: skip
def test_addresses_and_host_names_can_be_listened_at(host: str) -> None:
    assert WebSettings(host=host).host == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "192.168.1..5",
        "256.1.1.1",
        "a" * 64,
        "a." * 130 + "a",
        "no such",
        "-a",
        "a-",
        "a\n",
        "\u017f",
    ],
)
def test_what_is_no_address_and_no_name_is_told(host: str) -> None:
    problem = _problem("web", "host", host)

    assert ": must be an address such as 192.168.1.20, or a host name (Address" in problem


def test_the_slowest_eye_leaves_no_gaps_in_the_mood() -> None:
    slowest = CameraSettings(rate_hz=1.0)

    assert 1 / slowest.rate_hz <= LONGEST_GAP_S
    assert "greater than or equal to 1 " in _problem("camera", "rate_hz", 0.99)


def test_a_cooldown_is_a_day_at_most() -> None:
    Settings.model_validate({"shifting": {"cooldown_min": 1440}})

    assert "less than or equal to 1440" in _problem("shifting", "cooldown_min", 1441)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("shifting", "mode"),
        ("shifting", "goal"),
        ("player", "start_volume_pct"),
        ("privacy", "camera_at_first_start"),
    ],
)
def test_what_counts_at_the_first_start_alone_is_called_so(section: str, key: str) -> None:
    field = type(getattr(Settings(), section)).model_fields[key]

    assert "at first start" in str(field.title)
    assert "later the" in str(field.description)


@pytest.mark.parametrize("key", ["quiet_from", "quiet_to"])
@pytest.mark.parametrize(
    "time", ["24:00", "7:00", "22:60", "22.00", "at ten", "22:00 ", "\u0662:00"]
)
def test_what_is_no_time_of_day_is_told(key: str, time: str) -> None:
    problem = _problem("player", key, time)

    assert f"[player] {key} = " in problem
    assert ": must be a time of day such as 22:00" in problem


def test_quiet_hours_reach_the_rules_and_none_are_the_default() -> None:
    quiet = PlayerSettings(quiet_from="22:05", quiet_to="06:30", quiet_volume_pct=15)

    assert Settings().rules("1").quiet is None
    assert Settings(player=quiet).rules("1").quiet == QuietHours(22 * 60 + 5, 6 * 60 + 30, 15)


def test_loudness_fades_and_learning_reach_the_rules() -> None:
    settings = Settings(
        player=PlayerSettings(crossfade_s=7, target_lufs=-20),
        shifting=ShiftingSettings(learns=False, exploration=0.25),
    )

    rules = settings.rules("1")

    assert (rules.crossfade_s, rules.target_lufs) == (7, -20)
    assert (rules.learns, rules.exploration) == (False, 0.25)


@pytest.mark.parametrize(
    ("section", "key", "values"),
    [
        ("player", "crossfade_s", (-1, 12.5)),
        ("player", "target_lufs", (-31, -9)),
        ("player", "safe_volume_pct", (-1, 101)),
        ("player", "quiet_volume_pct", (-1, 101)),
        ("shifting", "exploration", (-0.1, 1.1)),
    ],
)
def test_numbers_out_of_their_range_are_refused(
    section: str, key: str, values: tuple[float, float]
) -> None:
    low, high = values

    assert "greater than or equal to" in _problem(section, key, low)
    assert "less than or equal to" in _problem(section, key, high)


def test_defaults_of_settings_and_rules_agree_where_nothing_else_is_meant() -> None:
    rules = Settings().rules("0")

    for name in ("crossfade_s", "target_lufs", "quiet", "learns", "exploration"):
        assert getattr(rules, name) == getattr(Rules(), name)


def test_a_file_that_still_says_how_long_a_shift_takes_is_taken() -> None:
    settings = settings_from({"shifting": {"ramp_min": 20.0, "variety": 0.5}}, "old.toml")

    assert settings.shifting.variety == 0.5
    assert "ramp_min" not in settings.shifting.model_dump()
