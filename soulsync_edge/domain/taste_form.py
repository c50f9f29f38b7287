"""The taste as plain values and back: to be kept, and to be read by whoever it belongs to."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from soulsync_edge.domain.features import FEATURES
from soulsync_edge.domain.preference import Preference, Tally
from soulsync_edge.domain.taste import Regard, Taste

VERSION = 1

_COUNTS = ("finishes", "skips", "replays", "turned_down")


def exported(taste: Taste) -> dict[str, object]:
    """Return all of `taste` as values JSON can hold; days as dates, what is not known left out."""
    weights = taste.preference.belief(len(FEATURES), taste.preference.day).weights
    return {
        "version": VERSION,
        "tracks": [_plain(regard) for regard in taste.regards],
        "artists": [{"artist": one.artist} | _plain_tally(one.tally) for one in taste.artists],
        "general": {
            # For people; the rest is what they come from.
            "weights": {
                name: round(weight, 3) for name, weight in zip(FEATURES, weights, strict=True)
            },
            "features": list(FEATURES),
            "evidence": list(taste.preference.evidence),
            "pull": list(taste.preference.pull),
            "day": _date(taste.preference.day),
        },
    }


def taste_from(plain: Any) -> Taste:  # whatever was kept
    """Return the taste that `exported` gave these values.

    What was learnt in general with other features is no use, and begins anew.

    Raises:
        ValueError: They are no such values; says which.
        TypeError: Likewise.
    """
    body = _object(plain, "the taste")
    if body.get("version") != VERSION:
        raise ValueError(f"it is of version {body.get('version')!r}, and {VERSION} is known")
    taste = Taste()
    for one in _list(body.get("tracks"), "tracks"):
        taste = taste.with_regard(_regard(_object(one, "a track")))
    for one in _list(body.get("artists"), "artists"):
        artist = _object(one, "an artist")
        taste = taste.with_artist(_text(artist, "artist"), _tally(artist))
    return Taste(taste.regards, taste.artists, _preference(_object(body.get("general"), "general")))


def _plain(regard: Regard) -> dict[str, object]:
    plain: dict[str, object] = {
        "track_id": regard.track_id,
        "title": regard.title,
        "artist": regard.artist,
    }
    if regard.is_liked:
        plain["liked"] = _date(regard.liked_day) or True
    if regard.is_never:
        plain["never"] = True
    for axis in ("valence", "arousal"):
        if getattr(regard, axis) is not None:
            plain[axis] = getattr(regard, axis)
    for count in _COUNTS:
        if getattr(regard, count):
            plain[count] = getattr(regard, count)
    return plain | _plain_tally(regard.tally)


def _plain_tally(tally: Tally) -> dict[str, object]:
    return {"total": tally.total, "weight": tally.weight, "day": _date(tally.day)}


def _date(day: int) -> str | None:
    """Return a day as people write it, or None for one nobody knows."""
    return date.fromordinal(day).isoformat() if 0 < day <= date.max.toordinal() else None


def _regard(body: Mapping[str, Any]) -> Regard:
    liked = body.get("liked")
    return Regard(
        track_id=_text(body, "track_id"),
        title=_text(body, "title"),
        artist=_text(body, "artist"),
        is_liked=liked is not None,
        liked_day=0 if liked is True else _day(liked),
        is_never=body.get("never") is True,
        valence=None if "valence" not in body else _number(body, "valence"),
        arousal=None if "arousal" not in body else _number(body, "arousal"),
        tally=_tally(body),
        **{count: _count(body, count) for count in _COUNTS},
    )


def _tally(body: Mapping[str, Any]) -> Tally:
    return Tally(_number(body, "total"), _number(body, "weight"), _day(body.get("day")))


def _preference(body: Mapping[str, Any]) -> Preference:
    if body.get("features") != list(FEATURES):
        return Preference()
    rows = {
        name: tuple(_number({name: one}, name) for one in _list(body.get(name), name))
        for name in ("evidence", "pull")
    }
    if rows["pull"] and len(rows["pull"]) != len(FEATURES):
        raise ValueError(f"pull must hold {len(FEATURES)} numbers, got {len(rows['pull'])}")
    return Preference(rows["evidence"], rows["pull"], _day(body.get("day")))


def _object(raw: Any, what: str) -> Mapping[str, Any]:  # whatever was kept
    if not isinstance(raw, dict):
        raise TypeError(f"{what} must be an object, got {raw!r:.80}")
    return raw


def _list(raw: Any, what: str) -> list[Any]:  # whatever was kept
    if not isinstance(raw, list):
        raise TypeError(f"{what} must be a list, got {raw!r:.80}")
    return raw


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r:.80}")
    return value


def _number(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r:.80}")
    return float(value)


def _count(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r:.80}")
    return value


def _day(raw: Any) -> int:  # whatever was kept
    if raw is None:
        return 0
    if not isinstance(raw, str):
        raise TypeError(f"a day must be a date, got {raw!r:.80}")
    return date.fromisoformat(raw).toordinal()
