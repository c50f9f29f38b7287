"""The taste, kept: off the loop, the newest only, erased for good, never in the way of a start."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.taste import Regard, Taste
from soulsync_edge.domain.taste_form import exported
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.services.taste_keeper import DAMAGED, PAUSE_S, RETRY_S, TASTE, TasteKeeper


class Worker(Executor):
    """Runs what it is given when the test says so, or at once."""

    def __init__(self, *, is_prompt: bool = True) -> None:
        self.is_prompt = is_prompt
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201  # Executor's own signature
        self.waiting.append(lambda: fn(*args, **kwargs))
        if self.is_prompt:
            self.work()
        return Future[object]()

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Desk:
    """A keeper with everything around it, and a room whose taste becomes known."""

    def __init__(self, *, is_prompt: bool = True) -> None:
        self.store = FakeStore()
        self.worker = Worker(is_prompt=is_prompt)
        self.clock = FakeClock()
        self.said: list[str] = []
        self.keeper = TasteKeeper(self.store, self.worker, self.said.append, self.clock)
        self.session = Session()

    def learn(self, taste: Taste) -> None:
        after = Session(taste=taste)
        self.keeper.show(self.session, after)
        self.session = after

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)
        self.keeper.show(self.session, self.session)

    @property
    def kept(self) -> Taste:
        return TasteKeeper(self.store, self.worker, self.said.append, self.clock).taste_at_start()


def liking(*names: str) -> Taste:
    return Taste(tuple(Regard(name, is_liked=True) for name in names))


def hearing(*names: str) -> Taste:
    return Taste(tuple(Regard(name, finishes=1) for name in names))


def test_the_taste_survives_a_restart() -> None:
    desk = Desk()

    desk.learn(liking("a"))

    assert desk.kept == liking("a")
    assert desk.said == [""]


def test_nothing_kept_is_no_taste_and_no_complaint() -> None:
    desk = Desk()

    assert desk.kept == Taste()
    assert desk.said == []


def test_what_follows_soon_is_kept_after_a_pause_as_the_newest() -> None:
    desk = Desk()

    for names in (("a",), ("a", "b"), ("a", "b", "c")):
        desk.learn(hearing(*names))
    assert desk.kept == hearing("a")
    desk.pass_time(PAUSE_S)

    assert desk.kept == hearing("a", "b", "c")


def test_what_somebody_says_does_not_wait() -> None:
    desk = Desk()
    desk.learn(hearing("a"))

    desk.learn(Taste((Regard("a", finishes=1, is_never=True),)))

    assert desk.kept.never == {"a"}


def test_there_is_never_more_than_one_write_under_way() -> None:
    desk = Desk(is_prompt=False)

    desk.learn(liking("a"))
    desk.learn(liking("b"))
    desk.pass_time(PAUSE_S)

    assert len(desk.worker.waiting) == 1
    desk.worker.work()
    desk.pass_time(1.0)
    desk.worker.work()
    assert desk.kept == liking("b")


def test_the_last_taste_is_kept_at_the_end() -> None:
    desk = Desk()
    desk.learn(hearing("a"))
    desk.learn(hearing("b"))

    desk.keeper.close()

    assert desk.kept == hearing("b")


def test_without_news_nothing_is_written() -> None:
    desk = Desk(is_prompt=False)

    desk.pass_time(PAUSE_S)
    desk.keeper.close()

    assert desk.worker.waiting == []


def test_erasing_does_not_wait_and_leaves_nothing() -> None:
    desk = Desk()
    desk.store.keep(DAMAGED, "{")
    desk.learn(liking("a"))

    desk.learn(Taste())

    assert desk.store.recall(TASTE) is None
    assert desk.store.recall(DAMAGED) is None


def test_what_cannot_be_kept_is_told_and_tried_again() -> None:
    desk = Desk()
    desk.store.failing = Unavailable("the disk is full")

    desk.learn(liking("a"))
    assert desk.said == ["what is learnt of the taste cannot be kept: the disk is full"]
    desk.store.failing = None
    desk.pass_time(RETRY_S)

    assert desk.said[-1] == ""
    assert desk.kept == liking("a")


def test_an_erasure_that_failed_is_tried_again() -> None:
    desk = Desk()
    desk.learn(liking("a"))
    desk.store.failing = Unavailable("the disk fails")
    desk.learn(Taste())
    desk.store.failing = None

    desk.pass_time(RETRY_S)

    assert desk.store.recall(TASTE) is None


def test_a_damaged_taste_is_set_aside_and_told_and_learning_begins_anew() -> None:
    for damaged in ("{", "[]", '{"version": 1}', json.dumps(exported(liking("a")))[:-3], "1e999"):
        desk = Desk()
        desk.store.keep(TASTE, damaged)

        assert desk.kept == Taste()
        assert "damaged" in desk.said[0]
        assert desk.store.recall(DAMAGED) == damaged


def test_a_lost_store_does_not_stop_the_start() -> None:
    said: list[str] = []
    keeper = TasteKeeper(LostStore("the disk fails"), Worker(), said.append, FakeClock())

    assert keeper.taste_at_start() == Taste()
    assert said == ["what was learnt of the taste cannot be read, and begins anew: the disk fails"]
