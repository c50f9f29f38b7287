"""What became different in the context of decisions: what a trace holds instead of all of it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.session import Context, Rules
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track
from soulsync_edge.wire.lines import LineError

Place = tuple[str, float, float, float, float, str]
"""Which track, its valence and arousal, the spreads of both, and what that was read from."""


@dataclass(frozen=True, slots=True)
class Remarks:
    """What a catalogue says besides its tracks."""

    skipped: tuple[SkippedFile, ...]
    is_away: bool
    notice: str


@dataclass(frozen=True, slots=True)
class ContextChanged:
    """What is different from the context before.

    Attributes:
        rules: The new rules; None: the same.
        remarks: What the catalogue says besides its tracks; None: the same.
        gone: The tracks that are not there any more.
        tracks: Those that are new, or other than they were.
        sounds: What tracks that are as they were sound like, since that is known now.
        places: Where tracks sit now.
    """

    rules: Rules | None
    remarks: Remarks | None
    gone: tuple[str, ...]
    tracks: tuple[Track, ...]
    sounds: tuple[tuple[str, Sound], ...]
    places: tuple[Place, ...]


def change_between(before: Context, after: Context) -> ContextChanged | None:
    """Return what makes `after` of `before`; None when that cannot be said so."""
    old, new = before.catalogue, after.catalogue
    gone = tuple(sorted(old.by_id.keys() - new.by_id.keys()))
    tracks, sounds, places = [], [], []
    for was, track in _differing(old, new):
        moved = was and replace(
            was,
            affect=track.affect,
            affect_spread=track.affect_spread,
            affect_source=track.affect_source,
            sound=track.sound,
        )
        if was is None or moved != track or (track.sound is None and was.sound is not None):
            tracks.append(track)
            continue
        if track.sound is not None and track.sound != was.sound:
            sounds.append((track.track_id, track.sound))
        if _place(track) != _place(was):
            places.append(_place(track))
    change = ContextChanged(
        rules=None if after.rules == before.rules else after.rules,
        remarks=None if _remarks(old) == _remarks(new) else _remarks(new),
        gone=gone,
        tracks=tuple(tracks),
        sounds=tuple(sounds),
        places=tuple(places),
    )
    return change if context_after(before, change) == after else None


def context_after(context: Context, line: Context | ContextChanged) -> Context:
    """Return the context that holds once `line` was told after `context`.

    Raises:
        LineError: It speaks of tracks that are not there.
    """
    if isinstance(line, Context):
        return line
    return replace(context, rules=line.rules or context.rules, catalogue=_catalogue(context, line))


def is_empty(change: ContextChanged) -> bool:
    """Return whether `change` changes nothing."""
    return not any(getattr(change, field.name) for field in fields(change))


def _catalogue(context: Context, change: ContextChanged) -> Catalogue:
    catalogue = context.catalogue
    if not (change.remarks or change.gone or change.tracks or change.sounds or change.places):
        return catalogue
    by_id = dict(catalogue.by_id)
    try:
        for name in change.gone:
            del by_id[name]
        for name, sound in change.sounds:
            by_id[name] = replace(by_id[name], sound=sound)
        for name, valence, arousal, valence_sd, arousal_sd, source in change.places:
            by_id[name] = replace(
                by_id[name],
                affect=Affect(valence, arousal),
                affect_spread=Spread(valence_sd, arousal_sd),
                affect_source=source,
            )
    except KeyError as error:
        raise LineError(f"there is no track {error} to change") from error
    by_id.update((track.track_id, track) for track in change.tracks)
    remarks = change.remarks or _remarks(catalogue)
    return Catalogue(
        tracks=tuple(by_id[name] for name in sorted(by_id)),
        skipped=remarks.skipped,
        is_away=remarks.is_away,
        notice=remarks.notice,
    )


def _differing(old: Catalogue, new: Catalogue) -> Iterator[tuple[Track | None, Track]]:
    """Yield the tracks of `new` that are not as they were, each with what it was."""
    for track in new.tracks:
        was = old.by_id.get(track.track_id)
        if was is not track and was != track:
            yield was, track


def _place(track: Track) -> Place:
    affect, spread = track.affect, track.affect_spread
    return (
        track.track_id,
        affect.valence,
        affect.arousal,
        spread.valence,
        spread.arousal,
        track.affect_source,
    )


def _remarks(catalogue: Catalogue) -> Remarks:
    return Remarks(catalogue.skipped, catalogue.is_away, catalogue.notice)
