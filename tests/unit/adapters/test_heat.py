from pathlib import Path

from soulsync_edge.adapters.heat import hottest_c


def _zone(zones: Path, number: int, text: str) -> None:
    zone = zones / f"thermal_zone{number}"
    zone.mkdir()
    (zone / "temp").write_text(text)


def test_the_hottest_part_counts(tmp_path: Path) -> None:
    _zone(tmp_path, 0, "48312\n")
    _zone(tmp_path, 1, "81000\n")

    assert hottest_c(tmp_path) == 81.0


def test_a_part_that_tells_nothing_is_passed_over(tmp_path: Path) -> None:
    _zone(tmp_path, 0, "")
    assert hottest_c(tmp_path) is None

    _zone(tmp_path, 1, "20000")
    assert hottest_c(tmp_path) == 20.0


def test_a_machine_without_thermometers_tells_nothing(tmp_path: Path) -> None:
    assert hottest_c(tmp_path / "nowhere") is None
