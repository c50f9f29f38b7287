"""The store of a machine whose disk fails: it keeps nothing, and says so whenever it is asked."""

from collections.abc import Iterable, Mapping
from typing import NoReturn

from soulsync_edge.domain.hearing import Hearing
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable


class LostStore:
    """A `Store` that refuses: what was kept cannot be read, and nothing is kept.

    Args:
        why: What became of the real one, and what to do.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def tracks(self, library: str) -> NoReturn:  # noqa: ARG002  # as the port has it
        raise Unavailable(self._why)

    def keep_tracks(
        self,
        library: str,  # noqa: ARG002  # as the port has it
        tracks: Iterable[Track],  # noqa: ARG002
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

    def close(self) -> None:
        """Do nothing: there is nothing to finish."""
