"""The trials, kept and told: off the loop, without where the mood was, erased for good."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest

from soulsync_edge.adapters.store_lost import LostStore
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.shifting import Approach, Goal
from soulsync_edge.domain.trial import Outcome, Trial
from soulsync_edge.fakes import FakeClock, FakeStore
from soulsync_edge.ports import Store
from soulsync_edge.services.trial_keeper import PAUSE_S, TRIALS, TrialKeeper

TRIAL = Trial(
    track_id="t1",
    day=739000,
    minute_of_day=1270,
    goal=Goal.CALM,
    approach=Approach.STEADY,
    before=Affect(-0.123, 0.456),
    after=Affect(-0.321, 0.654),
    progress=0.0123456,
    outcome=Outcome.STAYED,
    next_approach=Approach.SLOWER,
)
KEPT = replace(TRIAL, before=None, after=None, progress=0.012)


class Worker(Executor):
    """Runs what it is given when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201  # Executor's own signature
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future[object]()

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Desk:
    """A keeper with everything around it."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or FakeStore()
        self.worker, self.clock, self.said = Worker(), FakeClock(), list[str]()
        self.keeper = TrialKeeper(self.store, self.worker, self.said.append, self.clock)
        self.session = Session()

    def tries(self, *trials: Trial) -> None:
        after = replace(self.session, trials=trials)
        self.keeper.show(self.session, after)
        self.session = after


def test_trials_survive_a_restart_but_for_where_the_mood_was() -> None:
    desk = Desk()
    desk.tries(TRIAL)
    desk.worker.work()

    assert desk.keeper.trials_at_start() == (KEPT,)
    assert not {"before", "after"} & json.loads(desk.store.recall(TRIALS) or "")[0].keys()


def test_what_follows_soon_is_kept_after_a_pause_or_at_the_end() -> None:
    desk = Desk()
    desk.tries(TRIAL)
    desk.worker.work()
    desk.tries(TRIAL, TRIAL)
    assert not desk.worker.waiting

    desk.clock.pass_time(PAUSE_S)
    desk.keeper.show(desk.session, desk.session)
    desk.worker.work()
    assert len(desk.keeper.trials_at_start()) == 2

    desk.tries(TRIAL, TRIAL, TRIAL)
    desk.keeper.close()
    desk.worker.work()
    assert len(desk.keeper.trials_at_start()) == 3


def test_erased_trials_are_gone_at_once() -> None:
    desk = Desk()
    desk.tries(TRIAL)
    desk.worker.work()
    desk.tries()
    desk.worker.work()

    assert desk.store.recall(TRIALS) is None


def test_the_log_tells_each_trial_once_and_nothing_of_the_mood(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    with caplog.at_level(logging.INFO):
        desk.tries(TRIAL)
        desk.keeper.show(desk.session, desk.session)

    assert caplog.messages == ["track t1 was to lead to calm (steady); it goes on slower"]


def test_a_damaged_value_is_no_trials_and_a_warning_but_no_lasting_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.store.keep(TRIALS, json.dumps([{"goal": "calm"}]))

    assert desk.keeper.trials_at_start() == ()
    assert "cannot be read" in caplog.text
    assert desk.said == []


def test_a_store_that_fails_is_complained_of_and_tried_again() -> None:
    desk = Desk(LostStore("the card is full"))
    desk.tries(TRIAL)
    desk.worker.work()
    desk.clock.pass_time(PAUSE_S)
    desk.keeper.show(desk.session, desk.session)

    assert "the card is full" in desk.said[0]
    assert desk.worker.waiting
