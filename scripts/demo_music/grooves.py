"""Drum patterns: one string per drum, one character per step of the bar.

`X` accent, `x` normal, `o` soft, `.` nothing. `|` separates the bars of a
longer pattern. `fill` replaces the last bar of each phrase for the drums it
names; `end` is struck on the first beat of the ending.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Groove:
    """A drum pattern with its fill and its last stroke."""

    bar: dict[str, str]
    fill: dict[str, str] = field(default_factory=dict)
    end: tuple[str, ...] = ()


GROOVES: dict[str, Groove] = {
    "folk": Groove(
        {"kick": "X.....x.x.......", "snare": "....X.......X..o", "shaker": "x.o.X.o.x.o.X.oo"},
        {"snare": "....X..x..x.X.xx", "jingles": "........x.x.x.x."},
        ("kick", "jingles"),
    ),
    "claps": Groove(
        {
            "kick": "X.......X.......",
            "clap": "....X.......X...",
            "shaker": "oxoXoxoXoxoXoxoX",
            "block": "..x...x...x..x..",
        },
        {"clap": "....X.......X.XX", "block": "x.x.x.xxx.xxxxxx"},
        ("kick", "clap"),
    ),
    "four on the floor": Groove(
        {
            "kick": "X...X...X...X...",
            "clap": "....X.......X...",
            "hat": "o.x.o.x.o.x.o.xo",
            "open": "..x...x...x...x.",
            "shaker": "oxoxoxoxoxoxoxox",
        },
        {"snare": "........x.x.xxXX", "kick": "X...X...X......."},
        ("kick", "crash"),
    ),
    "swing": Groove(
        {
            "ride": "X...x.o.X...x.o.",
            "hat": "....X.......X...",
            "kick": "o.......o.......",
            "snare": "..........o.....|......o.......o.",
        },
        {"snare": "....x.o.....X.xo"},
        ("ride", "kick"),
    ),
    "bossa": Groove(
        {
            "kick": "X..xX..xX..xX..x",
            "rim": "X..x..x...x..x..|..x...x.X..x....",
            "shaker": "XoxoXoxoXoxoXoxo",
            "conga": "......x.......xx",
        },
        {"conga": "....x.xx..x.x.xx"},
        ("kick", "rim"),
    ),
    "soul": Groove(
        {
            "kick": "X.....x.X.x.....",
            "snare": "....X..o.o..X...",
            "hat": "x.x.x.x.x.x.x.x.",
            "ghost": "..o....o......o.",
        },
        {
            "snare": "....X..x..x.xxXx",
            "high tom": "........x.......",
            "low tom": "..............x.",
        },
        ("kick", "crash"),
    ),
    "quick waltz": Groove(
        {"kick": "x...........", "hat": "....o...o...", "snare": "....x...o..."},
        {"snare": "....x...x.x."},
        ("ride",),
    ),
    "industrial": Groove(
        {
            "kick": "X..X..X.X..X..X.",
            "snare": "....X.......X...",
            "metal": "......x.......x.|..x.......x.....",
            "hat": "xxxxxxxxxxxxxxxx",
        },
        {"snare": "....X...X.X.XXXX", "low tom": "x.x.x.x........."},
        ("kick", "metal", "crash"),
    ),
    "war drums": Groove(
        {
            "taiko": "X...x.x.X..x..x.",
            "low": "X.......x.......",
            "high": "......x.......x.",
            "side": "..x.x.xx..x.x.xx",
        },
        {"taiko": "X.X.X.X.XXXXXXXX", "high": "x.x.x.x.xxxxxxxx"},
        ("taiko", "low", "crash"),
    ),
    "techno": Groove(
        {
            "kick": "X...X...X...X...",
            "hat": "o.o.o.o.o.o.o.oo",
            "open": "..X...X...X...X.",
            "clap": "....X.......X...",
            "metal": ".......x.....x..",
        },
        {"clap": "....X.....X.X.XX", "kick": "X...X...XX.XXXXX"},
        ("kick", "crash"),
    ),
    "half time": Groove(
        {
            "kick": "X..x......x..x..",
            "snare": "........X.......",
            "open": "x...x...x...x...",
            "low tom": "..............xx",
        },
        {
            "high tom": "....xx..........",
            "low tom": "........xxx.....",
            "snare": "........X..xXXXX",
        },
        ("kick", "crash"),
    ),
    "gallop": Groove(
        {
            "kick": "X.xxX.xxX.xxX.xx",
            "snare": "....X.......X...",
            "ride": "x.x.x.x.x.x.x.x.",
        },
        {"snare": "....X...xxxxXXXX", "crash": "x..............."},
        ("kick", "crash"),
    ),
    "glitch": Groove(
        {
            "kick": "X.....x..x......",
            "snare": "........X......o",
            "hat": "x.xxx.x.xxxxx.xx",
            "metal": "...x......x.....|.....x.....x..x.",
            "rim": "..x..x....x..x.x",
        },
        {"hat": "xxxxxxxxxxxxxxxx", "metal": "x..x..x..x..x.x."},
        ("kick", "metal"),
    ),
    "seven": Groove(
        {
            "taiko": "X.....X...X...",
            "low": "X.............",
            "side": "..x.x...x...xx",
            "high": "..........x...",
        },
        {"taiko": "X.X.X.XXX.XXXX"},
        ("taiko", "low", "crash"),
    ),
    "slow brushes": Groove(
        {
            "kick": "x.....o.....",
            "sweep": "x.....x.....",
            "snare": "...x.....x..",
            "ride": "o..o..o..o.o",
        },
        {"snare": "...x.....x.o"},
        ("ride",),
    ),
    "light brushes": Groove(
        {
            "kick": "x.......o.......",
            "sweep": "x.......x.......",
            "snare": "....x..o....x...",
            "hat": "..o...o...o...o.",
        },
        {"snare": "....x..o..o.x.o."},
        ("ride",),
    ),
    "lo-fi": Groove(
        {"kick": "X......x..x.....", "snare": "....X.......X...", "hat": "x.x.x.xox.x.x.x."},
        {"snare": "....X.......X..o", "hat": "x.x.x.x.x.o.x..."},
        ("kick",),
    ),
    "light kit": Groove(
        {
            "kick": "X.......x.x.....",
            "rim": "....x.......x...",
            "hat": "x.o.x.o.x.o.x.o.",
            "shaker": "ooxoooxoooxoooxo",
        },
        {"rim": "....x.......x.x."},
        ("kick",),
    ),
    "soft hands": Groove(
        {"kick": "x.......o...o...", "conga": "......o.....o.o.", "shaker": "o.x.o.x.o.x.o.x."},
        {},
        (),
    ),
    "ticking": Groove(
        {"block": "x...o...x...o...", "rim": "..o...o...o...oo", "shaker": "o.o.x.o.o.o.x.o."},
        {"block": "x...o...x..oo..."},
        ("block",),
    ),
}
