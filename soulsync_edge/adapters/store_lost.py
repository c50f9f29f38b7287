"""The store of a machine whose disk fails: it keeps nothing, and says so whenever it is asked."""

from collections.abc import Collection, Iterable, Mapping
from typing import NoReturn

from soulsync_edge.domain.hearing import Hearing
from soulsync_edge.domain.library import Found, Stick
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.errors import Unavailable


class LostStore:
    """A `Store` that refuses: what was kept cannot be read, and nothing is kept.

    Args:
        why: What became of the real one, and what to do.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def sticks(self) -> NoReturn:
        raise Unavailable(self._why)

    def known(self, stick: Stick) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def stamps(self, library: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def keep_found(self, stick: Stick, found: Iterable[Found]) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def keep_complete(
        self,
        stick: Stick,  # noqa: ARG002  # as the port has it
        track_ids: Collection[str],  # noqa: ARG002
        skipped: Iterable[SkippedFile],  # noqa: ARG002
    ) -> NoReturn:
        raise Unavailable(self._why)

    def hearings(self, track_ids: Iterable[str], version: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def analysis(self, content: str, version: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def keep_hearings(self, hearings: Mapping[str, Hearing], version: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def recall(self, name: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def keep(self, name: str, value: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def forget(self, name: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def close(self) -> None:
        """Do nothing: there is nothing to finish."""
