from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.adapters.web.view import PartState, health_shown, shown
from soulsync_edge.adapters.web.words import WHAT_HELPS
from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.domain.events import Obstacle, Part
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.loudness import QuietHours
from soulsync_edge.domain.portrait import MOST_TRIED
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Ducking, Health, NowPlaying, Rules, Session
from soulsync_edge.domain.shifting import Approach, Goal, Mode, Shift
from soulsync_edge.domain.step import step
from soulsync_edge.domain.taste import Regard, Taste
from soulsync_edge.domain.track import Track, catalogue_of
from soulsync_edge.domain.trial import Outcome, Trial
from soulsync_edge.settings import CONNECTING, SWITCHED_OFF
from tests.page_house import StillHouse, some_music

CONTEXT = Context(catalogue=some_music())

times = st.floats(0, 1000)
texts = st.text(st.characters(codec=None), max_size=20)  # any code point, halves included
happenings = st.one_of(
    st.builds(
        ev.EstimateArrived,
        times,
        st.sampled_from(
            [tuple(float(other is emotion) for other in EMOTIONS) for emotion in EMOTIONS]
        ),
        st.floats(0, 1),
        st.integers(1, 5),
    ),
    st.builds(ev.NobodySeen, times),
    st.builds(ev.FaceObscured, times, st.sampled_from(ev.Obstacle)),
    st.builds(ev.PartReported, times, st.sampled_from(Part), st.booleans(), texts),
    st.builds(ev.Tick, times, st.integers(0, 1439)),
    st.builds(ev.TrackStarted, times, st.just(f"{1:020x}")),
    st.builds(ev.VoiceFound, times),
    st.builds(ev.VoiceLost, times),
    st.builds(ev.EyeFound, times),
    st.builds(ev.EyeLost, times),
    st.builds(ev.CameraSwitched, times, st.booleans()),
    st.builds(ev.MusicSwitched, times, st.booleans()),
    st.builds(ev.GoalChosen, times, st.sampled_from(Goal)),
    st.builds(ev.ModeChosen, times, st.sampled_from(Mode)),
    st.builds(ev.TrackJudged, times, st.just(f"{1:020x}"), st.sampled_from(ev.Opinion)),
    st.builds(ev.ReplayRequested, times),
    st.builds(ev.SleepChosen, times, st.integers(0, 240)),
    st.builds(ev.DuckingChanged, times, texts, st.booleans()),
    st.builds(
        ev.ScanMoved,
        times,
        st.none()
        | st.builds(
            ScanProgress,
            st.integers(0, 10**6),
            st.none() | st.integers(0, 10**6),
            st.floats(0, 1e6),
            st.none() | st.floats(0, 1e6),
        ),
    ),
)


@given(st.lists(happenings, max_size=30), texts, texts)
def test_any_state_can_be_drawn_on_every_page(
    events: list[ev.Event], title: str, reason: str
) -> None:
    house = StillHouse()
    tracks = [replace(track, title=title, artist=reason) for track in CONTEXT.catalogue.tracks]
    context = Context(catalogue=catalogue_of(tracks, CONTEXT.catalogue.skipped, notice=reason))
    session = Session()
    for event in events:
        session, _ = step(session, event, context)
    house.session, house.context = session, context

    browser = house.browser()

    assert shown(session, context).model_dump_json()
    pages = ("/", "/library", "/privacy", "/health", "/api/state", "/api/health", "/taste.json")
    for page in (*pages, f"/track/{1:020x}", "/library?only=never"):
        assert browser.get(page).status_code == 200


def _playing(title: str) -> tuple[Session, Context]:
    track = Track(
        "t", "/m/t.flac", title, "", "", 61.0, Affect(0.5, 0.5), Spread(0.2, 0.2), "its mood tag"
    )
    playing = NowPlaying("t", "the room looks sad: near dark", Affect(0, 0), 0.0, is_heard=True)
    session = Session(playing=playing, is_silent_for="", has_voice=True)
    return session, Context(catalogue=catalogue_of([track]))


def test_what_plays_is_shown_with_its_reason() -> None:
    music = shown(*_playing("Kites")).music

    assert music.line == "Playing"
    assert music.track is not None
    assert (music.track.title, music.track.why) == ("Kites", "The room looks sad: near dark")
    assert music.track.place.feel == "lively and bright"


def test_what_was_said_of_the_track_that_plays_is_shown() -> None:
    session, context = _playing("Kites")
    said = Taste((Regard("t", is_liked=True, valence=-0.4),))

    track = shown(replace(session, taste=said), context).music.track

    assert track is not None
    assert track.is_liked
    assert track.place.feel == "lively and dark"


def test_a_name_that_is_not_text_can_be_sent() -> None:
    music = shown(*_playing("K\udce4se\x07")).music

    assert music.track is not None
    assert music.track.title == "K\ufffdse\ufffd"


def test_silence_has_a_reason() -> None:
    session, context = _playing("Kites")

    assert shown(replace(session, is_silent_for="nobody is here"), context).music.line == (
        "Paused: nobody is here"
    )
    assert shown(Session(), Context()).music.line == "Silent: starting"


def test_a_reason_that_stands_below_as_notice_is_not_said_twice() -> None:
    context = Context(catalogue=catalogue_of((), notice="the stick is not plugged in"))
    state = shown(Session(is_silent_for="the stick is not plugged in"), context)

    assert state.music.line == "Silent"
    assert state.library.notice == "The stick is not plugged in"


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (None, None),
        (ListeningProgress(120, 2000, 14 * 60), "Listened to 120 of 2,000 pieces, 14 min left"),
        (ListeningProgress(0, 1, None), "Listened to 0 of 1 piece"),
        (ListeningProgress(9, 10, 3.0), "Listened to 9 of 10 pieces, less than a minute left"),
        (ListeningProgress(1, 20_000, 5 * 3600), "Listened to 1 of 20,000 pieces, 5 h left"),
        (ListeningProgress(10, 10, None), None),
    ],
)
def test_how_far_listening_has_got_is_told_until_it_is_done(
    progress: ListeningProgress | None, words: str | None
) -> None:
    house = StillHouse()
    house.session = Session(listening=progress)

    drawn = shown(house.session, house.context).library.listening
    assert (drawn and drawn.line) == words
    for page in ("/", "/library"):
        assert (words or 'id="library-listening" class="library-progress off"') in (
            house.browser().get(page).text
        )


@pytest.mark.parametrize(
    ("progress", "words", "bar"),
    [
        (
            ScanProgress(1234, 20_000, 250.4, 75.0),
            "Reading the music: 1,234 of 20,000 files, 250 a second, 1 min left",
            ' max="20000" value="1234"',
        ),
        (ScanProgress(12, None, 9.0, None), "Reading the music: 12 files so far", ""),
        (ScanProgress(0, 1, 0.0, None), "Reading the music: 0 of 1 file", ' max="1" value="0"'),
        (
            ScanProgress(9, 8, 3.0, 0.0),  # files came while it was looking
            "Reading the music: 9 of 8 files, 3 a second, less than a minute left",
            ' max="8" value="8"',
        ),
    ],
)
def test_how_far_the_scan_has_got_is_told_with_a_bar(
    progress: ScanProgress, words: str, bar: str
) -> None:
    house = StillHouse()
    house.session = Session(scan=progress)

    drawn = shown(house.session, house.context).library.scan
    assert drawn is not None
    assert drawn.line == words
    for page in ("/", "/library"):
        text = house.browser().get(page).text
        assert words in text
        assert f'id="library-scan-bar" aria-label="Reading the music"{bar}></progress>' in text


def test_the_end_the_room_made_and_quiet_hours_are_told() -> None:
    house = StillHouse()
    quiet = QuietHours(from_minute=22 * 60, to_minute=7 * 60, most_volume_pct=30)
    house.context = replace(house.context, rules=Rules(quiet=quiet))
    house.session = Session(
        now_s=100.0,
        minute_of_day=30,
        sleep_at_s=100.0 + 61.0,
        duckings=(Ducking("hub", 99.0), Ducking("doorbell", 99.5)),
    )

    music = shown(house.session, house.context).music
    page = house.browser().get("/").text

    assert music.sleep_left_min == 2
    assert music.ducked_by == ("doorbell", "hub")
    assert music.quiet == "Quiet hours: no louder than 30 % until 07:00"
    for words in ("ends in 2 min", "doorbell, hub", music.quiet):
        assert words in page
    later = replace(house.session, minute_of_day=7 * 60, sleep_at_s=None, duckings=())
    after = shown(later, house.context).music
    assert (after.sleep_left_min, after.ducked_by, after.quiet) == (None, (), "")


def _shifting(**changes: Any) -> Session:
    way = Shift(Goal.CALM, Affect(-0.6, 0.6), "seed", steps=6, played=2)
    return Session(mode=Mode.SHIFT, goal=Goal.CALM, shift=replace(way, **changes))


def test_the_step_on_the_way_to_a_goal_is_told() -> None:
    house = StillHouse()
    house.session = _shifting()

    music = shown(house.session, house.context).music
    assert (music.step, music.steps) == (3, 6)
    assert '<span id="way-step">step 3 of 6</span>' in house.browser().get("/").text


@pytest.mark.parametrize(
    "changes",
    [
        {"is_held": True},
        {"is_blind": True},
        {"played": 6},
        {"approach": Approach.MATCH},
    ],
)
def test_no_step_is_told_of_a_way_that_is_not_gone(changes: dict[str, Any]) -> None:
    music = shown(_shifting(**changes), CONTEXT).music

    assert (music.step, music.steps) == (None, None)


def test_what_was_tried_is_told_the_newest_first() -> None:
    house = StillHouse()

    def trial(track: str, outcome: Outcome) -> Trial:
        steady = Approach.STEADY
        return Trial(track, 0, 0, Goal.CALM, steady, None, None, None, outcome, steady)

    trials = tuple(trial(f"{number:020x}", Outcome.FOLLOWED) for number in range(7))
    house.session = Session(trials=(*trials, trial("gone", Outcome.SKIPPED)))

    tried = shown(house.session, house.context).music.tried
    page = house.browser().get("/").text

    assert len(tried) == MOST_TRIED
    assert tried[0] == "Led to calm with \u201ca track that left\u201d: it was skipped"
    assert "the mood came nearer" in tried[1]
    assert "the mood came nearer</li>" in page
    assert 'id="tried-fold" class="fold off"' in StillHouse().browser().get("/").text


def test_an_empty_library_is_said_even_without_a_notice() -> None:
    assert shown(Session(), Context()).library.notice == "The library is empty"


def test_a_fault_is_told_in_the_words_of_its_part() -> None:
    health = (Health(Part.SOUND, is_ok=False, message="no sound device: plug one in", since_s=0.0),)
    state = shown(Session(health=health), CONTEXT)

    assert [(part.title, part.message) for part in state.faults] == [
        ("Speaker", "No sound device: plug one in")
    ]
    assert health_shown(Session(health=health), CONTEXT).status is PartState.FAULT


def test_a_fault_of_a_camera_that_was_closed_since_is_no_fault() -> None:
    health = (Health(Part.CAMERA, is_ok=False, message="gone", since_s=0.0),)
    state = shown(Session(health=health, camera_is_on=False), CONTEXT)

    assert state.faults == ()
    camera = next(part for part in state.parts if part.part is Part.CAMERA)
    assert camera.message == "Closed."


@pytest.mark.parametrize(
    ("part", "said", "message"),
    [
        (Part.BROKER, SWITCHED_OFF, "Not in use. Settings, MQTT switches it on."),
        (Part.BUTTON, SWITCHED_OFF, "Not in use. Settings, Panel switches it on."),
        (Part.BROKER, CONNECTING, "Connecting."),
    ],
)
def test_a_part_that_is_off_or_not_ready_does_not_count_as_working(
    part: Part, said: str, message: str
) -> None:
    health = (Health(part, is_ok=True, message=said, since_s=0.0),)
    state = shown(Session(health=health), CONTEXT)

    drawn = next(drawn for drawn in state.parts if drawn.part is part)
    assert (drawn.state, drawn.message) == (PartState.UNHEARD, message)
    assert state.faults == ()


@pytest.mark.parametrize("obstacle", Obstacle)
def test_a_face_that_cannot_be_read_is_told_why_and_what_would_help(obstacle: Obstacle) -> None:
    room = shown(seen(ev.FaceObscured(0.0, obstacle), for_s=3.0), CONTEXT).room

    assert room.sentence == f"Not sure yet: {obstacle}"
    assert room.obstacle is obstacle
    assert room.hint == WHAT_HELPS[obstacle]
    assert room.hint.startswith(("The face is", "Part of the face is"))
    assert "Not sure yet" not in room.hint


def test_each_obstacle_has_advice_of_its_own() -> None:
    assert set(WHAT_HELPS) == set(Obstacle)
    assert len(set(WHAT_HELPS.values())) == len(Obstacle)


def test_a_settled_mood_is_not_spoilt_by_one_bad_look() -> None:
    happy = tuple(float(emotion is Emotion.HAPPY) for emotion in EMOTIONS)
    settled = seen(ev.EstimateArrived(0.0, happy, 0.9, 1), for_s=8.0)
    session, _ = step(settled, ev.FaceObscured(8.25, Obstacle.TOO_BLURRED), CONTEXT)

    room = shown(session, CONTEXT).room

    assert (room.sentence, room.obstacle, room.hint) == ("Looks cheerful", None, "")


@pytest.mark.parametrize(
    "blinding", [ev.CameraSwitched(4.0, is_on=False), ev.RoomDark(4.0), ev.EyeLost(4.0)]
)
def test_an_eye_that_sees_nothing_gives_no_advice_about_a_face(blinding: ev.Event) -> None:
    session, _ = step(seen(ev.FaceObscured(0.0, Obstacle.TOO_FAR), for_s=3.0), blinding, CONTEXT)

    room = shown(session, CONTEXT).room

    assert (room.obstacle, room.hint) == (None, "")


def seen(sight: ev.EstimateArrived | ev.FaceObscured, for_s: float) -> Session:
    """Return the session after `sight`, four times a second for `for_s` seconds."""
    session, _ = step(Session(), ev.EyeFound(0.0), CONTEXT)
    for number in range(round(for_s * 4)):
        session, _ = step(session, replace(sight, at_s=number / 4), CONTEXT)
    return session


def test_every_part_is_listed() -> None:
    assert [part.part for part in shown(Session(), CONTEXT).parts] == list(Part)


def test_the_switch_stands_at_the_goal_only_while_shifting() -> None:
    matching = Session(mode=Mode.MATCH, goal=Goal.SLEEP)

    assert shown(matching, CONTEXT).steering == "match"
    assert shown(replace(matching, mode=Mode.SHIFT), CONTEXT).steering == "sleep"
    assert shown(replace(matching, mode=Mode.SCHEDULE), CONTEXT).steering == "schedule"
    assert shown(replace(matching, mode=Mode.OFF), CONTEXT).steering == "off"
