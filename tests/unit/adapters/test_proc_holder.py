from pathlib import Path

from soulsync_edge.adapters.proc_holder import first_holder


def is_the_camera(opened: Path) -> bool:
    return str(opened.readlink()) == "/dev/video0"


def a_process(proc: Path, number: str, name: str | None, *opened: str) -> None:
    """Put a process into `proc`: its name, and the files it has open."""
    files = proc / number / "fd"
    files.mkdir(parents=True)
    if name is not None:
        (proc / number / "comm").write_text(f"{name}\n")
    for handle, target in enumerate(opened):
        (files / str(handle)).symlink_to(target)


def test_the_program_with_the_file_open_is_named(tmp_path: Path) -> None:
    a_process(tmp_path, "7", "vlc", "/dev/null")
    a_process(tmp_path, "812", "guvcview", "/dev/null", "/dev/video0")
    (tmp_path / "meminfo").touch()
    (tmp_path / "9").mkdir()  # its files are hidden from us

    assert first_holder(is_the_camera, tmp_path) == "guvcview (process 812)"


def test_a_file_that_is_closed_meanwhile_hides_no_other(tmp_path: Path) -> None:
    a_process(tmp_path, "812", "guvcview", "/dev/video0")
    (tmp_path / "812" / "fd" / "9").touch()  # cannot be followed any more

    assert first_holder(is_the_camera, tmp_path) == "guvcview (process 812)"


def test_a_program_that_hides_its_name_is_named_by_its_number(tmp_path: Path) -> None:
    a_process(tmp_path, "812", None, "/dev/video0")

    assert first_holder(is_the_camera, tmp_path) == "a program (process 812)"


def test_a_file_nobody_has_open_has_no_holder(tmp_path: Path) -> None:
    a_process(tmp_path, "812", "guvcview", "/dev/null")

    assert first_holder(is_the_camera, tmp_path) is None
    assert first_holder(is_the_camera, tmp_path / "none") is None
