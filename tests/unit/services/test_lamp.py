"""The light, opened late or failing for a while."""

from dataclasses import replace

from soulsync_edge.domain.session import Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeLight
from soulsync_edge.services.lamp import PLAYING, Lamp

PLAYING_SESSION = Session(is_silent_for="", now_s=10.0)


def test_a_light_opened_while_music_plays_is_lit_at_the_next_event() -> None:
    light = FakeLight()

    Lamp(light).show(PLAYING_SESSION, replace(PLAYING_SESSION, now_s=12.0))

    assert light.level == PLAYING


def test_a_light_that_failed_is_tried_again_at_the_same_level() -> None:
    light = FakeLight()
    light.failing = Unavailable("pin 18 is taken")
    lamp = Lamp(light)
    lamp.show(Session(), PLAYING_SESSION)

    light.failing = None
    lamp.show(PLAYING_SESSION, PLAYING_SESSION)

    assert light.level == PLAYING
