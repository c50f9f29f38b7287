"""What is simulated: scenarios, listeners, libraries and ways to steer; and doing it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context

from models.recipes.emotion.figures import read_figures
from models.recipes.music.record import MODELS, recorded
from scripts.simulate.chance import drawn_from
from scripts.simulate.evening import Evening, evening
from scripts.simulate.face import FaceReader, face_reader
from scripts.simulate.library import Ear, Library, some_library
from scripts.simulate.listener import Kind, some_listener
from scripts.simulate.outcome import Outcome, outcome
from scripts.simulate.steersmen import (
    Bandit,
    Drawn,
    Greedy,
    Jump,
    Match,
    OpenLoop,
    Ours,
    Steersman,
)
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import AFFECT_OF, Emotion
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal
from soulsync_edge.domain.track import Catalogue

OURS = "ours"

WAYS: Mapping[str, Callable[[Catalogue, Goal, str], Steersman]] = {
    "random": Drawn,
    "match": Match,
    "jump": Jump,
    "greedy": Greedy,
    "bandit": Bandit,
    "iso, open loop": OpenLoop,
    OURS: Ours,
}
"""The ways to steer by name."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """From which mood to which goal."""

    name: str
    start: Affect
    goal: Goal


SCENARIOS = (
    Scenario("sad to lift", AFFECT_OF[Emotion.SAD], Goal.LIFT),
    Scenario("angry to calm", AFFECT_OF[Emotion.ANGRY], Goal.CALM),
    Scenario("tired to energise", Affect(-0.20, -0.60), Goal.ENERGISE),
    Scenario("neutral to focus", AFFECT_OF[Emotion.NEUTRAL], Goal.FOCUS),
)
WINDOWS = (None, 0.8, 0.5)
SIZES = (50, 500, 5000)
USUAL_SIZE = 500
USUAL_WINDOW = 0.8


@dataclass(frozen=True, slots=True)
class Cell:
    """Circumstances under which all ways are compared.

    Attributes:
        scenario: From where to where.
        window: That of the listener.
        tracks: Size of the library.
        kind: How the listener responds.
    """

    scenario: Scenario
    window: float | None
    tracks: int = USUAL_SIZE
    kind: Kind = Kind.USUAL

    @property
    def name(self) -> str:
        """What it is, in words."""
        words = [self.scenario.name, window_words(self.window)]
        if self.tracks != USUAL_SIZE:
            words.append(f"{self.tracks:,} tracks")
        if self.kind is not Kind.USUAL:
            words.append(f"a listener: {self.kind.value}")
        return ", ".join(words)


def window_words(window: float | None) -> str:
    """Return how a window is called."""
    return "no window" if window is None else f"window {window:g}"


def all_cells() -> list[Cell]:
    """Return everything that is simulated: windows, then sizes, then other listeners."""
    windows = [Cell(scenario, window) for scenario in SCENARIOS for window in WINDOWS]
    sizes = [
        Cell(scenario, USUAL_WINDOW, tracks)
        for scenario in SCENARIOS[:2]
        for tracks in SIZES
        if tracks != USUAL_SIZE
    ]
    kinds = [Cell(SCENARIOS[0], USUAL_WINDOW, kind=kind) for kind in Kind if kind is not Kind.USUAL]
    return windows + sizes + kinds


@cache
def shipped_reader() -> FaceReader:
    """Return a reader of faces as good as the shipped emotion model."""
    return face_reader(read_figures(MODELS))


@cache
def shipped_ear() -> Ear:
    """Return an ear as good as the shipped affect model."""
    held = recorded()["cross_validation"]
    return Ear(held["valence_r2"]["value"], held["arousal_r2"]["value"])


def outcomes(cell: Cell, run: int, seed: int) -> dict[str, Outcome]:
    """Return what every way came to in one run: the same listener, library and chance for all."""
    name = f"{seed}:{run}"
    library = some_library(cell.tracks, shipped_ear(), drawn_from(f"{name}:library"))
    goal = AFFECT_OF_GOAL[cell.scenario.goal]
    found = {}
    for way, make in WAYS.items():
        steersman = make(library.catalogue, cell.scenario.goal, f"{name}:{way}")
        found[way] = outcome(_evening(cell, library, steersman, name), library, goal)
    return found


def played_by_ours(cell: Cell, seed: int) -> tuple[str, ...]:
    """Return the names of the tracks ours played in the first run of `cell`."""
    name = f"{seed}:0"
    library = some_library(cell.tracks, shipped_ear(), drawn_from(f"{name}:library"))
    ours = Ours(library.catalogue, cell.scenario.goal, f"{name}:{OURS}")
    return tuple(track.track_id for track in _evening(cell, library, ours, name).tracks)


def simulated(
    cells: Sequence[Cell], runs: int, seed: int, processes: int
) -> Iterator[tuple[Cell, dict[str, Outcome]]]:
    """Yield every cell `runs` times with what each way came to, in order."""
    tasks = [(cell, run) for cell in cells for run in range(runs)]
    if processes == 1:
        yield from ((cell, outcomes(cell, run, seed)) for cell, run in tasks)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        found = pool.map(partial(_outcomes_of, seed=seed), tasks, chunksize=5)
        yield from zip((cell for cell, _ in tasks), found, strict=True)


def _outcomes_of(task: tuple[Cell, int], seed: int) -> dict[str, Outcome]:
    cell, run = task
    return outcomes(cell, run, seed)


def _evening(cell: Cell, library: Library, steersman: Steersman, name: str) -> Evening:
    chance = drawn_from(f"{name}:listener")
    listener = some_listener(cell.scenario.start, cell.window, cell.kind, chance)
    return evening(listener, library, steersman, shipped_reader(), name)
