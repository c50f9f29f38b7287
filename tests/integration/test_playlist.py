"""`soulsync playlist` as a program: on small folders, on odd ones, and on the demo music."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import mutagen
import pytest
from scipy.stats import spearmanr

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.journey import Journey, PathRules
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD
from soulsync_edge.domain.path import plan
from soulsync_edge.domain.track import Catalogue, Track
from soulsync_edge.programs.playlist import catalogue_in
from tests.music_files import write_tone

DEMO_MUSIC = Path(__file__).parents[2] / "build" / "demo-music"
FIELDS = {"path", "title", "valence", "arousal", "why"}
MOODS = ("sad", "sad", "gloomy", "neutral", "dreamy", "calm", "peaceful", "calm", "calm")


def command(library: Path, *options: str, start: str = "sad", goal: str = "calm") -> list[str]:
    wishes = ["--library", str(library), "--from", start, "--to", goal, *options]
    return [sys.executable, "-m", "soulsync_edge", "playlist", *wishes]


def playlist(
    library: Path, *options: str, start: str = "sad", goal: str = "calm"
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(library, *options, start=start, goal=goal),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rows(library: Path, *options: str, start: str = "sad", goal: str = "calm") -> Any:
    done = playlist(library, "--json", *options, start=start, goal=goal)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(library: Path, *options: str, start: str = "sad", goal: str = "calm") -> str:
    done = playlist(library, *options, start=start, goal=goal)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("soulsync playlist: ")
    return line


def write_song(path: Path, mood: str) -> Path:
    file = mutagen.File(write_tone(path))
    file["mood"], file["artist"] = mood, "Ann"
    file.save()
    return path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few seconds of each of `MOODS`."""
    folder = tmp_path_factory.mktemp("library")
    for number, mood in enumerate(MOODS):
        write_song(folder / f"{number} {mood}.flac", mood)
    return folder


def test_people_get_the_way_with_a_reason_for_every_track(library: Path) -> None:
    done = playlist(library)

    head, *lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert head == "From sad to calm: 5 tracks, 0.1 minutes"
    assert lines[0].split()[:2] == ["1", "0:01"]
    assert lines[1].strip() == ("starts where the mood is: quiet and dark, going by its mood tag")
    assert lines[9].endswith("at the goal: calm, going by its mood tag")
    assert done.stderr == ""  # no progress bar in a pipe


def test_programs_get_a_list_of_the_five_fields(library: Path) -> None:
    listed = rows(library)

    assert [set(row) for row in listed] == [FIELDS] * 5
    assert all(Path(row["path"]).is_file() for row in listed)
    assert (listed[0]["valence"], listed[0]["arousal"]) == (-0.65, -0.35)
    assert listed == rows(library)


def test_another_seed_may_give_another_playlist(library: Path) -> None:
    assert len({str(rows(library, "--seed", seed)) for seed in "abcd"}) > 1


def test_the_time_wanted_is_filled_at_the_goal(library: Path) -> None:
    listed = rows(library, "--minutes", str(7 / 60))

    assert len(listed) == 7
    assert [row["why"].partition(":")[0] for row in listed[-2:]] == ["stays at the goal"] * 2


def test_too_little_music_for_the_time_is_said_beside_the_list(library: Path) -> None:
    done = playlist(library, "--minutes", "30", "--json")

    assert len(json.loads(done.stdout)) >= 7
    assert "note: it is 0 of 30 minutes: there is no more music near calm" in done.stderr


def test_the_playlist_file_names_the_same_tracks_from_where_it_lies(library: Path) -> None:
    file = library / "way.m3u"

    listed = rows(library, "--m3u", str(file))

    places = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [str(library.resolve() / place) for place in places] == [row["path"] for row in listed]


def test_names_of_any_bytes_come_through(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\x1b[2Jcaf\xe9.flac")
    write_song(tmp_path / "a.flac", "calm").rename(odd)

    assert os.fsencode(rows(tmp_path)[0]["path"]) == os.fsencode(odd.resolve())
    people = playlist(tmp_path, "--m3u", str(tmp_path / "a.m3u"))
    assert people.returncode == 0
    assert "\x1b" not in people.stdout
    assert "caf%E9.flac" in (tmp_path / "a.m3u").read_text("utf-8")


def test_a_single_track_is_a_playlist_that_says_what_it_lacks(tmp_path: Path) -> None:
    write_song(tmp_path / "a.flac", "calm")

    done = playlist(tmp_path)

    assert done.returncode == 0
    assert done.stdout.startswith("From sad to calm: 1 track, ")
    assert "Note: it has 1 instead of 5 tracks: there are no more that fit" in done.stdout


def test_a_word_nobody_knows_is_refused_with_all_that_are_known(library: Path) -> None:
    line = refusal(library, start="sadd")

    assert "--from 'sadd' is no mood known here (did you mean sad?)" in line
    assert "known are the goals calm, focus, lift, energise, sleep and the moods afraid, " in line
    moods = line.partition("moods ")[2].split(", ")
    assert {"angry", "tired"} <= set(moods)
    assert "calm" not in moods
    assert "--to 'purple'" in refusal(library, goal="purple")


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_an_impossible_time_is_refused(library: Path, minutes: str) -> None:
    assert "--minutes must be a number of minutes above 0, like 30; got" in refusal(
        library, f"--minutes={minutes}"
    )


def test_a_folder_without_music_is_refused_in_words(tmp_path: Path) -> None:
    assert "holds no music" in refusal(tmp_path)

    (tmp_path / "broken.mp3").write_bytes(b"no")

    assert "1 file cannot be played: see what `soulsync scan`" in refusal(tmp_path)


def test_a_missing_folder_is_refused_in_words(tmp_path: Path) -> None:
    assert "cannot be opened: no such file or directory" in refusal(tmp_path / "none")


def test_music_that_is_all_deeper_in_the_dark_is_refused_in_words(tmp_path: Path) -> None:
    write_song(tmp_path / "a.flac", "aggressive")

    assert "there is no way from sad to calm" in refusal(tmp_path)


def test_a_file_that_is_no_playlist_is_left_alone(library: Path, tmp_path: Path) -> None:
    song = write_tone(tmp_path / "song.flac")
    before = song.read_bytes()

    assert "no playlist; name another file" in refusal(library, "--m3u", str(song))
    assert song.read_bytes() == before


def test_a_reader_that_has_seen_enough_is_no_fault(library: Path) -> None:
    with subprocess.Popen(
        command(library), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        complaints = program.stderr.read()
        status = program.wait(60)

    assert (status, complaints) == (0, "")


def test_a_terminal_sees_how_far_the_reading_is(library: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command(library), stdout=subprocess.DEVNULL, stderr=theirs, timeout=120, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == 0
    assert f"0 of {len(MOODS)}" in shown
    assert shown.endswith("\x1b[K")


@pytest.fixture(scope="module")
def demo() -> Catalogue:
    return catalogue_in(DEMO_MUSIC)


@pytest.fixture(scope="module")
def truth() -> Mapping[str, Affect]:
    """The mood each piece of the demo music was composed to have."""
    pieces = json.loads((DEMO_MUSIC / "pieces.json").read_text("utf-8"))
    return {
        str(DEMO_MUSIC.resolve() / piece["path"]): Affect(piece["valence"], piece["arousal"])
        for piece in pieces
    }


WAYS = [("sad", "calm"), ("sad", "happy"), ("angry", "calm")]


def reach(one: Track, other: Track) -> float:
    return one.affect.distance_to(other.affect)


@pytest.mark.parametrize(("start", "goal"), WAYS)
def test_the_demo_music_leads_from_near_the_start_to_near_the_goal(
    demo: Catalogue, truth: Mapping[str, Affect], start: str, goal: str
) -> None:
    journey = Journey(AFFECT_OF_WORD[start], AFFECT_OF_WORD[goal])
    for seed in range(20):
        path = plan(demo, journey, seed=str(seed), rules=PathRules())
        assert path is not None
        tracks = path.tracks

        assert len({track.path for track in tracks}) == len(tracks) >= 5
        # On what was composed, not on our own reading of it.
        assert truth[tracks[0].path].distance_to(journey.start) < 0.35
        assert truth[tracks[-1].path].distance_to(journey.goal) < 0.35
        for one, other in pairwise(tracks):
            assert reach(one, other) <= 0.6 or not a_bridge(demo, one, other)


def a_bridge(demo: Catalogue, one: Track, other: Track) -> bool:
    """Whether a track lies within a step of both and on the way between them."""
    return any(
        max(reach(one, track), reach(track, other)) <= 0.6
        and track.affect.valence >= min(one.affect.valence, other.affect.valence)
        for track in demo.tracks
    )


def test_known_valence_rises_along_the_way_from_sad_to_happy(
    demo: Catalogue, truth: Mapping[str, Affect]
) -> None:
    journey = Journey(AFFECT_OF_WORD["sad"], AFFECT_OF_WORD["happy"])
    rises = []
    for seed in range(20):
        path = plan(demo, journey, seed=str(seed), rules=PathRules())
        assert path is not None
        valences = [truth[track.path].valence for track in path.tracks]
        rises.append(float(spearmanr(range(len(valences)), valences).statistic))

    # Tags name five moods, so pieces of one mood come in any order: a run may lie a little below.
    assert sum(rises) / len(rises) >= 0.8
    assert min(rises) >= 0.7
