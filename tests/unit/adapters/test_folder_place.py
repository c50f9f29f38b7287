import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from soulsync_edge.adapters.folder_place import Mount, mounts, place_of, sticks_at
from soulsync_edge.domain.library import Stick
from soulsync_edge.errors import Unavailable

_TABLE = """\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 21 8:1 / /media/soulsync/Red\\040Stick ro,noatime shared:7 master:1 - vfat /dev/sda1 ro
40 21 0:41 /@music /media/pool ro - btrfs /dev/sdb1 rw,subvol=/@music
a line of a kernel to come
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(_TABLE)
    return file


def test_mounts_are_read_from_the_kernels_table(table: Path) -> None:
    assert mounts(table) == [
        Mount(Path("/"), "/", "/dev/vda"),
        Mount(Path("/media/soulsync/Red Stick"), "/", "/dev/sda1"),
        Mount(Path("/media/pool"), "/@music", "/dev/sdb1"),
    ]


def test_there_are_no_mounts_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    assert mounts(tmp_path / "gone") == []


def test_a_file_system_without_a_number_of_its_own_is_named_by_its_device(tmp_path: Path) -> None:
    album = tmp_path / "pool" / "album"
    album.mkdir(parents=True)
    table = tmp_path / "mountinfo"
    table.write_text(f"40 21 0:41 /@music {tmp_path}/pool ro - btrfs /dev/null rw\n")
    names = {Path("/dev/null").stat().st_rdev: "12-AB"}

    place = place_of(album, names, table)

    assert (place.disk, place.top) == ("12-AB/@music", tmp_path / "pool")
    assert place.library == "disk 12-AB/@music album"


def test_a_folder_on_a_disk_without_a_name_is_named_by_its_path(tmp_path: Path) -> None:
    [stick] = sticks_at(tmp_path, {})

    assert stick == Stick(f"folder {tmp_path}", str(tmp_path), tmp_path.stat().st_dev)


def test_a_stick_is_the_same_wherever_it_is_mounted(tmp_path: Path) -> None:
    names = {tmp_path.stat().st_dev: "12-AB"}

    [stick] = sticks_at(tmp_path, names)

    top = place_of(tmp_path, names).top
    assert stick.library == f"disk 12-AB {tmp_path.relative_to(top)}"


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="gone cannot be opened"):
        sticks_at(tmp_path / "gone", {})


@pytest.fixture
def two_sticks(tmp_path: Path) -> Iterator[Path]:
    """A folder with two small file systems mounted below it, and a hidden one."""
    library = tmp_path / "library"
    for name in ("blue", "red one", ".hidden"):
        place = library / name
        place.mkdir(parents=True)
        made = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
        if subprocess.run(made, check=False, stderr=subprocess.DEVNULL).returncode:
            pytest.skip("mounting needs root")
    yield library
    for place in library.iterdir():
        subprocess.run(["umount", "--lazy", str(place)], check=False, stderr=subprocess.DEVNULL)


def test_sticks_below_the_folder_are_told_apart(two_sticks: Path) -> None:
    numbers = {(two_sticks / name).stat().st_dev: f"uuid of {name}" for name in ("blue", "red one")}

    root, blue, red = sticks_at(two_sticks, numbers)

    assert root.folder == str(two_sticks)
    assert (blue.library, blue.folder) == ("disk uuid of blue .", str(two_sticks / "blue"))
    assert (red.library, red.folder) == ("disk uuid of red one .", str(two_sticks / "red one"))


def test_a_stick_that_is_mounted_elsewhere_keeps_its_name(two_sticks: Path) -> None:
    numbers = {(two_sticks / "blue").stat().st_dev: "12-AB"}
    (two_sticks / "blue" / "album").mkdir()
    before = place_of(two_sticks / "blue" / "album", numbers)

    elsewhere = two_sticks.parent / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["mount", "--bind", two_sticks / "blue", elsewhere], check=True)
    try:
        after = place_of(elsewhere / "album", numbers)
    finally:
        with suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "--lazy", elsewhere], check=True)

    assert (before.disk, before.library) == (after.disk, after.library)
    assert after.top == elsewhere
