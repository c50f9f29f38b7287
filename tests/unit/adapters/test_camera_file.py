import os
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from soulsync_edge.adapters.camera_file import PICTURES_HZ, FileCamera
from soulsync_edge.errors import NoFrameYet, Unavailable
from soulsync_edge.eye_ports import Frame
from soulsync_edge.fakes import FakeClock
from soulsync_edge.settings import CameraSettings
from tests.pictures import RATE_HZ, picture, write_folder, write_video

LEVELS = [60, 90, 120, 150, 180, 210]


def played(path: Path, **more: object) -> list[Frame]:
    """Return all frames of a recording, as fast as they come."""
    settings = CameraSettings.model_validate({"adapter": "file", "device": str(path)} | more)
    camera = FileCamera(settings, live=False)
    frames = list(iter(lambda: camera.read(1.0), None))
    camera.close()
    return frames


def live(path: Path, clock: FakeClock) -> FileCamera:
    settings = CameraSettings(adapter="file", device=str(path))
    return FileCamera(settings, live=True, clock=clock, wait=clock.pass_time)


def levels(frames: list[Frame]) -> list[int]:
    """Return which of `LEVELS` each frame shows: compression moves them a little."""
    return [min(LEVELS, key=lambda level: abs(level - red(frame))) for frame in frames]


def red(frame: Frame) -> float:
    return float(frame.pixels[..., 0].mean())


def test_a_video_is_played_once_with_the_times_of_the_recording(tmp_path: Path) -> None:
    frames = played(write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS]))

    assert levels(frames) == LEVELS
    assert [frame.at_s for frame in frames] == pytest.approx(
        [number / RATE_HZ for number in range(len(LEVELS))]
    )


def test_colours_are_red_green_blue(tmp_path: Path) -> None:
    video = played(write_video(tmp_path / "a.avi", [picture(200)]))
    still = played(write_folder(tmp_path / "pictures", [picture(200)]))

    for [frame] in (video, still):
        assert frame.pixels[0, 0].tolist() == pytest.approx([200, 100, 0], abs=6)


def test_a_folder_is_played_in_the_order_people_count_in(tmp_path: Path) -> None:
    for name, level in (("face 10.png", 180), ("face 9.png", 120), ("Face 1.png", 60)):
        cv2.imwrite(str(tmp_path / name), picture(level)[..., ::-1])
    (tmp_path / "notes.txt").write_text("not a picture")

    frames = played(tmp_path)

    assert levels(frames) == [60, 120, 180]
    assert [frame.at_s for frame in frames] == [0.0, 1 / PICTURES_HZ, 2 / PICTURES_HZ]


def test_one_picture_is_a_recording_too(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), picture(120)[..., ::-1])

    assert levels(played(path)) == [120]


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("grey.png", np.full((50, 40), 90, np.uint8)),
        ("deep.png", np.full((50, 40, 3), 90 * 257, np.uint16)),
        ("deep grey.png", np.full((50, 40), 90 * 257, np.uint16)),
        ("see-through.png", np.full((50, 40, 4), 90, np.uint8)),
        ("photo.jpg", np.full((50, 40, 3), 90, np.uint8)),
        ("scan.tiff", np.full((50, 40, 3), 90, np.uint8)),
        ("tiny.png", np.full((1, 1, 3), 90, np.uint8)),
        ("strip.png", np.full((1, 4000, 3), 90, np.uint8)),
    ],
)
def test_pictures_of_any_kind_become_small_colour_pictures(
    tmp_path: Path, name: str, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    cv2.imwrite(str(tmp_path / name), pixels)

    [frame] = played(tmp_path)

    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.shape[2] == 3
    assert frame.pixels.shape[1] <= 640
    assert frame.pixels.mean() == pytest.approx(90, abs=2)


def test_a_large_recording_is_shrunk_and_turned(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", [picture(120, width_px=1280, height_px=720)])

    [frame] = played(tmp_path / "a.avi", rotation_deg=90)

    assert frame.pixels.shape == (640, 360, 3)


def test_a_damaged_picture_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_folder(tmp_path / "pictures", [picture(60), picture(120), picture(180)])
    (folder / "2.png").write_bytes(b"\x89PNG but no more")

    assert levels(played(folder)) == [60, 180]
    assert "2.png is not a picture" in caplog.text


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no video and no folder of pictures at .*gone\.mp4"):
        played(tmp_path / "gone.mp4")


def test_a_home_folder_of_nobody_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"~nobody-of-this-name/x.*no user of that name"):
        played(Path("~nobody-of-this-name/x"))


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(Unavailable, match="cannot be reached: File name too long"):
        played(Path("x" * 5000))


def test_a_folder_that_may_not_be_entered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)

    with pytest.raises(Unavailable, match=r"a\.avi cannot be reached: Permission denied"):
        played(tmp_path / "a.avi")


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00" * 5000])
@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.png"])
def test_a_file_without_pictures_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(Unavailable, match="holds no picture that can be decoded"):
        played(path)


def test_a_video_of_no_frames_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    writer.release()

    with pytest.raises(Unavailable, match=r"a\.avi"):
        played(path)


def test_a_video_cut_short_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS])
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"idx1") - 3000])

    frames = played(path)

    assert 0 < len(frames) < len(LEVELS)
    assert levels(frames)[0] == LEVELS[0]


def test_an_empty_folder_is_refused_with_the_kinds_it_could_hold(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"holds no pictures \(bmp, jpeg, jpg, png"):
        played(tmp_path)


def test_a_folder_of_damaged_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")

    with pytest.raises(Unavailable, match="holds no picture that can be decoded"):
        played(tmp_path)


def test_live_a_recording_keeps_its_own_pace(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    camera = live(write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS]), clock)

    frames = [camera.read(1.0) for _ in LEVELS]

    times = [frame.at_s for frame in frames if frame is not None]
    assert times == pytest.approx([100 + number / RATE_HZ for number in range(len(LEVELS))])
    assert clock.now_s == pytest.approx(times[-1])


def test_live_a_recording_begins_again_when_it_ends(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    camera = live(write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS]), clock)

    frames = [frame for _ in range(8) if (frame := camera.read(1.0)) is not None]

    assert levels(frames) == [*LEVELS, *LEVELS[:2]]
    assert frames[-1].at_s == pytest.approx(100.7)


def test_live_the_newest_frame_is_shown_to_whoever_looks_seldom(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    camera = live(write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS]), clock)
    camera.read(1.0)
    clock.pass_time(0.4)

    frame = camera.read(1.0)

    assert frame is not None
    assert clock.now_s - frame.at_s <= 0.1 + 1e-6


def test_live_a_recording_waits_for_whoever_looks_away_for_long(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    camera = live(write_video(tmp_path / "a.avi", [picture(level) for level in LEVELS]), clock)
    camera.read(1.0)
    clock.pass_time(3600.0)

    frame = camera.read(1.0)

    assert frame is not None
    assert levels([frame]) == [LEVELS[1]]
    assert frame.at_s == pytest.approx(clock.now_s)


def test_live_a_frame_to_come_later_than_asked_for_is_late(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    camera = live(write_video(tmp_path / "a.avi", [picture(60), picture(90)], rate_hz=1.0), clock)
    camera.read(1.0)

    with pytest.raises(NoFrameYet):
        camera.read(0.4)

    assert clock.now_s == pytest.approx(100.4)
    frame = camera.read(0.7)
    assert frame is not None
    assert levels([frame]) == [90]


def test_live_a_folder_that_vanishes_is_a_fault(tmp_path: Path) -> None:
    clock = FakeClock(100.0)
    folder = write_folder(tmp_path / "pictures", [picture(60), picture(90)])
    camera = live(folder, clock)
    camera.read(1.0)
    camera.read(1.0)
    folder.rename(tmp_path / "elsewhere")

    with pytest.raises(Unavailable, match="pictures"):
        camera.read(1.0)


def test_opening_and_closing_leaves_no_file_open(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [picture(60), picture(90)])
    clock = FakeClock()
    live(video, clock).close()
    before = psutil.Process().num_fds()

    for _ in range(100):
        camera = live(video, clock)
        camera.read(1.0)
        camera.close()

    assert psutil.Process().num_fds() == before


def test_a_pipe_is_refused_rather_than_waited_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    with pytest.raises(Unavailable, match="neither a file nor a folder"):
        FileCamera(CameraSettings(device=str(tmp_path / "pipe.mp4")), live=False)
