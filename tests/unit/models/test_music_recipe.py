"""The recipe of the affect model, on clips that are made up."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.recipes.music.composed import ComposedCorpus, composed_corpus
from models.recipes.music.composing import compose
from models.recipes.music.cues import MINOR, Cues
from models.recipes.music.fitting import (
    Arrays,
    fitted,
    held_out,
    held_out_families,
    score_arrays,
)
from models.recipes.music.fourq import FRAMES, LABELS, Corpus, DataError, read_corpus
from models.recipes.music.train import packed
from models.recipes.music.voices import FAMILIES
from soulsync_edge.adapters.hearing.affect_model import load_affect_model
from soulsync_edge.adapters.hearing.descriptors import names
from soulsync_edge.adapters.hearing.rate import RATE_HZ

CLIPS = 24
GROUPS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of noise that is the brighter the more excited they are said to be."""
    folder = tmp_path_factory.mktemp("music")
    chance = np.random.default_rng(3)
    arousal = chance.uniform(3.5, 6.0, CLIPS)
    slope = np.linspace(1, 0, 40)[None, :]
    mel = [
        chance.integers(60, 200, (4 * GROUPS, 40)) - (6 - one) * 30 * (1 - slope) for one in arousal
    ]
    level = chance.normal(-15, 3, (CLIPS * GROUPS, 1))
    others = np.abs(chance.normal(size=(CLIPS * GROUPS, 6))) * [0.1, 900, -5, 2000, 4000, 0.5]
    np.savez(
        folder / FRAMES,
        song=np.array([f"S{number}" for number in range(CLIPS)]),
        mel=np.concatenate(mel).clip(0, 255).astype(np.uint8),
        mel_len=np.full(CLIPS, 4 * GROUPS),
        chroma_sqrt=chance.integers(0, 255, (CLIPS * GROUPS, 12)).astype(np.uint8),
        scalars=np.concatenate([level, others], axis=1).astype(np.float16),
        frame4_len=np.full(CLIPS, GROUPS),
    )
    with (folder / LABELS).open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["song", "quadrant", "tag_valence_1_9", "tag_arousal_1_9", "artist_id"])
        for number, one in enumerate(arousal):
            quadrant = "Q1" if one > 4.8 else "Q4"
            rows.writerow([f"S{number}", quadrant, 5 + number % 3, f"{one:.3f}", number // 2])
    return folder


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return read_corpus(folder)


@pytest.fixture(scope="module")
def composed() -> ComposedCorpus:
    return composed_corpus(seed=7, each=6)


@pytest.fixture(scope="module")
def score(composed: ComposedCorpus) -> Arrays:
    return score_arrays(composed, seed=0)


def test_the_clips_are_read_as_the_device_would_hear_them(corpus: Corpus) -> None:
    assert corpus.names == names()
    assert corpus.rows.shape == (CLIPS, len(names()))
    assert corpus.parts.shape == (2, CLIPS, len(names()))
    assert np.isfinite(corpus.rows).all()
    assert np.isfinite(corpus.parts).all()
    assert np.abs(corpus.affect).max() < 1.5


def test_a_fitted_model_loads_on_the_device_and_knows_bright_from_dull(
    corpus: Corpus, composed: ComposedCorpus, score: Arrays
) -> None:
    content = packed(fitted(corpus, np.arange(CLIPS), composed, score, seed=0))

    model = load_affect_model(io.BytesIO(content), "made.npz", names())

    places = model.placed(corpus.rows, model.usual)
    told = [affect.arousal for affect, _ in places]
    assert np.corrcoef(told, corpus.affect[:, 1])[0, 1] > 0.8
    assert all(spread.valence > 0 and spread.arousal > 0 for _, spread in places)


def test_the_same_seed_gives_the_same_bytes(
    corpus: Corpus, composed: ComposedCorpus, score: Arrays
) -> None:
    which = np.arange(0, CLIPS, 2)
    first, again, other = (
        packed(fitted(corpus, which, composed, score, seed)) for seed in (4, 4, 5)
    )

    assert first == again
    assert first != other


def test_no_artist_is_heard_before_being_judged(
    corpus: Corpus, composed: ComposedCorpus, score: Arrays
) -> None:
    seen: list[int] = []
    for test, arrays in held_out(corpus, composed, score, seed=0):
        others = np.setdiff1d(np.arange(CLIPS), test)
        assert set(corpus.artist[test]).isdisjoint(corpus.artist[others])
        assert arrays["mean"] == pytest.approx(corpus.rows[others].mean(axis=0))
        seen += test.tolist()

    assert sorted(seen) == list(range(CLIPS))


def test_no_family_of_instruments_is_heard_before_being_judged(composed: ComposedCorpus) -> None:
    held, _ = held_out_families(composed, seed=0)
    of_one = composed.family == 2
    turned = np.where(of_one[:, None], -composed.affect, composed.affect)
    others = replace(composed, affect=turned)

    again, _ = held_out_families(others, seed=0)

    assert again[of_one] == pytest.approx(held[of_one])
    assert again[~of_one] != pytest.approx(held[~of_one])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_piece_is_composed_alike_for_the_same_seed_and_never_silent(family: str) -> None:
    piece, again = compose(3, family), compose(3, family)

    assert (piece.samples == again.samples).all()
    assert piece.cues == again.cues
    assert len(piece.samples) == 30 * RATE_HZ
    assert np.abs(piece.samples).max() == pytest.approx(0.8)
    assert np.isfinite(piece.samples).all()


def test_what_cues_add_up_to_follows_mode_and_pace() -> None:
    plain = Cues("major", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, is_drummed=False)

    for mode in MINOR:
        assert replace(plain, mode=mode).affect[0] < plain.affect[0] - 0.5
    assert replace(plain, pace=1.0).affect[1] > plain.affect[1] + 0.4
    assert replace(plain, pace=1.0).tempo_bpm > 2 * replace(plain, pace=-1.0).tempo_bpm
    assert replace(plain, roughness=1.0).affect[0] < plain.affect[0]


def _arrays(folder: Path) -> dict[str, NDArray[Any]]:
    with np.load(folder / FRAMES) as file:
        return {name: file[name] for name in file.files}


def _without(folder: Path, name: str) -> None:
    arrays = _arrays(folder)
    del arrays[name]
    np.savez(folder / FRAMES, **arrays)


def _with(folder: Path, name: str, array: NDArray[Any]) -> None:
    np.savez(folder / FRAMES, **_arrays(folder) | {name: array})


def _shortened(folder: Path) -> None:
    arrays = _arrays(folder)
    lengths = np.full(CLIPS, GROUPS)
    lengths[:2] = 1, 2 * GROUPS - 1
    np.savez(folder / FRAMES, **arrays | {"frame4_len": lengths, "mel_len": 4 * lengths})


def _said(folder: Path, before: str, after: str) -> None:
    text = (folder / LABELS).read_text()
    assert before in text
    (folder / LABELS).write_text(text.replace(before, after, 1))


def _by_one_artist(folder: Path) -> None:
    rows = (folder / LABELS).read_text().splitlines()
    one = [row.rpartition(",")[0] + ",1" for row in rows[1:]]
    (folder / LABELS).write_text("\n".join([rows[0], *one]) + "\n")


def _renamed(folder: Path) -> dict[str, NDArray[Any]]:
    arrays = _arrays(folder)
    return arrays | {"song": arrays["song"][::-1]}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / LABELS).unlink(), LABELS),
        (lambda folder: (folder / FRAMES).unlink(), FRAMES),
        (lambda folder: (folder / FRAMES).write_bytes(b"no"), FRAMES),
        (lambda folder: (folder / LABELS).write_text("song,quadrant\nS0,Q1\n"), "artist_id"),
        (lambda folder: _without(folder, "mel_len"), "mel_len"),
        (lambda folder: _with(folder, "mel_len", np.full(CLIPS, 10_000)), "mel_len tells of"),
        (lambda folder: _with(folder, "frame4_len", np.full(CLIPS + 1, 1)), "frame4_len tells of"),
        (lambda folder: _with(folder, "scalars", np.zeros((CLIPS * GROUPS, 6))), "7 columns"),
        (lambda folder: _with(folder, "mel", np.zeros((4, 4, 4))), "40 columns"),
        (_shortened, "needs 32 frames"),
        (lambda folder: _said(folder, "Q1", "Q9"), "line [0-9]+: quadrant is 'Q9'"),
        (lambda folder: _said(folder, ",5,", ",,"), "tag_valence_1_9 is ''"),
        (lambda folder: _said(folder, ",5,", ",nan,"), "tag_valence_1_9 is 'nan'"),
        (lambda folder: _said(folder, ",5,", ",55,"), "from 1 to 9"),
        (_by_one_artist, "1 artists"),
        (lambda folder: (folder / LABELS).write_bytes(b"song,\xff"), LABELS),
        (lambda folder: np.savez(folder / FRAMES, **_renamed(folder)), "same clips"),
    ],
)
def test_a_folder_that_is_not_as_it_must_be_is_told(
    folder: Path, tmp_path: Path, spoil: Any, says: str
) -> None:
    for name in (FRAMES, LABELS):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    spoil(tmp_path)

    with pytest.raises(DataError, match=says):
        read_corpus(tmp_path)
