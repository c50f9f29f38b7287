"""The programme: every demo piece, album by album."""

from scripts.demo_music.piece import Piece, Quadrant
from scripts.demo_music.pieces import bright, calm, passing, sad, tense

ALBUMS: dict[Quadrant, str] = {
    "energetic-happy": "Bright Windows",
    "tense-angry": "Tight Wires",
    "sad-tired": "Slow Rain",
    "calm-content": "Still Water",
    "neutral": "Passing Hours",
}

PROGRAMME: tuple[Piece, ...] = (
    *bright.PIECES,
    *tense.PIECES,
    *sad.PIECES,
    *calm.PIECES,
    *passing.PIECES,
)
