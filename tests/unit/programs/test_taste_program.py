"""`soulsync taste`: what was learnt is written out and erased, and not behind core's back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.cli import EX_UNAVAILABLE, main
from soulsync_edge.domain.taste import Regard, Taste
from soulsync_edge.domain.taste_form import exported, taste_from
from soulsync_edge.services.taste_keeper import TASTE
from soulsync_edge.services.trial_keeper import TRIALS

LEARNT = Taste((Regard("a1", "Sorting Buttons", "A\udcffda", is_never=True),))
TRIED = {
    "track_id": "tried",
    "day": 740_000,
    "minute_of_day": 600,
    "goal": "calm",
    "approach": "steady",
    "progress": 0.2,
    "outcome": "followed",
    "next_approach": "steady",
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    store = SqliteStore(tmp_path / "soulsync.db")
    store.keep(TASTE, json.dumps(exported(LEARNT)))
    store.keep(TRIALS, json.dumps([TRIED]))
    store.close()
    return tmp_path


@pytest.fixture
def core(state: Path) -> Iterator[SqliteStore]:
    """Return the store as a running core holds it."""
    store = SqliteStore(state / "soulsync.db")
    store.recall(TASTE)
    yield store
    store.close()


def test_it_is_printed(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["taste", "export", "--state-dir", str(state)]) == 0

    told = json.loads(capsys.readouterr().out)
    assert taste_from(told) == LEARNT
    assert told["trials"] == [TRIED]


def test_trials_that_were_lost_with_a_damaged_store_do_not_hold_back_the_taste(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "soulsync.db").write_bytes(b"no database at all " * 300)
    store = SqliteStore(tmp_path / "soulsync.db")
    store.keep(TASTE, json.dumps(exported(LEARNT)))
    store.close()

    assert main(["taste", "export", "--state-dir", str(tmp_path)]) == 0

    told = json.loads(capsys.readouterr().out)
    assert taste_from(told) == LEARNT
    assert told["trials"] == []
    assert "left out" in caplog.text


def test_it_is_written_to_a_file(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "taste.json"

    assert main(["taste", "export", str(file), "--state-dir", str(state)]) == 0

    assert taste_from(json.loads(file.read_text("utf-8"))) == LEARNT


def test_a_file_that_cannot_be_written_is_told(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = state / "no folder" / "taste.json"

    assert main(["taste", "export", str(file), "--state-dir", str(state)]) == EX_UNAVAILABLE

    assert f"{file} cannot be written" in capsys.readouterr().err


def test_erased_is_gone_from_every_byte(state: Path) -> None:
    def traces() -> list[bytes]:
        whole = b"".join(file.read_bytes() for file in state.iterdir())
        return [word for word in (b"Sorting Buttons", b"tried") if word in whole]

    assert len(traces()) == 2

    assert main(["taste", "erase", "--state-dir", str(state)]) == 0

    assert traces() == []


def test_a_damaged_store_beside_it_is_named(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    aside = state / "soulsync.db.corrupt-1"
    aside.write_bytes(b"old")

    assert main(["taste", "erase", "--state-dir", str(state)]) == 0

    assert str(aside) in caplog.text


@pytest.mark.parametrize("deed", ["export", "erase"])
@pytest.mark.usefixtures("core")
def test_while_core_runs_it_says_what_to_do(
    deed: str,
    state: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("soulsync_edge.adapters.store_sqlite._BUSY_S", 0.05)

    assert main(["taste", deed, "--state-dir", str(state)]) == EX_UNAVAILABLE

    assert "While core runs, the page exports and erases" in capsys.readouterr().err


@pytest.mark.parametrize("deed", ["export", "erase"])
def test_without_a_store_there_is_nothing_and_none_is_made(
    deed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["taste", deed, "--state-dir", str(tmp_path)]) == EX_UNAVAILABLE

    assert "nothing was learnt" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_taste_is_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore(state / "soulsync.db")
    store.keep(TASTE, "{")
    store.close()

    assert main(["taste", "export", "--state-dir", str(state)]) == EX_UNAVAILABLE

    assert "damaged" in capsys.readouterr().err
