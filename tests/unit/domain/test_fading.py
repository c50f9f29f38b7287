"""How sound grows and fades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.fading import HIGHEST_PCT, Fade, Glide, cubic_pct

levels = st.floats(0, 1)
times_s = st.floats(0, 20)


@given(at_s=st.floats(99, 111), lasts_s=st.floats(0, 10))
def test_two_sounds_that_cross_are_as_powerful_all_the_time(at_s: float, lasts_s: float) -> None:
    out, into = Fade(1.0, 0.0, 100.0, lasts_s), Fade(0.0, 1.0, 100.0, lasts_s)

    assert out.level(at_s) ** 2 + into.level(at_s) ** 2 == pytest.approx(1.0)


@given(
    from_level=levels, to_level=levels, lasts_s=st.floats(0.01, 10), one_s=times_s, two_s=times_s
)
def test_a_fade_goes_one_way_from_its_beginning_to_its_end(
    from_level: float, to_level: float, lasts_s: float, one_s: float, two_s: float
) -> None:
    fade = Fade(from_level, to_level, 5.0, lasts_s)
    early, late = (fade.level(at_s) for at_s in sorted((one_s, two_s)))

    assert fade.level(0.0) == pytest.approx(from_level)
    assert fade.level(5.0 + lasts_s) == to_level
    assert (late - early) * (to_level - from_level) >= -1e-9


def test_a_fade_that_is_cut_short_goes_on_from_where_it_was() -> None:
    rising = Fade(0.0, 1.0, 0.0, 4.0)
    falling = Fade(rising.level(1.0), 0.0, 1.0, 2.0)

    assert falling.level(1.0) == pytest.approx(rising.level(1.0))
    assert falling.level(3.0) == 0.0


@pytest.mark.parametrize(
    ("at_s", "volume_pct"), [(9.0, 80.0), (10.0, 80.0), (10.1, 60.0), (10.2, 40.0), (11.0, 40.0)]
)
def test_a_volume_glides(at_s: float, volume_pct: float) -> None:
    glide = Glide(80.0, 40.0, 10.0, 0.2)

    assert glide.volume_pct(at_s) == pytest.approx(volume_pct)
    assert glide.is_over(at_s) == (at_s >= 10.2)


@pytest.mark.parametrize(
    ("volume_pct", "gain_db", "level", "cubic"),
    [
        (100, 0.0, 1.0, 100),
        (50, 0.0, 1.0, 50),
        (100, 0.0, 0.125, 50),  # an eighth of the amplitude
        (100, -18.06, 1.0, 50),
        (100, 12.0, 1.0, 158),
        (100, 60.0, 1.0, HIGHEST_PCT),
        (70, 3.0, 0.0, 0),
        (0, 12.0, 1.0, 0),
    ],
)
def test_volume_gain_and_fade_come_to_one_figure(
    volume_pct: float, gain_db: float, level: float, cubic: int
) -> None:
    assert cubic_pct(volume_pct, gain_db, level) == cubic
