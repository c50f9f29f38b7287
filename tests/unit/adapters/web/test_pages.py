import re
import socket
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

import soulsync_edge.adapters.web
from soulsync_edge.adapters.web import forms
from soulsync_edge.adapters.web.controls import NOTED
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.events import (
    CameraSwitched,
    DuckingChanged,
    Event,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    Opinion,
    Part,
    ReplayRequested,
    SkipRequested,
    SleepChosen,
    SoundTestRequested,
    TasteErased,
    TrackJudged,
    VolumeChosen,
)
from soulsync_edge.domain.preference import Tally
from soulsync_edge.domain.session import Context, Ducking, FailedTrack, Health, NowPlaying, Session
from soulsync_edge.domain.shifting import Approach, Goal, Mode
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.taste import ArtistTally, Regard, Taste
from soulsync_edge.domain.taste_form import taste_from
from soulsync_edge.domain.track import SkippedFile, catalogue_of
from soulsync_edge.domain.trial import Outcome, Trial
from soulsync_edge.errors import Unavailable
from soulsync_edge.programs.demo_stage import free_port
from soulsync_edge.settings import MqttSettings, Settings, ShiftingSettings, WebSettings
from tests.page_house import StillHouse, some_music

AT_S = 1000.0
TRACK = f"{1:020x}"
PAGES = ("/", "/library", f"/track/{TRACK}", "/settings", "/privacy", "/health")
FILES = Path(next(iter(soulsync_edge.adapters.web.__path__)))


def test_the_first_page_says_how_the_room_looks_and_what_plays() -> None:
    house = StillHouse()
    playing = NowPlaying(f"{1:020x}", "on the way to calm: near quiet", Affect(0, 0), 0.0)
    playing = replace(playing, is_heard=True, position_s=42.0)
    house.session = Session(playing=playing, is_silent_for="", has_voice=True)

    page = house.browser().get("/").text

    assert "The eye cannot see right now" in page
    assert "Piece 1" in page
    assert "On the way to calm: near quiet" in page
    assert "0:42" in page


def test_a_fault_is_on_the_first_page_in_plain_words() -> None:
    house = StillHouse()
    fault = Health(Part.BROKER, is_ok=False, message="hub.lan does not answer", since_s=0.0)
    house.session = Session(health=(fault,))

    assert "Hub.lan does not answer" in house.browser().get("/").text


def test_what_a_message_sets_between_backticks_is_shown_as_code_and_stays_text() -> None:
    house = StillHouse()
    message = "run `make setup`, or `<img src=x onerror=alert(1)>`; a lone ` stays"
    fault = Health(Part.MODEL, is_ok=False, message=message, since_s=0.0)
    house.session = Session(health=(fault,))
    skipped = SkippedFile("/media/soulsync/a`b`.mp3", "it is `no` music")
    house.context = Context(catalogue=catalogue_of([], [skipped], notice="mend it: `mount -a`"))
    shown = (
        "Run <code>make setup</code>, or <code>&lt;img src=x onerror=alert(1)&gt;</code>; "
        "a lone ` stays"
    )

    pages = {page: house.browser().get(page).text for page in PAGES}

    assert f"<span>{shown}</span>" in pages["/"]
    assert f'<p class="part-message">{shown}</p>' in pages["/health"]
    assert all("Mend it: <code>mount -a</code></p>" in pages[page] for page in ("/", "/library"))
    assert "a`b`.mp3</code><span>it is <code>no</code> music</span>" in pages["/library"].lower()


@pytest.mark.parametrize(
    ("control", "entries", "event"),
    [
        ("music", {"is_on": "false"}, MusicSwitched(AT_S, is_on=False)),
        ("next", {}, SkipRequested(AT_S)),
        ("volume", {"volume_pct": "35"}, VolumeChosen(AT_S, 35)),
        ("steering", {"steering": "match"}, ModeChosen(AT_S, Mode.MATCH)),
        ("steering", {"steering": "energise"}, GoalChosen(AT_S, Goal.ENERGISE)),
        ("steering", {"steering": "schedule"}, ModeChosen(AT_S, Mode.SCHEDULE)),
        ("steering", {"steering": "off"}, ModeChosen(AT_S, Mode.OFF)),
        ("again", {}, ReplayRequested(AT_S)),
        ("sleep", {"minutes": "45"}, SleepChosen(AT_S, 45)),
        ("full-volume", {}, DuckingChanged(AT_S, "hub", is_on=False)),
        ("camera", {"is_on": "true"}, CameraSwitched(AT_S, is_on=True)),
    ],
)
def test_without_a_script_every_control_is_a_form_that_leads_back(
    control: str, entries: dict[str, str], event: Event
) -> None:
    house = StillHouse()
    house.session = replace(house.session, duckings=(Ducking("hub", 0.0),))

    answer = house.browser().post(f"/controls/{control}", data=entries)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert house.posted == [event]


@pytest.mark.parametrize(
    ("back", "place"),
    [("now", "/?"), ("track", f"/track/{TRACK}?"), ("never", "/library?only=never&")],
)
@pytest.mark.parametrize("opinion", Opinion)
def test_an_opinion_is_taken_in_and_that_is_said_where_it_was_given(
    opinion: Opinion, back: str, place: str
) -> None:
    house = StillHouse()
    browser = house.browser()

    entries = {"track_id": TRACK, "opinion": opinion.value, "back": back}
    answer = browser.post("/controls/judge", data=entries)
    page = browser.get(answer.headers["location"]).text

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(place)
    assert house.posted == [TrackJudged(AT_S, TRACK, opinion)]
    assert f'role="status">{NOTED[opinion]}</p>' in page


def test_an_opinion_of_a_track_that_is_gone_is_refused_in_words() -> None:
    house = StillHouse()

    answer = house.browser().post("/controls/judge", data={"track_id": "feed", "opinion": "like"})

    assert answer.status_code == 404
    assert "There is no such track in the library." in answer.text
    assert house.posted == []


_TRIAL = Trial(
    track_id=TRACK,
    day=739_000,
    minute_of_day=600,
    goal=Goal.CALM,
    approach=Approach.STEADY,
    before=None,
    after=None,
    progress=0.4,
    outcome=Outcome.FOLLOWED,
    next_approach=Approach.STEADY,
)


def _some_taste() -> Taste:
    """Return a taste: one track liked, one corrected, one never to be played, one away."""
    return Taste(
        regards=(
            Regard(f"{0:020x}", is_liked=True, finishes=2, skips=1),
            Regard(f"{1:020x}", valence=-0.6, arousal=-0.6, replays=1),
            Regard(f"{2:020x}", is_never=True, skips=2),
            Regard("gone", title="Away \udce4", is_never=True),
        ),
        artists=(ArtistTally("Quartet", Tally(1.0, 2.0, 739_000)),),
    )


def test_what_was_learnt_is_told_in_words() -> None:
    house = StillHouse()
    browser = house.browser()
    assert "Nothing yet." in browser.get("/library").text

    house.session = replace(house.session, taste=_some_taste(), trials=(_TRIAL, _TRIAL))
    page = browser.get("/library").text

    told = page.partition('class="learnt"')[2].partition("</ul>")[0]
    assert re.findall(r"<li>(.*?)</li>", told) == [
        "1 track is liked",
        "2 tracks are never to be played",
        "Heard to the end 2 times",
        "Skipped 3 times",
        "Wanted again once",
        "1 track sits elsewhere on the map, as you said",
        "How well the music of 1 artist goes down here",
        "2 times, whether the mood followed music that was to lead it",
    ]
    assert "Learning is switched off" not in page


def test_the_library_can_be_cut_to_what_is_liked_or_never_played() -> None:
    house = StillHouse()
    house.session = replace(house.session, taste=_some_taste())
    browser = house.browser()

    def titles(only: str) -> list[str]:
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', browser.get(only).text)

    assert titles("/library") == ["Piece 0", "Piece 1", "Piece 2"]
    assert titles("/library?only=liked") == ["Piece 0"]
    assert titles("/library?only=never") == ["Piece 2"]
    assert titles("/library?only=never&q=piece+1") == []
    assert browser.get("/library?only=nonsense").status_code == 422
    never = browser.get("/library?only=never").text
    assert "Away \ufffd" in never.partition("Not in the library now")[2]
    assert browser.post(
        "/controls/judge", data={"track_id": "gone", "opinion": "allow", "back": "never"}
    ).is_redirect
    assert 'value="allow">Allow again' in never
    assert 'value="allow">Allow again' not in browser.get("/library").text
    assert "No track is liked yet." not in never


def test_a_track_is_shown_with_what_is_known_and_what_was_said_of_it() -> None:
    house = StillHouse()
    sound = Sound(112.4, 9, is_minor=True, danceability=0.5, loudness_lufs=-14.2, true_peak_dbtp=0)
    tracks = [replace(track, sound=sound, year=1999) for track in house.context.catalogue.tracks]
    house.context = Context(catalogue=catalogue_of(tracks))
    house.session = replace(house.session, taste=_some_taste())
    browser = house.browser()

    liked = browser.get(f"/track/{0:020x}").text
    corrected = browser.get(f"/track/{1:020x}").text
    never = browser.get(f"/track/{2:020x}").text

    for words in ("1999", "112 beats a minute", "A minor", "-14 LUFS", "Lively and bright"):
        assert words in liked
    assert "Heard to the end 2 times. Skipped once" in liked
    assert 'value="unlike" aria-pressed="true"' in liked
    assert "It is taken for quiet and dark." in corrected
    assert "What you said of it" in corrected
    assert 'value="allow" aria-pressed="true"' in never
    assert browser.get("/track/gone").status_code == 404


def test_a_correction_and_a_like_show_on_the_first_page() -> None:
    house = StillHouse()
    house.session = Session(
        taste=_some_taste(), playing=NowPlaying(TRACK, "near it", Affect(0, 0), 0.0)
    )
    page = house.browser().get("/").text
    state = house.browser().get("/api/state").json()

    assert state["music"]["track"]["place"]["feel"] == "quiet and dark"
    assert re.search(r'id="like" [^>]*value="like" aria-pressed="false"', page)
    house.session = replace(
        house.session, playing=NowPlaying(f"{0:020x}", "near it", Affect(0, 0), 0.0)
    )
    page = house.browser().get("/").text
    assert re.search(r'id="like" [^>]*value="unlike" aria-pressed="true"', page)


def test_what_was_learnt_can_be_taken_along_and_erased() -> None:
    house = StillHouse()
    house.session = replace(house.session, taste=_some_taste(), trials=(_TRIAL,))
    browser = house.browser()

    file = browser.get("/taste.json")
    unsure = browser.post("/controls/forget-taste")
    answer = browser.post("/controls/forget-taste", data={"is_sure": "true"})
    after = browser.get(answer.headers["location"]).text

    assert file.headers["content-disposition"] == 'attachment; filename="soulsync-taste.json"'
    assert file.headers["cache-control"] == "no-store"
    assert taste_from(file.json()) == _some_taste()
    assert [trial["outcome"] for trial in file.json()["trials"]] == ["followed"]
    assert unsure.status_code == 422
    assert answer.status_code == 303
    assert house.posted == [TasteErased(AT_S)]
    assert "All of it is forgotten." in after


def test_learning_that_is_off_is_said_on_library_and_privacy_page() -> None:
    house = StillHouse(Settings(shifting=ShiftingSettings(learns=False)))
    browser = house.browser()

    assert "Learning is switched off" in browser.get("/library").text
    assert "learning is switched off" in browser.get("/privacy").text
    assert "switch it off" in StillHouse().browser().get("/privacy").text


def test_the_speaker_can_be_tried_from_the_settings_and_what_to_do_is_said() -> None:
    house = StillHouse()
    browser = house.browser()

    answer = browser.post("/controls/sound-test")
    page = browser.get(answer.headers["location"]).text

    assert answer.status_code == 303
    assert house.posted == [SoundTestRequested(AT_S)]
    assert 'id="player" open' in page
    assert "If you heard nothing" in page
    assert "Not connected; it is started again by itself." in page
    house.session = replace(house.session, has_voice=True)
    assert "Not connected; it is" not in browser.get("/settings").text


def test_switches_offer_the_other_state() -> None:
    house = StillHouse()
    house.session = replace(house.session, camera_is_on=False)

    page = house.browser().get("/").text

    assert re.search(r'id="camera" [^>]*aria-checked="false" name="is_on" value="true"', page)
    assert re.search(r'id="music" [^>]*aria-checked="true" name="is_on" value="false"', page)


def test_text_from_files_cannot_become_markup() -> None:
    house = StillHouse()
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    track = some_music(1).tracks[0]
    track = replace(track, title=evil, artist=evil, album=evil, affect_source=evil)
    skipped = SkippedFile(f"/media/soulsync/{evil}", evil)
    house.context = Context(catalogue=catalogue_of([track], [skipped], notice=evil))
    house.session = Session(
        taste=Taste((Regard(track.track_id, title=evil, artist=evil, is_never=True),)),
        duckings=(Ducking(evil, 0.0),),
        playing=NowPlaying(track.track_id, evil, Affect(0, 0), 0.0),
        health=(Health(Part.SOUND, is_ok=False, message=evil, since_s=0.0),),
    )

    for page in PAGES:
        path = page.replace(TRACK, track.track_id)
        answer = house.browser().get(path, params={"q": evil, "saved": evil})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text


def test_the_library_is_cut_into_pages_and_searched() -> None:
    house = StillHouse()
    house.context = Context(catalogue=some_music(230))
    browser = house.browser()

    first, last = browser.get("/library").text, browser.get("/library?page=3").text
    beyond = browser.get("/library?page=99").text
    found = browser.get("/library", params={"q": "pIECE 22"}).text

    assert first.count('<th scope="row">') == 100
    assert last == beyond
    assert last.count('<th scope="row">') == 30
    assert "Piece 229" in last
    assert found.count('<th scope="row">') == 11
    assert "11 found" in found
    assert "Page 1 of 3" in first


@pytest.mark.parametrize("only", ["", "&only=liked"])
def test_pages_lead_to_each_other_and_keep_what_was_asked_for(only: str) -> None:
    house = StillHouse()
    house.context = Context(catalogue=some_music(230))
    liked = tuple(Regard(f"{number:020x}", is_liked=True) for number in range(210))
    house.session = Session(taste=Taste(liked))
    browser = house.browser()

    page, seen = browser.get(f"/library?q=piece{only}").text, 0
    while True:
        seen += page.count('<th scope="row">')
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        page = browser.get(unescape(following[1])).text

    assert seen == (210 if only else 230)
    assert 'rel="prev"' in page


def test_titles_are_sorted_as_people_count() -> None:
    house = StillHouse()
    house.context = Context(catalogue=some_music(12))

    titles = re.findall(
        r'<th scope="row"><a href="[^"]+">(.*?)</a></th>', house.browser().get("/library").text
    )

    assert titles == [f"Piece {number}" for number in range(12)]


def test_the_library_lists_a_track_that_failed_while_it_should_play() -> None:
    house = StillHouse()
    track = house.context.catalogue.tracks[0]
    failed = FailedTrack(track.track_id, "the file is damaged", float("inf"))
    house.session = replace(house.session, failed=(failed,))

    page = house.browser().get("/library").text

    assert "The file is damaged" in page


def test_the_library_lists_what_was_skipped_and_where_it_lies() -> None:
    page = StillHouse().browser().get("/library").text

    assert "<code>/media/soulsync</code>" in page
    assert "<code>old/broken.mp3</code><span>It is damaged</span>" in page
    assert "Its mood tag" in page
    assert "Lively and bright" in page


@pytest.mark.parametrize("is_away", [True, False])
def test_the_notice_of_the_library_stands_alone(*, is_away: bool) -> None:
    house = StillHouse()
    notice = "reading the music in /media/soulsync"
    house.context = Context(catalogue=catalogue_of((), is_away=is_away, notice=notice))

    page = house.browser().get("/library").text

    assert '<p class="note" role="status">Reading the music in /media/soulsync</p>' in page


@pytest.mark.parametrize("page", [*PAGES, "/static/page.css"])
def test_a_page_can_be_asked_for_its_head_alone(page: str) -> None:
    browser = StillHouse().browser()

    head, whole = browser.head(page), browser.get(page)

    assert head.status_code == 200
    assert head.headers["content-type"] == whole.headers["content-type"]


def _edition(house: StillHouse) -> str:
    return forms.edition(house.desk.settings)


def test_settings_are_saved_and_said() -> None:
    house = StillHouse()
    browser = house.browser()

    answer = browser.post(
        "/settings",
        data={"edition": _edition(house), "camera.rate_hz": "2.5", "mqtt.is_on": ["off", "on"]},
    )
    page = browser.get(answer.headers["location"]).text

    assert answer.status_code == 303
    assert house.file.settings.camera.rate_hz == 2.5
    assert house.desk.settings.mqtt.is_on
    assert "<li>Camera: Looks per second</li><li>MQTT: MQTT</li>" in page


def test_what_takes_effect_later_is_not_promised_at_once() -> None:
    page = StillHouse().browser().get("/settings").text

    assert "as soon as they are saved, where nothing else is said" in page
    for title in ("Mode", "Goal", "Volume", "Camera"):
        assert f"{title} at first start" in page


def test_saving_without_a_change_says_so() -> None:
    house = StillHouse()
    browser = house.browser()

    answer = browser.post("/settings", data={"edition": _edition(house)})

    assert "Nothing was changed." in browser.get(answer.headers["location"]).text


def test_all_mistakes_come_back_at_their_fields_and_nothing_entered_is_lost() -> None:
    house = StillHouse()

    answer = house.browser().post(
        "/settings",
        data={
            "edition": _edition(house),
            "camera.width_px": "99999",
            "mqtt.base_topic": "<no> good",
            "library.folder": "/music",
            "web.names": "fine.lan\nnot fine",
            "shifting.schedule.time": "25:99",
            "shifting.schedule.goal": "calm",
        },
    )

    assert answer.status_code == 422
    assert house.desk.settings == house.file.settings == StillHouse().desk.settings
    assert "4 entries are not right" in answer.text
    for name in ("camera.width_px", "mqtt.base_topic", "web.names"):
        assert f'id="{name}.problem"' in answer.text
        assert f'aria-describedby="{name}.about {name}.problem" aria-invalid="true"' in answer.text
    assert 'value="99999"' in answer.text
    assert 'value="&lt;no&gt; good"' in answer.text
    assert 'value="/music"' in answer.text
    assert "fine.lan\nnot fine</textarea>" in answer.text
    assert 'value="25:99"' in answer.text
    assert answer.text.count("<details") - answer.text.count("open>") == 5
    for target in re.findall(r'href="#([a-z_.]+)"', answer.text.partition("<main")[2]):
        assert f'id="{target}"' in answer.text or target.startswith("i-")


def test_a_disk_that_refuses_is_told_and_the_form_kept() -> None:
    house = StillHouse()
    house.file.failing = Unavailable("the settings could not be saved: the disk is full")

    answer = house.browser().post(
        "/settings", data={"edition": _edition(house), "library.folder": "/music"}
    )

    assert answer.status_code == 503
    assert "The settings could not be saved: the disk is full" in answer.text
    assert 'value="/music"' in answer.text


def test_a_form_made_from_older_settings_does_not_undo_newer_ones() -> None:
    house = StillHouse()
    old = _edition(house)
    browser = house.browser()
    browser.post("/settings", data={"edition": old, "camera.rate_hz": "2"})

    entered = {"edition": old, "camera.rate_hz": "4", "web.port": "81"}
    answer = browser.post("/settings", data=entered)

    assert answer.status_code == 409
    assert house.desk.settings.camera.rate_hz == 2
    assert 'value="81"' in answer.text
    assert f'value="{_edition(house)}"' in answer.text


def test_a_new_port_is_named_with_its_address() -> None:
    house = StillHouse()
    port = free_port()

    answer = house.browser().post(
        "/settings", data={"edition": _edition(house), "web.port": str(port)}
    )

    assert answer.status_code == 200
    assert "now on the page is at another address" in answer.text
    assert f'href="http://localhost:{port}/"' in answer.text


@pytest.mark.parametrize("port", ["8080", None])
def test_an_address_the_page_could_not_be_served_at_is_refused(port: str | None) -> None:
    house = StillHouse()
    entered = {"web.host": "192.0.2.1", "web.port": port or str(free_port())}

    answer = house.browser().post("/settings", data={"edition": _edition(house), **entered})

    assert answer.status_code == 503
    assert "The page cannot listen at 192.0.2.1" in answer.text
    assert house.desk.settings.web == Settings().web


def test_another_address_of_ours_is_taken_though_the_port_is_in_use_by_the_page() -> None:
    with socket.create_server(("127.0.0.1", 0)) as page:
        web = WebSettings(host="0.0.0.0", port=page.getsockname()[1])  # noqa: S104  # only a setting
        house = StillHouse(Settings(web=web))
        answer = house.browser().post(
            "/settings", data={"edition": _edition(house), "web.host": "127.0.0.1"}
        )

    assert answer.status_code == 303
    assert house.desk.settings.web.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "entry"), [("web.port", "0"), ("web.host", "192.168.1..5"), ("web.host", "a" * 64)]
)
def test_an_address_that_can_be_none_is_told_at_its_field(name: str, entry: str) -> None:
    house = StillHouse()

    answer = house.browser().post("/settings", data={"edition": _edition(house), name: entry})

    assert answer.status_code == 422
    assert f'id="{name}.problem"' in answer.text


BROKER = MqttSettings(
    is_on=True,
    host="hub.lan",
    user="ann",
    password_file="/etc/secret",  # noqa: S106  # only the name of a file
    ca_file="/etc/ca.pem",
)


@pytest.mark.parametrize(
    ("name", "entry"),
    [("mqtt.host", "evil.lan"), ("mqtt.port", "1884"), ("mqtt.ca_file", "")],
)
def test_the_password_does_not_go_to_another_broker(name: str, entry: str) -> None:
    house = StillHouse(Settings(mqtt=BROKER))
    browser = house.browser()

    answer = browser.post("/settings", data={"edition": _edition(house), name: entry})
    page = browser.get(answer.headers["location"]).text

    assert (house.desk.settings.mqtt.user, house.desk.settings.mqtt.password_file) == ("", "")
    assert "<li>MQTT: User</li>" in page
    assert "<li>MQTT: Password file</li>" in page


def test_a_user_entered_with_the_new_broker_is_kept() -> None:
    house = StillHouse(Settings(mqtt=BROKER))

    house.browser().post(
        "/settings", data={"edition": _edition(house), "mqtt.host": "new.lan", "mqtt.user": "bo"}
    )

    assert (house.desk.settings.mqtt.user, house.desk.settings.mqtt.password_file) == ("bo", "")


def test_the_password_stays_when_the_broker_does() -> None:
    house = StillHouse(Settings(mqtt=BROKER))

    house.browser().post(
        "/settings", data={"edition": _edition(house), "mqtt.publish_mood": ["off", "on"]}
    )

    assert house.desk.settings.mqtt == BROKER.model_copy(update={"publish_mood": True})


def test_the_page_cannot_have_a_file_sent_to_the_broker() -> None:
    house = StillHouse(Settings(mqtt=BROKER))

    answer = house.browser().post(
        "/settings",
        data={
            "edition": _edition(house),
            "mqtt.host": "evil.lan",
            "mqtt.password_file": "/var/lib/soulsync/soulsync.toml",
        },
    )

    assert answer.status_code == 422
    assert 'id="mqtt.password_file.problem"' in answer.text
    assert "Can only be named in the settings file on the appliance" in answer.text
    assert house.desk.settings.mqtt == BROKER


def test_the_password_itself_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2")
    house = StillHouse(Settings(mqtt=MqttSettings(password_file=str(secret))))

    page = house.browser().get("/settings").text

    assert str(secret) in page
    assert "hunter2" not in page


def test_the_privacy_page_follows_the_settings() -> None:
    house = StillHouse()
    browser = house.browser()

    before = browser.get("/privacy").text
    browser.post(
        "/settings",
        data={
            "edition": _edition(house),
            "mqtt.is_on": "on",
            "mqtt.publish_mood": "on",
            "privacy.trace_file": "/tmp/trace.jsonl",  # noqa: S108  # only a name
        },
    )
    after = browser.get("/privacy").text

    assert "nothing is recorded" in before
    assert "it is told how the room looks" not in before
    assert "/tmp/trace.jsonl" in after  # noqa: S108
    assert "it is told how the room looks" in after


def test_nothing_is_loaded_from_elsewhere_and_nothing_stands_inline() -> None:
    browser = StillHouse().browser()

    for page in PAGES:
        text = browser.get(page).text
        assert not re.search(r"(?:https?:)?//[a-z]", text)
        assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", text)
    for file in (FILES / "static").iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\(", text)


def test_the_first_page_with_all_it_loads_is_small() -> None:
    browser = StillHouse().browser()

    page = browser.get("/")
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    sizes = [len(browser.get(address).content) for address in loaded]

    assert len(loaded) == 3
    assert len(page.content) + sum(sizes) <= 150_000


def test_style_and_script_are_kept_by_the_browser_until_they_change() -> None:
    browser = StillHouse().browser()
    address = re.findall(r'href="(/static/page.css[^"]+)"', browser.get("/").text)[0]

    assert "immutable" in browser.get(address).headers["cache-control"]
    assert browser.get("/static/page.css").headers["cache-control"] == "no-cache"
    assert browser.get("/static/..%2fapp.py").status_code == 404


def test_every_label_names_a_field_and_every_field_has_a_label() -> None:
    browser = StillHouse().browser()

    for page in PAGES:
        text = browser.get(page).text
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        for pointed in re.findall(r'\s(?:for|aria-labelledby)="([^"]+)"', text):
            assert pointed in ids
        for pointers in re.findall(r'\saria-describedby="([^"]+)"', text):
            assert set(pointers.split()) <= set(ids)
        assert text.count("<h1") == 1
