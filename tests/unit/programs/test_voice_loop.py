"""The voice's loop on made-up sound: it owns no clock, no thread and no device here."""

import threading
from pathlib import Path

import pytest

from soulsync_edge.adapters.sound_outputs import NOWHERE, SoundOutput
from soulsync_edge.domain.commands import PlayTone, PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.events import (
    Part,
    PartReported,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakePlayer, FakeSupervisor
from soulsync_edge.ports import Post
from soulsync_edge.programs.program_life import NeedsRestart
from soulsync_edge.programs.voice import (
    ALIVE_S,
    FIRST_SOUND_S,
    LOOK_S,
    SEARCHED_BYTES,
    STILL_S,
    Guard,
    Openers,
    Voice,
    bytes_read,
)
from soulsync_edge.settings import PlayerSettings
from soulsync_edge.wire.messages import Configure, VoiceEvent

PULSE, ALSA = SoundOutput("pulse"), SoundOutput("alsa")
PLAY = PlayTrack("t", "/music/t.flac")


class SpeakerOf(FakePlayer):
    """A made-up player that knows where it plays to."""

    def __init__(self, post: Post, clock: FakeClock, output: SoundOutput) -> None:
        super().__init__(post, clock)
        self.output = output
        self.most_volume_pct = 100
        self.crossfade_s = 0.0

    def set_most_volume(self, most_volume_pct: int) -> None:
        self.most_volume_pct = most_volume_pct

    def set_crossfade(self, crossfade_s: float) -> None:
        self.crossfade_s = crossfade_s

    def echo(self, track_id: str, position_s: float) -> None:
        """Let a track that was replaced still say where it is."""
        self._post(TrackMoved(self._clock(), track_id, position_s))

    @property
    def start_s(self) -> float:
        assert self.order is not None
        return self.order.start_s


class Studio:
    """A voice, and levers for the world around it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[VoiceEvent] = []
        self.wakes = 0
        self.bytes_read = 1 << 30
        self.supervisor = FakeSupervisor()
        self.way_out: SoundOutput | Unavailable = PULSE
        self.players: list[SpeakerOf] = []
        self.voice = Voice(
            self.told.append, self._wake, Openers(self._find, self._open), self.supervisor,
            clock=self.clock, guard=Guard(give_up=lambda: None), count_read=lambda: self.bytes_read,
        )  # fmt: skip
        self.voice.warm_up()

    def configure(self, settings: PlayerSettings | None = None) -> None:
        self.voice.obey(Configure((settings or PlayerSettings()).model_dump_json()))

    @property
    def player(self) -> SpeakerOf:
        return self.players[-1]

    def pass_time(self, seconds: float) -> None:
        """Let time go by as the loop does: no longer than the voice wants to wait."""
        end_s = self.clock() + seconds
        while self.clock() < end_s - 1e-9:
            self.clock.pass_time(min(self.voice.wait_s(), end_s - self.clock()))
            self.voice.turn()

    def play_on(self, seconds: int) -> None:
        """Let time go by with a track that moves."""
        for second in range(seconds):
            self.player.move_to(self.player.start_s + second + 1.0)
            self.pass_time(1.0)

    def reports(self) -> list[PartReported]:
        return [
            event
            for event in self.told
            if isinstance(event, PartReported) and event.part is Part.SOUND
        ]

    def _wake(self) -> None:
        self.wakes += 1

    def _find(self, settings: PlayerSettings) -> SoundOutput:
        if settings.output == "silent":
            return NOWHERE
        if isinstance(self.way_out, Unavailable):
            raise self.way_out
        return self.way_out

    def _open(self, post: Post, output: SoundOutput) -> SpeakerOf:
        self.players.append(SpeakerOf(post, self.clock, output))
        return self.players[-1]


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_the_player_is_loaded_before_the_first_order(studio: Studio) -> None:
    assert len(studio.players) == 1
    assert studio.told == [], "what the sound is like is not known before the settings"


def test_an_order_to_play_reaches_the_player_at_the_volume_that_was_set(studio: Studio) -> None:
    studio.configure(PlayerSettings(most_volume_pct=40, crossfade_s=3.0))
    order = PlayTrack("t", "/music/t.flac", 12.5, gain_db=-3.0, fade_s=2.0)
    studio.voice.obey(SetVolume(70))
    studio.voice.obey(order)

    player = studio.player
    assert player.order == order
    assert (player.volume_pct, player.most_volume_pct, player.crossfade_s) == (70, 40, 3.0)
    assert player.output == PULSE


def test_what_the_player_says_is_passed_on_in_order(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.player.move_to(1.0)
    studio.player.near_end(5.0)
    studio.player.finish_track()
    assert studio.wakes >= 4, "the loop was woken for each"

    studio.voice.turn()

    kinds = [type(event) for event in studio.told if not isinstance(event, PartReported)]
    assert kinds == [TrackStarted, TrackMoved, TrackEnding, TrackEnded]


def test_an_old_end_is_told_before_a_new_order_is_obeyed(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.player.finish_track()

    studio.voice.obey(PlayTrack("next", "/music/next.flac"))
    studio.pass_time(1.0)

    ended = studio.told.index(next(e for e in studio.told if isinstance(e, TrackEnded)))
    started = [e for e in studio.told[ended:] if isinstance(e, TrackStarted)]
    assert [event.track_id for event in started] == ["next"]
    studio.play_on(30)  # and the voice knows that "next" plays


def test_stop_makes_silence(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.voice.obey(StopMusic())

    assert studio.player.playing is None
    studio.pass_time(60.0)  # nothing is missed


# Hanging


def test_a_track_that_stands_still_ends_the_voice_after_five_seconds(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)
    began_s = studio.clock()

    with pytest.raises(NeedsRestart, match="stands still at 3 s"):
        studio.pass_time(60.0)

    assert STILL_S <= studio.clock() - began_s <= STILL_S + 1.0


def test_a_position_told_again_and_again_is_standing_still(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)

    def say_the_same() -> None:
        for _ in range(10):
            studio.player.move_to(3.0)
            studio.pass_time(1.0)

    with pytest.raises(NeedsRestart):
        say_the_same()


def test_a_track_that_stands_still_while_much_of_it_is_read_is_over(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)
    studio.bytes_read += SEARCHED_BYTES
    studio.pass_time(STILL_S - 1.0)
    before = studio.player.playing

    studio.pass_time(2.0)

    assert (before, studio.player.playing) == ("t", None)
    assert [e.track_id for e in studio.told if isinstance(e, TrackEnded)] == ["t"]
    studio.voice.obey(PlayTrack("next", "/music/next.flac"))
    studio.pass_time(STILL_S)
    assert studio.player.playing == "next"


def test_a_track_that_waits_for_its_disk_is_not_called_over(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    for position_s in (1.0, 2.0, 3.0):
        studio.bytes_read += SEARCHED_BYTES  # while it plays
        studio.player.move_to(position_s)
        studio.pass_time(1.0)
    studio.bytes_read += SEARCHED_BYTES - 1

    with pytest.raises(NeedsRestart, match="stands still"):
        studio.pass_time(STILL_S + 1.0)

    assert not [event for event in studio.told if isinstance(event, TrackEnded)]


def test_what_was_read_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    before = bytes_read()

    (tmp_path / "file").read_bytes()

    assert 1_000_000 <= bytes_read() - before < 1_500_000


def test_a_track_without_a_first_sound_fails_after_a_longer_time(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.pass_time(FIRST_SOUND_S - 1.0)
    before = studio.player.playing

    studio.pass_time(3.0)

    assert (before, studio.player.playing) == ("t", None)
    [failed] = [event for event in studio.told if isinstance(event, TrackFailed)]
    assert "no sound came from it" in failed.reason


def test_a_mute_track_is_told_of_before_libvlc_is_stopped_which_may_never_return(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_at_stop: list[VoiceEvent] = []
    studio.configure()
    studio.voice.obey(PLAY)
    monkeypatch.setattr(studio.player, "stop", lambda: told_at_stop.extend(studio.told))

    studio.pass_time(FIRST_SOUND_S + 1.0)

    assert [e.track_id for e in told_at_stop if isinstance(e, TrackFailed)] == ["t"]


def test_a_second_track_without_a_sound_ends_the_voice(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.pass_time(FIRST_SOUND_S + 1.0)
    studio.voice.obey(PLAY)

    with pytest.raises(NeedsRestart, match="2 tracks in a row"):
        studio.pass_time(FIRST_SOUND_S + 1.0)


def test_a_sound_in_between_makes_up_for_a_mute_track(studio: Studio) -> None:
    studio.configure()
    for _ in range(5):
        studio.voice.obey(PLAY)
        studio.pass_time(FIRST_SOUND_S + 1.0)
        studio.voice.obey(PLAY)
        studio.play_on(3)


def test_a_machine_that_slept_is_no_track_that_hangs(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)

    studio.clock.pass_time(3600.0)
    studio.voice.turn()
    studio.play_on(3)


def test_a_call_that_hangs_is_given_up() -> None:
    given_up = threading.Event()
    guard = Guard(give_up=given_up.set)
    guard.patience_s = 0.01

    with guard("stop"):
        assert given_up.wait(30.0)


def test_a_call_that_returns_is_not_given_up() -> None:
    given_up = threading.Event()
    guard = Guard(give_up=given_up.set)
    guard.patience_s = 0.05

    for _ in range(3):
        with guard("stop"):
            pass

    assert not given_up.wait(0.2)


# One track after another


def test_a_track_that_waits_for_the_end_of_another_is_not_called_mute(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)
    studio.player.near_end(12.0)
    studio.voice.obey(PlayTrack("next", "/music/next.flac", is_seamless=True))

    for second in range(int(FIRST_SOUND_S) + 2):
        studio.player.echo("t", 4.0 + second)
        studio.pass_time(1.0)

    assert studio.player.playing == "next"
    studio.play_on(2)
    with pytest.raises(NeedsRestart, match="stands still"):  # it is watched once it moves
        studio.pass_time(STILL_S + 1.0)


def test_a_track_that_waits_for_one_that_hangs_is_mute(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)
    studio.voice.obey(PlayTrack("next", "/music/next.flac", fade_s=4.0))

    studio.pass_time(FIRST_SOUND_S + 1.0)

    assert [e.track_id for e in studio.told if isinstance(e, TrackFailed)] == ["next"]


def test_an_echo_does_not_hide_that_a_track_stands_still(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(3)

    def hear_echoes() -> None:
        for second in range(10):
            studio.player.echo("before", float(second))
            studio.pass_time(1.0)

    with pytest.raises(NeedsRestart, match="stands still"):
        hear_echoes()


def test_a_new_way_out_does_not_wait_for_a_track_that_is_gone(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.voice.obey(PlayTrack("next", "/music/next.flac", gain_db=-4.0, is_seamless=True))

    studio.configure(PlayerSettings(output="silent"))

    assert studio.player.order == PlayTrack("next", "/music/next.flac", gain_db=-4.0)


# The tone


def test_the_tone_is_heard_where_music_would_be(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(SetVolume(40))
    studio.voice.obey(PlayTone())

    assert (studio.player.tones, studio.player.volume_pct) == (1, 40)
    assert [report.is_ok for report in studio.reports()] == [True]


def test_a_tone_without_a_device_says_again_what_to_do(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.way_out = Unavailable("no sound device was found; plug one in")
    studio.configure()
    studio.voice.obey(PlayTone())

    assert [player.tones for player in studio.players] == [0] * len(studio.players)
    assert [report.is_ok for report in studio.reports()] == [False, False]
    assert "plug one in" in studio.reports()[-1].message
    assert "no tone: no sound device was found; plug one in" in caplog.text


def test_a_tone_looks_whether_the_device_is_there_now(studio: Studio) -> None:
    studio.configure()
    studio.way_out = Unavailable("no sound device was found")
    studio.voice.obey(PlayTone())
    studio.way_out = ALSA
    studio.voice.obey(PlayTone())

    assert [report.is_ok for report in studio.reports()] == [True, False, False, True]
    assert (studio.player.output, studio.player.tones) == (ALSA, 1)


def test_a_tone_to_nowhere_says_that_this_is_as_set(studio: Studio) -> None:
    studio.configure(PlayerSettings(output="silent"))
    studio.voice.obey(PlayTone())

    report = studio.reports()[-1]
    assert report.is_ok
    assert "player.output" in report.message


# Progress


def test_the_supervisor_hears_of_progress_while_a_track_moves(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(60)

    assert 60 / ALIVE_S - 2 <= studio.supervisor.told.count("alive") <= 60 / ALIVE_S + 2


def test_the_supervisor_hears_of_an_idle_voice(studio: Studio) -> None:
    studio.pass_time(60.0)

    assert studio.supervisor.told.count("alive") >= 60 / ALIVE_S - 2


def test_the_supervisor_hears_nothing_of_a_track_that_does_not_move(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.voice.turn()
    before = studio.supervisor.told.count("alive")

    studio.pass_time(FIRST_SOUND_S - 1.0)

    assert studio.supervisor.told.count("alive") == before


def test_after_a_failure_the_voice_is_idle(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.player.fail_track("the file is empty")

    studio.pass_time(60.0)

    assert any(isinstance(event, TrackFailed) for event in studio.told)
    assert "track t cannot be played: the file is empty" in caplog.text


# The sound device


def test_a_missing_device_is_told_once_and_time_goes_on(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.way_out = Unavailable("no sound device was found; plug one in")
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(120)

    assert studio.player.output == NOWHERE
    [report] = studio.reports()
    assert (report.part, report.is_ok) == (Part.SOUND, False)
    assert "plug one in" in report.message
    assert caplog.text.count("plug one in") == 1


def test_a_device_that_comes_is_taken_and_the_track_goes_on(studio: Studio) -> None:
    studio.way_out = Unavailable("no sound device was found")
    studio.configure()
    studio.voice.obey(SetVolume(30))
    studio.voice.obey(PLAY)
    studio.play_on(20)

    studio.way_out = ALSA
    studio.pass_time(LOOK_S)

    assert studio.player.output == ALSA
    assert (studio.player.playing, studio.player.start_s) == ("t", 20.0)
    assert studio.player.volume_pct == 30
    assert [report.is_ok for report in studio.reports()] == [False, True]
    assert not studio.players[-2].is_open


def test_a_device_that_goes_is_told_and_the_track_goes_on_unheard(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(20)

    studio.way_out = Unavailable("no sound device was found")
    studio.pass_time(LOOK_S)

    assert studio.player.output == NOWHERE
    assert (studio.player.playing, studio.player.start_s) == ("t", 20.0)
    assert [report.is_ok for report in studio.reports()] == [True, False]


def test_a_sound_server_that_was_started_anew_is_taken_anew(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(5)

    studio.way_out = SoundOutput("pulse", mark=("another",))
    studio.pass_time(LOOK_S)

    assert studio.player.output == studio.way_out
    assert studio.player.playing == "t"
    assert [report.is_ok for report in studio.reports()] == [True], "it works, as before"


def test_a_core_that_connects_later_hears_how_the_sound_is(studio: Studio) -> None:
    studio.way_out = Unavailable("no sound device was found")
    studio.configure()
    studio.told.clear()

    studio.voice.greet()

    assert [report.is_ok for report in studio.reports()] == [False]


# Settings


def test_new_settings_take_another_way_out_and_the_track_goes_on(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    studio.play_on(7)

    studio.configure(PlayerSettings(output="silent"))

    assert studio.player.output == NOWHERE
    assert (studio.player.playing, studio.player.start_s) == ("t", 7.0)


def test_a_new_bound_to_the_volume_does_not_touch_the_track(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)
    players = len(studio.players)

    studio.configure(PlayerSettings(most_volume_pct=20))

    assert len(studio.players) == players
    assert studio.player.most_volume_pct == 20


def test_settings_of_another_version_are_told_and_the_track_goes_on(studio: Studio) -> None:
    studio.configure()
    studio.voice.obey(PLAY)

    studio.voice.obey(Configure('{"output": "trumpet"}'))

    assert studio.player.playing == "t"
    complaint = studio.told[-1]
    assert isinstance(complaint, PartReported)
    assert (complaint.part, complaint.is_ok) == (Part.VOICE, False)
    assert "different versions" in complaint.message

    studio.configure()

    assert PartReported(studio.clock(), Part.VOICE, is_ok=True, message="") in studio.told
