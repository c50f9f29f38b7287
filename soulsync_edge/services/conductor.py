"""The one task that owns the state: take an event, step, perform, show."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from soulsync_edge.domain.commands import (
    Command,
    PlayTone,
    PlayTrack,
    SetCamera,
    SetVolume,
    StopMusic,
)
from soulsync_edge.domain.events import CatalogueChanged, Event, RulesChanged
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue
from soulsync_edge.ports import Clock, Observer, Player
from soulsync_edge.services.inbox import Inbox

logger = logging.getLogger(__name__)

Record = Callable[[Event, Context, tuple[Command, ...]], None]
"""Keeps an event, what it was judged by and what was decided; never raises."""


class Conductor:
    """Holds the session and the context, and is the only one who changes them.

    Args:
        inbox: Where events come from.
        session: The state to begin with.
        context: The rules and the catalogue to begin with.
        player: Performs what concerns sound.
        set_camera: Performs what concerns the eye.
        clock: Stamps what the conductor itself makes happen.
        record: Keeps a trace, or None.
    """

    def __init__(  # noqa: PLR0913  # all that a conductor needs, said once in core
        self,
        inbox: Inbox,
        session: Session,
        context: Context,
        *,
        player: Player,
        set_camera: Callable[[bool], object],
        clock: Clock,
        record: Record | None = None,
    ) -> None:
        self._inbox = inbox
        self._session = session
        self._context = context
        self._player = player
        self._set_camera = set_camera
        self._clock = clock
        self._record = record
        self._observers: list[Observer] = []

    def state(self) -> tuple[Session, Context]:
        """Return the present session and its context."""
        return self._session, self._context

    def add_observers(self, observers: Sequence[Observer]) -> None:
        """Show every change to `observers` from now on, in their order."""
        self._observers.extend(observers)

    def remove_observer(self, observer: Observer) -> None:
        """Show nothing to `observer` any more."""
        self._observers.remove(observer)

    def swap_catalogue(self, catalogue: Catalogue) -> None:
        """Judge by `catalogue` from now on."""
        self._context = replace(self._context, catalogue=catalogue)
        self._inbox.post(CatalogueChanged(self._clock()))

    def refine_catalogue(self, catalogue: Catalogue) -> None:
        """Judge by `catalogue` from now on: the same music as before, better known.

        That is no event: no track came or went, and what failed before is as it was.
        """
        self._context = replace(self._context, catalogue=catalogue)

    def swap_rules(self, rules: Rules) -> None:
        """Judge by `rules` from now on."""
        self._context = replace(self._context, rules=rules)
        self._inbox.post(RulesChanged(self._clock()))

    async def run(self) -> None:
        """Conduct until cancelled."""
        while True:
            self.conduct(await self._inbox.take())

    def conduct(self, event: Event) -> None:
        """Let `event` change the session, ask the actuators, and show the outcome."""
        before = self._session
        self._session, commands = step(before, event, self._context)
        if self._record is not None:
            self._record(event, self._context, commands)
        for command in commands:
            self._perform(command)
        for observer in self._observers:
            try:
                observer(before, self._session)
            except Exception:
                # The one place that catches everything: no view may stop the music.
                logger.exception("an observer failed at %s and was skipped", type(event).__name__)

    def _perform(self, command: Command) -> None:
        match command:
            case PlayTrack():
                self._player.play(command)
            case StopMusic():
                self._player.stop(command.fade_s)
            case PlayTone():
                self._player.play_tone()
            case SetVolume():
                self._player.set_volume(command.volume_pct)
            case SetCamera():
                self._set_camera(command.is_on)
            case _:
                assert_never(command)
