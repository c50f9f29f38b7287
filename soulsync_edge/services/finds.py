"""What a scan has found so far, and what of it is new."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.library import Found, FoundAgain, Stick, Unread
from soulsync_edge.domain.track import SkippedFile, Track

MOST_SKIPPED = 1000
"""Skipped files that are listed: a stick full of other things must not fill the memory."""


@dataclass(slots=True)
class Finds:
    """What a scan has found so far.

    Attributes:
        folder: Where.
        stick: What its finds lie on now.
        sticks: What was met so far.
        tracks: All tracks, by name.
        skipped: What cannot be played.
        seen: The names of the tracks on each stick, by its library.
        skipped_on: What cannot be played there.
        unread: What could not be read now.
        fresh: What was read and is not kept yet, each with its stick.
        is_growing: Something new was found on a stick that was never looked through.
    """

    folder: Path
    stick: Stick
    sticks: list[Stick] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    skipped_on: dict[str, list[SkippedFile]] = field(default_factory=lambda: defaultdict(list))
    unread: list[SkippedFile] = field(default_factory=list)
    fresh: list[tuple[Stick, Found]] = field(default_factory=list)
    is_growing: bool = False

    def take(
        self,
        met: Found | FoundAgain | SkippedFile | Unread | Stick,
        known: Mapping[str, Track],
        complete: frozenset[str],
    ) -> None:
        """Take note of what was met, with the tracks and complete sticks that are known."""
        match met:
            case Stick():
                self.stick = met
                if met not in self.sticks:
                    self.sticks.append(met)
            case Found(track):
                self._add(track)
                self.fresh.append((self.stick, met))
                self.is_growing |= self.stick.library not in complete
            case FoundAgain(name):
                if name in known:
                    self._add(known[name])
            case Unread(skipped):
                self.unread.append(skipped)
                self._skip(skipped)
            case SkippedFile():
                self._skip(met)

    def spare(self, known: Mapping[str, Track]) -> None:
        """Take in what is known of files and folders that could not be read now."""
        if not self.unread:
            return
        libraries = {stick.folder: stick.library for stick in self.sticks}
        hidden = {file.path for file in self.unread}
        for track in known.values():
            path = PurePath(shown(track.path))
            if track.track_id in self.tracks or hidden.isdisjoint(map(str, (path, *path.parents))):
                continue
            self.tracks[track.track_id] = track
            folders = (folder for folder in map(str, path.parents) if folder in libraries)
            self.seen[libraries[next(folders, self.stick.folder)]].add(track.track_id)

    def _add(self, track: Track) -> None:
        self.tracks[track.track_id] = track
        self.seen[self.stick.library].add(track.track_id)

    def _skip(self, skipped: SkippedFile) -> None:
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append(skipped)
            self.skipped_on[self.stick.library].append(skipped)
