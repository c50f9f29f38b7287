"""A camera that shows a made-up face playing a script, so that the demo needs nobody."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.adapters.actor_stage import Mix, Stage, load_faces
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.errors import Unavailable
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.ports import Clock

_CHANGE_S = 0.8
"""How long a face takes to change, or a person to come or go; half of it before the scene."""

_CYCLE_S = 60.0
_CYCLE: tuple[tuple[float, Emotion | None], ...] = (
    (0.0, Emotion.NEUTRAL),
    (0.2, Emotion.HAPPY),
    (0.43, None),
    (0.6, Emotion.SAD),
    (0.85, Emotion.NEUTRAL),
)
"""Share of a cycle at which each scene starts."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the actor shows from a moment on.

    Attributes:
        t_s: When, in seconds from the start of the script.
        label: The expression; None for an empty room.
    """

    t_s: float
    label: Emotion | None


def demo_script(total_s: float) -> tuple[Scene, ...]:
    """Return neutral, happy, nobody, sad, neutral, spread over `total_s` seconds.

    Long scripts repeat it about once a minute.

    Raises:
        ValueError: `total_s` is zero or less.
    """
    if total_s <= 0:
        raise ValueError(f"a script needs more than 0 seconds, got {total_s}")
    cycles = max(1, round(total_s / _CYCLE_S))
    cycle_s = total_s / cycles
    return tuple(
        Scene(round((cycle + share) * cycle_s, 2), label)
        for cycle in range(cycles)
        for share, label in _CYCLE
        if cycle == 0 or share > 0  # a cycle ends neutral: the next need not say it again
    )


class ActorCamera:
    """A `Camera` on class-average faces that morph, move, and stand in changing light.

    The same script, seed and time give the same picture. Nobody in particular is shown: each face
    is the mean of dozens of pictures (`models/actor.md`).

    Args:
        models: Folder with the manifest and `actor.npz`.
        script: Scenes in order of time; the last one stays.
        clock: What the time is.
        start_s: When the script starts, on that clock; None for now.
        seed: Of the room, the movements and the noise.

    Raises:
        ModelError: The faces are missing, damaged or not understood.
        ValueError: The script is empty or not in order of time.
    """

    def __init__(
        self,
        models: Path,
        script: Sequence[Scene],
        *,
        clock: Clock = time.monotonic,
        start_s: float | None = None,
        seed: int = 1,
    ) -> None:
        times = [scene.t_s for scene in script]
        if not times or times != sorted(times):
            raise ValueError("an actor's script needs scenes in order of time")
        self.name = "demo actor"
        self.script = tuple(script)
        self._clock = clock
        self._start_s = clock() if start_s is None else start_s
        self._stage = Stage(load_faces(models), seed)
        self._is_open = True

    def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002  # a picture is always ready
        if not self._is_open:
            raise Unavailable(f"{self.name}: it is closed")
        at_s = self._clock()
        return Frame(self.pixels_at(at_s - self._start_s), at_s)

    def close(self) -> None:
        self._is_open = False

    def pixels_at(self, t_s: float) -> Pixels:
        """Return the picture at `t_s` seconds into the script: (480, 640, 3) uint8 RGB."""
        mix, presence = _played(self.script, t_s)
        return self._stage.picture(mix, presence, t_s)


def _played(script: tuple[Scene, ...], t_s: float) -> tuple[Mix, float]:
    """Return the expression and how far the person is in the room (0 to 1) at `t_s`."""
    now = max((n for n, scene in enumerate(script) if scene.t_s - _CHANGE_S / 2 <= t_s), default=0)
    before, after = script[max(now - 1, 0)].label, script[now].label
    done = min(max((t_s - script[now].t_s) / _CHANGE_S + 0.5, 0.0), 1.0)
    eased = done * done * (3 - 2 * done)
    presence = (1 - eased) * (before is not None) + eased * (after is not None)
    # Who comes or goes keeps one face on the way.
    return Mix(
        before or after or Emotion.NEUTRAL, after or before or Emotion.NEUTRAL, eased
    ), presence
