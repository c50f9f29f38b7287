"""Prints how the faces in a recording look over time, faster than they did."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import pydantic

from soulsync_edge.domain.events import FaceObscured, Obstacle, RoomDark
from soulsync_edge.domain.mood import Mood
from soulsync_edge.domain.sight import Sight, mood_after_sight
from soulsync_edge.errors import ModelError, Unavailable
from soulsync_edge.eye_ports import Camera
from soulsync_edge.programs.eye_parts import keep_opencv_modest, load_senses, loadable
from soulsync_edge.programs.printing import let_go_of_stdout
from soulsync_edge.services.perception import Pace, Perception
from soulsync_edge.settings import CameraSettings, Settings

# A file answers at once; this is for a disk that had to wake up.
READ_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Decision:
    """The mood after one look at a recording.

    Attributes:
        t_s: When, in seconds from its start.
        present: Someone is there.
        label: An expression, `unsure` or `nobody`; where it is too dark to see anyone, what was
            seen last, and after a while `nobody`.
        valence: Unpleasant -1 to pleasant +1; None while nothing is known.
        arousal: Calm -1 to activated +1; None while nothing is known.
        confidence: How far to trust what was seen, 0 to 1.
        unsure: Someone is there, and how they look is not clear.
        obstacle: Why the face of someone who is there could not be read in this look, or None;
            `too dark` also where that is why nobody is seen.
    """

    t_s: float
    present: bool
    label: str
    valence: float | None
    arousal: float | None
    confidence: float
    unsure: bool
    obstacle: str | None


def run(video: Path, *, models: Path, as_json_lines: bool, rate_hz: float) -> int:
    """Print the decisions about the recording `video`, a file or a folder of pictures.

    Args:
        video: What to look at.
        models: Folder of the models.
        as_json_lines: One JSON object per decision with the fields of `Decision`; else a table.
        rate_hz: Decisions a second of the recording, above 0.

    Returns 0, or 1 when the recording or a model cannot be used; stderr says why.
    """
    if not rate_hz > 0:
        sys.stderr.write(f"soulsync watch: --rate-hz must be above 0, got {rate_hz:g}\n")
        return 1
    keep_opencv_modest()
    try:
        _print(_decided(video, models, rate_hz), as_json_lines=as_json_lines)
    except (ModelError, Unavailable) as error:
        sys.stderr.write(f"soulsync watch: {error}\n")
        return 1
    except BrokenPipeError:
        let_go_of_stdout()
    return 0


def decisions(camera: Camera, perception: Perception, rate_hz: float) -> Iterator[Decision]:
    """Yield one decision for every `1 / rate_hz` seconds of what `camera` has recorded.

    Raises:
        Unavailable: The recording cannot be read any further.
    """
    pace, mood, rules = Pace(rate_hz), Mood(), Settings().rules(seed="").mood
    while (frame := camera.read(READ_LIMIT_S)) is not None:
        if pace.take(frame.at_s):
            sight = perception.look(frame)
            mood = mood_after_sight(mood, sight, rules)
            yield decision(mood, sight)


def decision(mood: Mood, sight: Sight) -> Decision:
    """Return what `mood` says after `sight`, whose time is that of the recording."""
    affect = mood.affect
    return Decision(
        t_s=round(sight.at_s, 3),
        present=mood.is_present,
        label=mood.word,
        valence=None if affect is None else round(affect.valence, 4),
        arousal=None if affect is None else round(affect.arousal, 4),
        confidence=round(mood.confidence, 4) if mood.is_present else 0.0,
        unsure=mood.is_unsure,
        obstacle=_obstacle(mood, sight),
    )


def _obstacle(mood: Mood, sight: Sight) -> str | None:
    """Return what stood in the way of this look.

    Someone who was seen for less than the room needs to count as occupied is nobody yet, and has
    no face to be read.
    """
    match sight:
        case RoomDark():
            return Obstacle.TOO_DARK.value
        case FaceObscured():
            return sight.obstacle.value if mood.is_present else None
        case _:
            return None


def _decided(video: Path, models: Path, rate_hz: float) -> Iterator[Decision]:
    with loadable():
        from soulsync_edge.adapters.camera_file import FileCamera

    try:
        settings = CameraSettings(adapter="file", device=str(video))
    except pydantic.ValidationError as error:
        raise Unavailable(
            f"{str(video)!r} holds control characters, which no setting may. Rename it."
        ) from error
    # The recording first: a wrong name should not have to wait for the models.
    camera = FileCamera(settings, live=False)
    with closing(camera):
        senses = load_senses(models)
        with closing(senses.finder):
            perception = Perception(senses.finder, senses.crop, senses.reader, settings)
            yield from decisions(camera, perception, rate_hz)


def _print(made: Iterator[Decision], *, as_json_lines: bool) -> None:
    for number, each in enumerate(made):
        if number == 0 and not as_json_lines:
            sys.stdout.write("      time  looks     valence  arousal  confidence\n")
        line = json.dumps(asdict(each)) if as_json_lines else _row(each)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _row(each: Decision) -> str:
    valence, arousal = (
        "      -" if value is None else f"{value:+7.2f}" for value in (each.valence, each.arousal)
    )
    # Where it is too dark to see anyone, that nobody is there would be saying too much.
    label = "-" if each.obstacle and not each.present else each.label
    row = f"{each.t_s:8.2f} s  {label:9} {valence}  {arousal}  {each.confidence:10.2f}"
    return f"{row}  {each.obstacle}" if each.obstacle else row
