"""A working stand-in for each port, with levers: used by tests and by `demo`."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate
from soulsync_edge.domain.events import (
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.face import Face
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing
from soulsync_edge.domain.hints import Tags
from soulsync_edge.domain.library import Found, Known, Stick
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import ConfigError, MediaError, Unavailable
from soulsync_edge.eye_ports import Crop, Frame, Pixels
from soulsync_edge.ports import Clock, Post
from soulsync_edge.settings import Settings


class FakeClock:
    """A `Clock` that stands still until told otherwise."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def pass_time(self, seconds: float) -> None:
        """Let `seconds` go by."""
        self.now_s += seconds


class FakeCamera:
    """A `Camera` that shows the pictures it was given, one by one, then ends."""

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._frames = iter(frames)
        self.is_open = True
        self.failing: Unavailable | None = None

    def read(self, timeout_s: float) -> Frame | None:
        if self.failing is not None:
            raise self.failing
        if not self.is_open:
            raise Unavailable("the camera is closed")
        return next(self._frames, None)

    def close(self) -> None:
        self.is_open = False


class FakeFaceFinder:
    """A `FaceFinder` that finds what it was told to, or one face in any picture but a black one."""

    def __init__(self, find: Callable[[Pixels], tuple[Face, ...]] | None = None) -> None:
        self._find = find or _one_face
        self.is_open = True

    def find(self, pixels: Pixels) -> tuple[Face, ...]:
        return self._find(pixels)

    def close(self) -> None:
        self.is_open = False


class FakeEmotionReader:
    """An `EmotionReader` that always sees `emotion`, at `confidence`."""

    def __init__(self, emotion: Emotion = Emotion.NEUTRAL, confidence: float = 0.9) -> None:
        self.emotion = emotion
        self.confidence = confidence

    def read(self, crop: Crop) -> EmotionEstimate:
        if crop.shape != (64, 64) or crop.dtype != np.uint8:
            raise ValueError(f"takes a (64, 64) uint8 crop, got {crop.shape} {crop.dtype}")
        return estimate_of(self.emotion, confidence=self.confidence)


class FakePlayer:
    """A silent `Player`; tracks start at once, and end or fail when the test says so."""

    def __init__(self, post: Post, clock: Clock) -> None:
        self._post = post
        self._clock = clock
        self.order: PlayTrack | None = None
        self.playing: str | None = None
        self.volume_pct: int | None = None
        self.tones = 0
        self.is_open = True

    def play(self, order: PlayTrack) -> None:
        self.order, self.playing = order, order.track_id
        self._post(TrackStarted(self._clock(), order.track_id))

    def stop(self, fade_s: float = 0.0) -> None:
        self.playing = None

    def play_tone(self) -> None:
        self.tones += 1

    def set_volume(self, volume_pct: int) -> None:
        self.volume_pct = volume_pct

    def close(self) -> None:
        self.playing = None
        self.is_open = False

    def move_to(self, position_s: float) -> None:
        """Let the current track get to `position_s`."""
        if self.playing is not None:
            self._post(TrackMoved(self._clock(), self.playing, position_s))

    def near_end(self, left_s: float) -> None:
        """Let the current track have only `left_s` to go."""
        if self.playing is not None:
            self._post(TrackEnding(self._clock(), self.playing, left_s))

    def finish_track(self) -> None:
        """Let the current track run out."""
        ended, self.playing = self.playing, None
        if ended is not None:
            self._post(TrackEnded(self._clock(), ended))

    def fail_track(self, reason: str = "it is damaged") -> None:
        """Let the current track turn out to be unplayable."""
        failed, self.playing = self.playing, None
        if failed is not None:
            self._post(TrackFailed(self._clock(), failed, reason))


class FakeLight:
    """A `Light` that remembers what it showed."""

    def __init__(self) -> None:
        self.level = 0.0
        self.is_open = True
        self.failing: Unavailable | None = None

    def show(self, level: float) -> None:
        if self.failing is not None:
            raise self.failing
        self.level = level

    def close(self) -> None:
        self.level = 0.0
        self.is_open = False


class FakeTagReader:
    """A `TagReader` that knows the files it was told of and refuses all others."""

    def __init__(self, tags: dict[str, Tags]) -> None:
        self.tags = tags

    def read(self, path: Path) -> Tags:
        try:
            return self.tags[path.name]
        except KeyError as error:
            raise MediaError(f"{path.name} is not music") from error


class FakeStore:
    """A `Store` in memory; `failing` makes every call fail as a full disk would."""

    def __init__(self) -> None:
        self._sticks: dict[str, Stick] = {}
        self._found: dict[str, dict[str, Found]] = {}
        self._complete: dict[str, tuple[SkippedFile, ...]] = {}
        self._files: dict[str, FilePrint] = {}
        self._analyses: dict[tuple[str, str], Analysis] = {}
        self._values: dict[str, str] = {}
        self.failing: Unavailable | None = None
        self.is_open = True

    def sticks(self) -> tuple[Stick, ...]:
        self._answer()
        return tuple(sorted(self._sticks.values(), key=lambda stick: stick.folder))

    def known(self, stick: Stick) -> Known:
        self._answer()
        found = self._found.get(stick.library, {})
        before = self._sticks.get(stick.library, stick).folder
        tracks = (_moved(found[name].track, before, stick.folder) for name in sorted(found))
        complete = self._complete.get(stick.library)
        return Known(tuple(tracks), complete or (), complete is not None)

    def stamps(self, library: str) -> dict[str, str]:
        self._answer()
        return {name: one.stamp for name, one in self._found.get(library, {}).items()}

    def keep_found(self, stick: Stick, found: Iterable[Found]) -> None:
        self._answer()
        more = {one.track.track_id: one for one in found}
        known = self._moved(stick)
        self._found[stick.library] = known | more

    def keep_complete(
        self, stick: Stick, track_ids: Collection[str], skipped: Iterable[SkippedFile]
    ) -> None:
        self._answer()
        known = self._moved(stick)
        self._found[stick.library] = {name: known[name] for name in known if name in track_ids}
        self._complete[stick.library] = tuple(skipped)

    def hearings(self, track_ids: Iterable[str], version: str) -> dict[str, Hearing]:
        self._answer()
        files = {name: self._files[name] for name in track_ids if name in self._files}
        return {
            name: Hearing(file, self._analyses[file.content, version])
            for name, file in files.items()
            if (file.content, version) in self._analyses
        }

    def analysis(self, content: str, version: str) -> Analysis | None:
        self._answer()
        return self._analyses.get((content, version))

    def keep_hearings(self, hearings: Mapping[str, Hearing], version: str) -> None:
        self._answer()
        for name, hearing in hearings.items():
            self._files[name] = hearing.file
            self._analyses[hearing.file.content, version] = hearing.analysis

    def recall(self, name: str) -> str | None:
        self._answer()
        return self._values.get(name)

    def keep(self, name: str, value: str) -> None:
        self._answer()
        self._values[name] = value

    def forget(self, name: str) -> None:
        self._answer()
        self._values.pop(name, None)

    def close(self) -> None:
        self.is_open = False

    def _moved(self, stick: Stick) -> dict[str, Found]:
        """Return what is known of `stick`, and note where it lies now."""
        before = self._sticks.get(stick.library, stick).folder
        self._sticks[stick.library] = replace(stick, mount=0)
        return {
            name: Found(_moved(one.track, before, stick.folder), one.stamp)
            for name, one in self._found.get(stick.library, {}).items()
        }

    def _answer(self) -> None:
        if self.failing is not None:
            raise self.failing


class FakeSettingsFile:
    """A `SettingsFile` in memory; `wrong` makes loading fail, `failing` makes saving fail."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.wrong: ConfigError | None = None
        self.failing: Unavailable | None = None

    def load(self) -> Settings:
        if self.wrong is not None:
            raise self.wrong
        return self.settings

    def save(self, settings: Settings) -> None:
        if self.failing is not None:
            raise self.failing
        self.settings = settings
        self.wrong = None


class FakeSupervisor:
    """A `Supervisor` that remembers what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def ready(self) -> None:
        self.told.append("ready")

    def alive(self) -> None:
        self.told.append("alive")

    def status(self, text: str) -> None:
        self.told.append(f"status: {' '.join(text.split())}")

    def stopping(self) -> None:
        self.told.append("stopping")


def estimate_of(
    emotion: Emotion, *, share: float = 0.9, confidence: float = 0.9
) -> EmotionEstimate:
    """Return an estimate that gives `share` to `emotion` and spreads the rest evenly."""
    rest = (1.0 - share) / (len(EMOTIONS) - 1)
    return EmotionEstimate(
        tuple(share if other is emotion else rest for other in EMOTIONS), confidence
    )


def a_face(
    left_px: float = 270.0, top_px: float = 170.0, size_px: float = 120.0, score: float = 0.9
) -> Face:
    """Return an upright frontal face of `size_px`, with key points where MediaPipe puts them."""

    def at(across: float, down: float) -> tuple[float, float]:
        return (left_px + across * size_px, top_px + down * size_px)

    points = (
        at(0.3, 0.32),
        at(0.7, 0.32),
        at(0.5, 0.55),
        at(0.5, 0.76),
        at(0.05, 0.4),
        at(0.95, 0.4),
    )
    return Face(left_px, top_px, size_px, size_px, points, score)


def a_frame(at_s: float = 0.0, level: int = 128) -> Frame:
    """Return a 640 x 480 frame of grey stripes up to `level`: any face in it is seen well."""
    stripes = np.array((0.7, 1.0), np.float32)
    down, across = (stripes[np.arange(side_px) // 12 % 2] for side_px in (480, 640))
    grey = np.clip(level * (down[:, None] + across[None, :]) / stripes.sum(), 0, 255)
    return Frame(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2), at_s)


def _one_face(pixels: Pixels) -> tuple[Face, ...]:
    return (a_face(),) if pixels.any() else ()


def _moved(track: Track, before: str, after: str) -> Track:
    """Return `track` of the stick that lay at `before` as it is now that this lies at `after`."""
    if before == after or not track.path.startswith(f"{before}/"):
        return track
    return replace(track, path=after + track.path.removeprefix(before))
