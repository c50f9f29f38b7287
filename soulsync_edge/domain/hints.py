"""Where a track sits on the affect plane, as far as its tags and folders tell."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect, Spread, clamped


@dataclass(frozen=True, slots=True)
class Tags:
    """What a music file says about itself; empty or None where it says nothing.

    Attributes:
        title: Name of the piece.
        artist: Who plays.
        album: Where it is from.
        genres: Styles, as written.
        moods: Mood words, as written.
        tempo_bpm: Beats per minute, above 0.
        key: Musical key as written: `C`, `Am`, `F# minor`, `8A` (Camelot).
        duration_s: Playing time, 0 when unknown.
        year: When it came out.
        replay_gain_db: How much to turn it up, relative to -18 LUFS.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    tempo_bpm: float | None = None
    key: str = ""
    duration_s: float = 0.0
    year: int | None = None
    replay_gain_db: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A place on the affect plane, and how well it is known.

    Attributes:
        affect: Where.
        spread: How unsure that is.
        source: What it was read from.
    """

    affect: Affect
    spread: Spread
    source: str


MOOD_WORDS: Mapping[str, Affect] = {
    # Emotion and mood words, after the adjective norms of Warriner et al. (2013) with arousal
    # stretched as in `emotion.AFFECT_OF`; goal words agree with `shifting.AFFECT_OF_GOAL`.
    "happy": Affect(0.8, 0.45),
    "happiness": Affect(0.8, 0.45),
    "joy": Affect(0.8, 0.5),
    "joyful": Affect(0.8, 0.5),
    "cheerful": Affect(0.75, 0.4),
    "bright": Affect(0.6, 0.3),
    "uplifting": Affect(0.75, 0.4),
    "lift": Affect(0.75, 0.35),
    "fun": Affect(0.7, 0.5),
    "excited": Affect(0.65, 0.75),
    "exciting": Affect(0.65, 0.75),
    "energetic": Affect(0.55, 0.8),
    "energise": Affect(0.6, 0.8),
    "party": Affect(0.65, 0.8),
    "dance": Affect(0.6, 0.7),
    "workout": Affect(0.4, 0.85),
    "surprise": Affect(0.25, 0.65),
    "angry": Affect(-0.55, 0.7),
    "anger": Affect(-0.55, 0.7),
    "aggressive": Affect(-0.5, 0.8),
    "tense": Affect(-0.45, 0.6),
    "fear": Affect(-0.6, 0.5),
    "dark": Affect(-0.5, 0.2),
    "disgust": Affect(-0.6, 0.3),
    "sad": Affect(-0.65, -0.35),
    "sadness": Affect(-0.65, -0.35),
    "melancholy": Affect(-0.5, -0.4),
    "melancholic": Affect(-0.5, -0.4),
    "gloomy": Affect(-0.6, -0.4),
    "lonely": Affect(-0.6, -0.4),
    "calm": Affect(0.5, -0.55),
    "peaceful": Affect(0.6, -0.6),
    "relaxing": Affect(0.55, -0.6),
    "relaxed": Affect(0.55, -0.6),
    "chill": Affect(0.4, -0.4),
    "gentle": Affect(0.5, -0.5),
    "content": Affect(0.6, -0.3),
    "tender": Affect(0.45, -0.35),
    "romantic": Affect(0.55, -0.1),
    "dreamy": Affect(0.35, -0.45),
    "sleep": Affect(0.2, -0.9),
    "focus": Affect(0.3, 0.05),
    "neutral": Affect(0.05, -0.1),
}
"""Where the moods sit that people name in tags and folders."""

_STYLE_WORDS: Mapping[str, Affect] = {
    # Styles say less than mood words: nearer the middle, and given a wider spread below.
    "ambient": Affect(0.25, -0.6),
    "classical": Affect(0.2, -0.3),
    "lullaby": Affect(0.4, -0.75),
    "blues": Affect(-0.25, -0.1),
    "jazz": Affect(0.3, -0.05),
    "soul": Affect(0.35, 0.1),
    "reggae": Affect(0.5, 0.1),
    "pop": Affect(0.4, 0.35),
    "disco": Affect(0.6, 0.65),
    "funk": Affect(0.55, 0.55),
    "rock": Affect(0.05, 0.5),
    "metal": Affect(-0.4, 0.8),
    "punk": Affect(-0.2, 0.8),
    "techno": Affect(0.1, 0.7),
    "house": Affect(0.4, 0.65),
}
_WORDS: Mapping[str, Affect] = {**MOOD_WORDS, **_STYLE_WORDS}

_MOOD_SPREAD = Spread(0.35, 0.35)
_FOLDER_SPREAD = Spread(0.4, 0.4)
_GENRE_SPREAD = Spread(0.45, 0.45)
_TEMPO_KEY_SPREAD = Spread(0.45, 0.45)
_UNKNOWN_SPREAD = Spread(0.7, 0.7)
# Those spreads are our own guesses: they order the sources, and say how much each counts beside
# what a track sounds like. A mood word names a quarter of the plane, in which pieces lie 0.12 to
# 0.22 about their middle (PMEmo and DEAM, static ratings), and not everyone means the same by it.
# How much wider it is taken was chosen on the demo library: trusted more, its tags left a hole of
# 0.7 between sad and neutral. Nothing was measured on people's own tags.

_GUESS = "a guess: it has no mood, tempo or genre tag"


def placed_by_hints(tags: Tags, folders: Iterable[str]) -> Placed:
    """Return where the music sits: mood tags first, then folders, tempo and key, then genre.

    Args:
        tags: What the file says.
        folders: Names of the folders above it, outermost first; the innermost hint counts.
    """
    if (affect := _mean_of(tags.moods)) is not None:
        return Placed(affect, _MOOD_SPREAD, "its mood tag")
    for folder in reversed(tuple(folders)):
        if (affect := _mean_of((folder,))) is not None:
            return Placed(affect, _FOLDER_SPREAD, f"its folder “{folder}”")
    genre = _mean_of(tags.genres)
    if tags.tempo_bpm is not None or is_minor(tags.key) is not None:
        affect = _from_tempo_and_key(tags)
        if genre is not None:
            affect = affect.towards(genre, 0.5)
        return Placed(affect, _TEMPO_KEY_SPREAD, "its tempo and key tags")
    if genre is not None:
        return Placed(genre, _GENRE_SPREAD, "its genre tag")
    return Placed(Affect(0.1, 0.0), _UNKNOWN_SPREAD, _GUESS)


def fused(hint: Placed, heard: Placed) -> Placed:
    """Return where the music sits by its hints and by ear together.

    On each axis the surer of the two counts the more: they are weighed by the inverse of their
    variances. A guess that nothing speaks for does not count at all.
    """
    if hint.source == _GUESS:
        return heard
    valence, valence_sd = _weighed(
        (hint.affect.valence, hint.spread.valence), (heard.affect.valence, heard.spread.valence)
    )
    arousal, arousal_sd = _weighed(
        (hint.affect.arousal, hint.spread.arousal), (heard.affect.arousal, heard.spread.arousal)
    )
    source = f"{hint.source} and {heard.source}"
    return Placed(clamped(valence, arousal), Spread(valence_sd, arousal_sd), source)


def is_minor(key: str) -> bool | None:
    """Return whether a written key is minor, or None when it is not a key.

    Understands `Am`, `A minor`, `a-Moll`, `F#`, `Bb major` and Camelot (`8A` minor, `8B` major).
    """
    text = key.strip().lower()
    if camelot := re.fullmatch(r"(1[0-2]|[1-9])([ab])", text):
        return camelot.group(2) == "a"
    if not (written := re.fullmatch(r"[a-h][#b♯♭]?[\s-]*(m|min|minor|moll|maj|major|dur)?", text)):
        return None
    return written.group(1) in {"m", "min", "minor", "moll"}


def _mean_of(texts: Iterable[str]) -> Affect | None:
    """Return the mean place of all known words in `texts`, or None without one."""
    found = [
        _WORDS[word]
        for text in texts
        for word in re.findall(r"[a-z]+", text.lower())
        if word in _WORDS
    ]
    if not found:
        return None
    return clamped(
        math.fsum(affect.valence for affect in found) / len(found),
        math.fsum(affect.arousal for affect in found) / len(found),
    )


def _from_tempo_and_key(tags: Tags) -> Affect:
    """Return a rough place from tempo (arousal) and mode (valence).

    Fast is activated, slow is calm; major is pleasant, minor less so: a sanity rule of the
    field, not a model. 110 BPM is taken as the middle and one octave as the whole range.
    """
    arousal = 0.0 if tags.tempo_bpm is None else math.log2(tags.tempo_bpm / 110.0)
    minor = is_minor(tags.key)
    valence = 0.1 if minor is None else (-0.35 if minor else 0.4)
    return clamped(valence, arousal)


def _weighed(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return mean and standard deviation of two views of one number, each with its own."""
    (mean, sd), (other_mean, other_sd) = one, other
    ratio = (sd / other_sd) ** 2
    share = ratio / (1 + ratio)  # of the other; at most 1, whatever the spreads
    return mean + share * (other_mean - mean), other_sd * math.sqrt(share)
