"""The same music in several files: one of them is enough."""

from collections.abc import Iterable, Mapping

from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.track import SkippedFile, Track


def one_of_each(
    tracks: Iterable[Track], content: Mapping[str, str], preferred: Iterable[str] = ()
) -> dict[str, Track]:
    """Return for each double, by its `track_id`, the track that stays in its place.

    Of several tracks that hold the same music the first preferred one stays, or else that with
    the shortest path; of two as long, the first by the alphabet.

    Args:
        tracks: All there are.
        content: Names the music in a track, by its `track_id`; tracks not listened to have none.
        preferred: Tracks that stay if they may, the most preferred first.
    """
    groups: dict[str, list[Track]] = {}
    for track in tracks:
        if (name := content.get(track.track_id)) is not None:
            groups.setdefault(name, []).append(track)
    order = {track_id: place for place, track_id in enumerate(preferred)}
    stays: dict[str, Track] = {}
    for group in groups.values():
        if len(group) == 1:
            continue
        one = min(
            group,
            key=lambda track: (
                order.get(track.track_id, len(order)),
                len(track.path),
                track.path,
                track.track_id,
            ),
        )
        stays |= {track.track_id: one for track in group if track is not one}
    return stays


def as_skipped(double: Track, one: Track) -> SkippedFile:
    """Return why `double` is not played: `one` is the same music."""
    return SkippedFile(shown(double.path), f"it is the same music as {shown(one.path)}")
