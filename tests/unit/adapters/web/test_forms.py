import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from soulsync_edge.adapters.web import forms
from soulsync_edge.adapters.web.forms import Kind
from soulsync_edge.errors import ConfigError
from soulsync_edge.settings import Settings
from tests.page_house import StillHouse


def _fields() -> dict[str, forms.Field]:
    groups = forms.groups(forms.entries_of(Settings()), forms.Placed())
    return {field.name: field for group in groups for field in group.fields}


def test_every_setting_has_its_field_with_title_and_text() -> None:
    settings = {
        f"{section}.{key}"
        for section, values in Settings().model_dump().items()
        if isinstance(values, dict)
        for key in values
    }

    fields = _fields()

    assert set(fields) == settings
    assert all(field.title and field.text for field in fields.values())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mqtt.is_on", Kind.SWITCH),
        ("camera.adapter", Kind.CHOICE),
        ("camera.rotation_deg", Kind.CHOICE),
        ("shifting.goal", Kind.CHOICE),
        ("web.port", Kind.NUMBER),
        ("mood.dwell_s", Kind.NUMBER),
        ("library.folder", Kind.TEXT),
        ("web.names", Kind.LINES),
        ("player.quiet_from", Kind.TIME),
        ("player.quiet_to", Kind.TIME),
        ("shifting.schedule", Kind.TIMES),
    ],
)
def test_a_setting_is_entered_as_its_type_asks_for(name: str, kind: Kind) -> None:
    assert _fields()[name].kind is kind


def test_bounds_and_unit_come_from_the_model() -> None:
    width = _fields()["camera.width_px"]

    assert (width.least, width.most, width.unit, width.step) == ("160", "1280", "px", "1")


def _form(entries: dict[str, str]) -> FormData:
    return FormData(list(entries.items()))


def _after(form: FormData) -> forms.Changes:
    before = forms.entries_of(Settings())
    return forms.changes_between(before, {**before, **forms.entries_in(form)})


def test_what_was_not_touched_or_not_sent_is_no_change() -> None:
    assert _after(_form({})) == {}
    assert _after(_form({"camera.rate_hz": "4", "player.output": "auto"})) == {}
    assert _after(_form({"no.such": "1", "camera.nothing": "2", "edition": "x"})) == {}


def test_a_switch_is_off_when_only_its_hidden_field_is_sent() -> None:
    on = FormData([("mqtt.is_on", "off"), ("mqtt.is_on", "on")])

    assert _after(on) == {"mqtt": {"is_on": True}}
    assert _after(_form({"mqtt.is_on": "off"})) == {}
    assert _after(_form({"mqtt.discovery": "off"})) == {"mqtt": {"discovery": False}}


def test_choices_lists_and_times_become_what_the_settings_take() -> None:
    sent = FormData(
        [
            ("camera.rotation_deg", "90"),
            ("web.names", " music.lan \r\n\r\nbox.lan"),
            ("shifting.schedule.time", "07:00"),
            ("shifting.schedule.goal", "lift"),
            ("shifting.schedule.time", ""),
            ("shifting.schedule.goal", "calm"),
        ]
    )

    changes = _after(sent)

    assert changes == {
        "camera": {"rotation_deg": 90},
        "web": {"names": ["music.lan", "box.lan"]},
        "shifting": {"schedule": {"07:00": "lift"}},
    }


MISTAKES = {
    "camera.width_px": "99999",
    "camera.rate_hz": "often",
    "camera.adapter": "kodak",
    "mood.enter_share": "0.2",
    "mqtt.base_topic": "a: b = c'",
    "mqtt.port": "",
    "web.names": "not a name!",
    "player.start_volume_pct": "60.5",
}


def test_every_mistake_lands_at_its_field_in_words() -> None:
    house = StillHouse()
    changes = _after(_form(MISTAKES))
    changes["shifting"] = {"schedule": {"25:00": "calm"}}

    with pytest.raises(ConfigError) as raised:
        asyncio.run(house.desk.change(changes))
    placed = forms.placed(raised.value.problems)

    assert set(placed.at) >= {*MISTAKES, "shifting.schedule"} - {"mood.enter_share"}
    assert placed.elsewhere == ()
    assert placed.at["camera.width_px"].startswith("Should be less than or equal to 1280")
    assert placed.at["camera.rate_hz"].startswith("Should be a valid number")


def test_a_rule_between_two_settings_speaks_of_them_by_title() -> None:
    house = StillHouse()

    with pytest.raises(ConfigError) as raised:
        asyncio.run(house.desk.change({"mood": {"enter_share": 0.2}}))
    placed = forms.placed(raised.value.problems)

    assert placed.at == {"mood.leave_share": "“Leave” (0.28) must be at most “Enter” (0.2)"}


@given(st.text(max_size=80))
def test_any_sentence_has_a_place(problem: str) -> None:
    placed = forms.placed((problem, f"[camera] {problem}", f"[{problem}] x = 1: y"))

    assert len(placed.at) + len(placed.elsewhere) >= 1


@given(st.lists(st.tuples(st.sampled_from([*_fields(), "shifting.schedule.time"]), st.text())))
def test_any_form_can_be_read_and_drawn_again(sent: list[tuple[str, str]]) -> None:
    form = FormData([*sent])
    entries = {**forms.entries_of(Settings()), **forms.entries_in(form)}

    forms.changes_between(forms.entries_of(Settings()), entries)
    assert forms.groups(entries, forms.Placed())
