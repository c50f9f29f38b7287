"""`soulsync playlist` on music that says nothing of itself: it is heard, and that is remembered."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from scipy.stats import spearmanr

from models.recipes.music.composing import compose
from soulsync_edge.adapters.hearing.rate import RATE_HZ
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.journey import Journey, PathRules
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD
from soulsync_edge.domain.path import plan
from soulsync_edge.domain.track import Catalogue
from soulsync_edge.programs.playlist import catalogue_in
from soulsync_edge.programs.playlist_ear import by_ear

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
DEMO_MUSIC = (ROOT / "build" / "demo-music").resolve()
SEEDS = 20
WAYS = (("sad", "happy"), ("sad", "calm"), ("angry", "calm"), ("tired", "energise"))


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def truth() -> Mapping[str, Affect]:
    """What each demo piece was composed to be, by its number in the list of them."""
    pieces = json.loads((DEMO_MUSIC / "pieces.json").read_text())
    return {piece["path"]: Affect(piece["valence"], piece["arousal"]) for piece in pieces}


@pytest.fixture(scope="module")
def nameless(
    tmp_path_factory: pytest.TempPathFactory, truth: Mapping[str, Affect]
) -> tuple[Catalogue, Mapping[str, Affect]]:
    """The demo music without tags, folders and names, and what each file was composed to be."""
    folder = tmp_path_factory.mktemp("nameless")
    known = {}
    for number, (name, affect) in enumerate(sorted(truth.items())):
        file = folder / f"{number * 37 % 101:03}{Path(name).suffix}"
        shutil.copy(DEMO_MUSIC / name, file)
        tags = mutagen.File(file)
        tags.delete()
        known[str(file)] = affect
    return by_ear(catalogue_in(folder), MODELS), known


@pytest.fixture(scope="module")
def tagged(truth: Mapping[str, Affect]) -> tuple[Catalogue, Mapping[str, Affect]]:
    """The demo music as it is."""
    known = {str(DEMO_MUSIC / name): affect for name, affect in truth.items()}
    return by_ear(catalogue_in(DEMO_MUSIC), MODELS), known


def rises(
    music: tuple[Catalogue, Mapping[str, Affect]], start: str, goal: str
) -> tuple[list[float], list[float]]:
    """Return, per seed, how well position goes with known valence, and with the known way.

    No single seed is told apart: which path one stands for depends on where the music lies.
    """
    catalogue, known = music
    begin, end = AFFECT_OF_WORD[start], AFFECT_OF_WORD[goal]
    valence, way = [], []
    for seed in range(SEEDS):
        path = plan(catalogue, Journey(begin, end), seed=str(seed), rules=PathRules())
        assert path is not None
        assert len({track.track_id for track in path.tracks}) == len(path.tracks)
        assert all(one.affect.distance_to(two.affect) <= 0.6 for one, two in pairwise(path.tracks))
        places = [known[track.path] for track in path.tracks]
        along = [
            one.valence * (end.valence - begin.valence)
            + one.arousal * (end.arousal - begin.arousal)
            for one in places
        ]
        order = range(len(places))
        valence.append(float(spearmanr(order, [one.valence for one in places]).statistic))
        way.append(float(spearmanr(order, along).statistic))
    return valence, way


@pytest.mark.parametrize(("start", "goal"), WAYS)
def test_with_its_tags_the_demo_music_leads_from_mood_to_mood(
    tagged: tuple[Catalogue, Mapping[str, Affect]], start: str, goal: str
) -> None:
    valence, way = rises(tagged, start, goal)

    assert np.mean(valence) >= 0.8
    assert np.mean(way) >= 0.7  # tags name five moods, so pieces of one mood come in any order
    if start == "sad":
        assert min(valence) >= 0.8


@pytest.mark.parametrize(("start", "goal"), WAYS)
def test_by_ear_alone_the_demo_music_leads_from_mood_to_mood(
    nameless: tuple[Catalogue, Mapping[str, Affect]], start: str, goal: str
) -> None:
    valence, way = rises(nameless, start, goal)

    assert np.mean(way) >= 0.8
    if start == "sad":  # what the valence of angry music is, is not heard as well
        assert np.mean(valence) >= 0.8


def test_what_is_known_by_ear_alone_says_so(
    nameless: tuple[Catalogue, Mapping[str, Affect]],
) -> None:
    catalogue, known = nameless

    assert len(catalogue.tracks) == len(known)
    assert {track.affect_source for track in catalogue.tracks} == {"its sound"}
    assert all(track.sound is not None for track in catalogue.tracks)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Five pieces nobody tagged, a double of one, and a file that only looks like music."""
    folder = tmp_path / "music"
    folder.mkdir()
    for number in range(5):
        soundfile.write(folder / f"{number}.flac", compose(number, "organ").samples, RATE_HZ)
    shutil.copy(folder / "0.flac", folder / "another.flac")
    shutil.copy(folder / "1.flac", folder / "cut.flac")
    whole = (folder / "cut.flac").read_bytes()
    (folder / "cut.flac").write_bytes(whole[:9000])
    return folder


def playlist(library: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    wishes = ["--library", str(library), "--from", "sad", "--to", "calm", "--json", *options]
    return subprocess.run(
        [sys.executable, "-m", "soulsync_edge", "playlist", *wishes],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_folder_without_tags_is_heard_and_what_cannot_be_is_named(
    library: Path, cache: Path
) -> None:
    done = playlist(library)

    rows = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert all(row["why"].endswith("going by its sound") for row in rows)
    names = [Path(row["path"]).name for row in rows]
    assert not {"cut.flac", "another.flac"} & set(names)
    assert done.stderr.count("cut.flac") == 1
    assert (cache / "soulsync" / "heard.db").exists()
    assert all(Affect(row["valence"], row["arousal"]) for row in rows)
    assert len(list(pairwise(names))) == len(set(names)) - 1


def test_what_was_heard_once_is_not_heard_again(library: Path) -> None:
    first = playlist(library)
    for file in library.iterdir():  # whoever opened it now would fail
        if file.name not in {"cut.flac", "another.flac"}:
            status = file.stat()
            file.write_bytes(file.read_bytes()[:4096].ljust(status.st_size, b"\0"))
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    again = playlist(library)

    assert json.loads(again.stdout) == json.loads(first.stdout)


def test_tags_alone_need_no_listening(library: Path) -> None:
    done = playlist(library, "--tags-only")

    assert done.returncode == 0
    assert all("a guess" in row["why"] for row in json.loads(done.stdout))
    assert done.stderr.count("cut.flac") == 0


def test_without_a_model_the_tags_must_do_and_that_is_said(library: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()

    done = playlist(library, "--models", str(tmp_path / "nothing"))

    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert "by its tags and folders alone" in done.stderr


def test_a_cache_that_cannot_be_kept_is_no_obstacle(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    done = playlist(library)

    assert done.returncode == 0
    assert all(row["why"].endswith("its sound") for row in json.loads(done.stdout))
    assert "heard again next time" in done.stderr
