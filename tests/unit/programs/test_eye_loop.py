import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, demo_script
from soulsync_edge.domain.commands import SetCamera
from soulsync_edge.domain.events import EstimateArrived, Part, PartReported, RoomDark
from soulsync_edge.errors import ModelError, NoFrameYet, Unavailable
from soulsync_edge.eye_ports import Camera, Frame
from soulsync_edge.fakes import (
    FakeClock,
    FakeEmotionReader,
    FakeFaceFinder,
    FakeLight,
    FakeSupervisor,
    a_frame,
)
from soulsync_edge.ports import Light
from soulsync_edge.programs.eye import (
    ALIVE_S,
    LONGEST_WAIT_S,
    STALL_S,
    WORKS_AGAIN_S,
    Eye,
    Openers,
)
from soulsync_edge.programs.eye_parts import Senses, load_senses, open_camera, open_light
from soulsync_edge.programs.program_life import NeedsRestart
from soulsync_edge.settings import CameraSettings, EyeSettings, PanelSettings, Settings
from soulsync_edge.wire.messages import Configure, EyeEvent

MODELS = Path(__file__).parents[3] / "models"
STAND_INS = Path(__file__).parents[2] / "stand_ins"

CONFIGURE = Configure(Settings().eye.model_dump_json())
ON, OFF = SetCamera(is_on=True), SetCamera(is_on=False)


class RoomCamera:
    """A camera that gives a frame at each read, unless told to fail."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self.is_open = True

    def read(self, timeout_s: float) -> Frame | None:
        if self._room.reading is not None:
            if isinstance(self._room.reading, NoFrameYet):
                self._room.clock.pass_time(timeout_s)
            raise self._room.reading
        return a_frame(self._room.clock(), self._room.level) if not self._room.has_ended else None

    def close(self) -> None:
        if self._room.closing is not None:
            raise self._room.closing
        self._room.happened.append("camera closed")
        self.is_open = False


class RoomLight(FakeLight):
    """A light that writes down when it goes on and out."""

    def __init__(self, room: "Room") -> None:
        super().__init__()
        self._room = room
        self.failing = room.light_failing

    def show(self, level: float) -> None:
        super().show(level)
        self._room.happened.append("light on")

    def close(self) -> None:
        super().close()
        self._room.happened.append("light out")


class Room:
    """An eye with everything around it, and what happened in order."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.supervisor = FakeSupervisor()
        self.posted: list[EyeEvent] = []
        self.happened: list[str] = []
        self.level = 128
        self.opening: Unavailable | ModelError | None = None
        self.reading: Unavailable | None = None
        self.closing: Unavailable | None = None
        self.light_failing: Unavailable | None = None
        self.senses_failing: ModelError | None = None
        self.has_ended = False
        self.finder = FakeFaceFinder()
        self.eye = Eye(
            self.posted.append,
            Openers(self._camera, self._light, self._senses),
            self.supervisor,
            self.clock,
        )

    def starts_looking(self) -> None:
        """Let core allow the eye to look, and the eye load its models and open its camera."""
        self.eye.obey(CONFIGURE)
        self.eye.obey(ON)
        self.opens()

    def opens(self) -> None:
        """Let the eye, which may look, load its models and open its camera."""
        self.eye.look()
        self.eye.look()

    def look_for(self, seconds: float) -> None:
        """Let the program's loop run for so long."""
        end_s = self.clock() + seconds
        while self.clock() < end_s:
            wait_s = self.eye.wait_s()
            self.clock.pass_time(min(wait_s, end_s - self.clock()))
            self.eye.look()
            self.clock.pass_time(0.001)

    def reports(self, part: Part) -> list[tuple[bool, str]]:
        return [
            (event.is_ok, event.message)
            for event in self.posted
            if isinstance(event, PartReported) and event.part is part
        ]

    def sights(self) -> list[EyeEvent]:
        return [event for event in self.posted if not isinstance(event, PartReported)]

    def _camera(self, _settings: CameraSettings) -> tuple[Camera, str]:
        self.happened.append("camera opening")
        if self.opening is not None:
            raise self.opening
        return RoomCamera(self), "camera 7"

    def _light(self, panel: PanelSettings) -> Light | None:
        return RoomLight(self) if panel.is_on else None

    def _senses(self) -> Senses:
        self.happened.append("models loaded")
        if self.senses_failing is not None:
            raise self.senses_failing
        crop = np.zeros((64, 64), np.uint8)
        return Senses(self.finder, lambda _pixels, _face: crop, FakeEmotionReader())


@pytest.fixture
def room() -> Room:
    return Room()


def with_panel() -> Configure:
    settings = EyeSettings(camera=CameraSettings(), panel=PanelSettings(is_on=True))
    return Configure(settings.model_dump_json())


def test_an_eye_that_was_told_nothing_opens_nothing(room: Room) -> None:
    room.look_for(60)

    assert room.happened == []
    assert room.posted == []


@pytest.mark.parametrize("orders", [[CONFIGURE], [ON], [CONFIGURE, ON, OFF], [CONFIGURE, OFF]])
def test_the_camera_stays_closed_until_core_allows_it(
    room: Room, orders: list[Configure | SetCamera]
) -> None:
    for order in orders:
        room.eye.obey(order)

    room.look_for(10)

    assert "camera opening" not in room.happened


def test_an_eye_that_may_look_tells_what_it_sees(room: Room) -> None:
    room.starts_looking()

    room.eye.look()

    [sight] = room.sights()
    assert isinstance(sight, EstimateArrived)
    assert sight.at_s == room.clock()


def test_an_open_camera_is_reported_with_its_name_and_size(room: Room) -> None:
    room.starts_looking()

    room.look_for(5)

    assert room.reports(Part.CAMERA) == [(True, "camera 7, 640 x 480")]
    assert "status: camera: camera 7, 640 x 480" in room.supervisor.told


def test_looks_keep_the_rate_that_is_set(room: Room) -> None:
    room.starts_looking()

    room.look_for(10)

    assert len(room.sights()) == pytest.approx(40, abs=1)


def test_the_light_is_lit_before_the_camera_opens_and_goes_out_after_it_closed(
    room: Room,
) -> None:
    room.eye.obey(with_panel())
    room.eye.obey(ON)
    room.opens()

    room.eye.obey(OFF)

    assert room.happened == [
        "models loaded",
        "light on",
        "camera opening",
        "camera closed",
        "light out",
    ]


@pytest.mark.parametrize("stop", [lambda eye: eye.obey(OFF), lambda eye: eye.core_is_gone()])
def test_an_order_to_stop_while_the_models_load_leaves_camera_and_light_alone(
    room: Room, stop: Callable[[Eye], None]
) -> None:
    room.eye.obey(with_panel())
    room.eye.obey(ON)
    room.eye.look()  # seconds on a board

    stop(room.eye)
    room.look_for(10)

    assert room.happened == ["models loaded"]


def test_nothing_is_waited_for_between_the_models_and_the_camera(room: Room) -> None:
    room.eye.obey(CONFIGURE)
    room.eye.obey(ON)
    room.eye.look()

    assert room.eye.wait_s() == 0.0


def test_a_light_that_fails_keeps_the_camera_closed(room: Room) -> None:
    room.light_failing = Unavailable("the camera light on pin 27 does not answer")
    room.eye.obey(with_panel())
    room.eye.obey(ON)

    room.look_for(5)

    assert "camera opening" not in room.happened
    assert room.reports(Part.LIGHT) == [(False, "the camera light on pin 27 does not answer")]
    assert [is_ok for is_ok, _ in room.reports(Part.CAMERA)] == [False]


def test_a_light_that_works_again_lets_the_camera_open(room: Room) -> None:
    room.light_failing = Unavailable("no pin")
    room.eye.obey(with_panel())
    room.eye.obey(ON)
    room.look_for(5)
    room.light_failing = None

    room.look_for(LONGEST_WAIT_S)

    assert room.reports(Part.LIGHT)[-1] == (True, "")
    assert room.eye.is_looking


def test_a_light_fault_ends_when_the_panel_is_turned_off(room: Room) -> None:
    room.light_failing = Unavailable("no pin. Turn the panel off.")
    room.eye.obey(with_panel())
    room.eye.obey(ON)
    room.look_for(5)

    room.eye.obey(CONFIGURE)
    room.look_for(1)

    assert room.reports(Part.LIGHT) == [(False, "no pin. Turn the panel off."), (True, "")]
    assert room.eye.is_looking


def test_an_eye_without_a_panel_says_nothing_of_a_light(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)

    assert room.reports(Part.LIGHT) == []


def test_switching_off_closes_the_camera_at_once_and_says_so(room: Room) -> None:
    room.starts_looking()

    room.eye.obey(OFF)

    assert not room.eye.is_looking
    assert room.happened[-1] == "camera closed"
    assert room.reports(Part.CAMERA)[-1] == (True, "closed")


def test_a_lost_core_closes_the_camera_until_it_is_back_and_allows_it_again(room: Room) -> None:
    room.starts_looking()

    room.eye.core_is_gone()
    room.look_for(10)
    room.eye.obey(CONFIGURE)
    room.look_for(10)

    assert room.happened.count("camera opening") == 1
    room.eye.obey(ON)
    room.look_for(1)
    assert room.happened.count("camera opening") == 2
    assert room.happened.count("models loaded") == 1


def test_a_new_core_is_told_everything_again(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.eye.core_is_gone()
    room.posted.clear()

    room.starts_looking()
    room.look_for(1)

    assert room.reports(Part.MODEL) == [(True, "")]
    assert room.reports(Part.CAMERA) == [(True, "camera 7, 640 x 480")]


def test_a_missing_camera_is_reported_once_and_tried_again_with_growing_patience(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.opening = Unavailable("there is no camera")
    room.starts_looking()

    room.look_for(60)
    in_the_first_minute = room.happened.count("camera opening")
    room.look_for(600)
    in_ten_more = room.happened.count("camera opening") - in_the_first_minute

    assert in_the_first_minute == 6  # at 0, 1, 3, 7, 15 and 31 s
    assert in_ten_more == pytest.approx(600 / LONGEST_WAIT_S, abs=1)
    assert room.reports(Part.CAMERA) == [(False, "there is no camera")]
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1


def test_a_camera_that_comes_back_is_looked_through_within_half_a_minute(room: Room) -> None:
    room.opening = Unavailable("there is no camera")
    room.starts_looking()
    room.look_for(600)
    room.opening = None

    room.look_for(LONGEST_WAIT_S + 1)

    assert room.reports(Part.CAMERA)[-1] == (True, "camera 7, 640 x 480")
    assert room.sights()


def test_a_stalled_camera_is_opened_again_after_five_seconds(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.reading = NoFrameYet("camera 7 gave no picture in 0.1 s")

    room.look_for(STALL_S - 0.5)
    before = list(room.happened)
    room.look_for(1)

    assert "camera closed" not in before
    assert room.happened[-1] == "camera closed"
    assert room.reports(Part.CAMERA)[-1][0] is False
    room.reading = None
    room.look_for(2)
    assert room.reports(Part.CAMERA)[-1] == (True, "camera 7, 640 x 480")


def test_a_single_late_frame_is_no_fault(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.reading = NoFrameYet("late")
    room.look_for(STALL_S - 1)
    room.reading = None

    room.look_for(1)

    assert room.reports(Part.CAMERA) == [(True, "camera 7, 640 x 480")]


def test_a_camera_that_fails_twice_needs_a_fresh_process(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.reading = Unavailable("camera 7 is frozen")
    room.look_for(0.5)

    with pytest.raises(NeedsRestart, match="camera 7 is frozen"):
        room.look_for(5)

    assert not room.eye.is_looking


def test_a_camera_that_has_worked_meanwhile_may_fail_again(room: Room) -> None:
    room.starts_looking()
    for _ in range(4):
        room.look_for(WORKS_AGAIN_S + 5)
        room.reading = Unavailable("camera 7 was unplugged")
        room.look_for(0.5)
        room.reading = None

    room.look_for(5)

    assert room.eye.is_looking


def test_a_recording_that_ends_is_played_again(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.has_ended = True
    room.look_for(0.5)
    room.has_ended = False

    room.look_for(5)

    assert room.happened.count("camera opening") == 2
    assert room.eye.is_looking


@pytest.mark.parametrize(
    "end",
    [
        lambda eye: eye.obey(OFF),
        lambda eye: eye.core_is_gone(),
        lambda eye: eye.end(),
    ],
)
def test_a_camera_that_does_not_let_go_ends_the_program(
    room: Room, end: Callable[[Eye], None]
) -> None:
    room.eye.obey(with_panel())
    room.eye.obey(ON)
    room.opens()
    room.closing = Unavailable("camera 7 does not let go")

    with pytest.raises(NeedsRestart, match="does not let go"):
        end(room.eye)

    assert "light out" not in room.happened  # it shines as long as the camera is open


def test_a_refused_model_is_reported_once_and_the_camera_stays_closed(room: Room) -> None:
    room.senses_failing = ModelError("model `emotion`: damaged")
    room.starts_looking()

    room.look_for(600)

    assert room.happened == ["models loaded"]
    assert room.reports(Part.MODEL) == [(False, "model `emotion`: damaged")]
    assert room.supervisor.told.count("alive") == pytest.approx(600 / ALIVE_S, abs=2)


def test_a_refused_model_is_tried_again_when_the_settings_come_anew(room: Room) -> None:
    room.senses_failing = ModelError("model `emotion`: damaged")
    room.starts_looking()
    room.senses_failing = None

    room.eye.obey(CONFIGURE)
    room.look_for(1)

    assert room.reports(Part.MODEL) == [(False, "model `emotion`: damaged"), (True, "")]
    assert room.eye.is_looking


def test_a_demo_face_that_is_damaged_is_a_model_fault(room: Room) -> None:
    room.opening = ModelError("model `actor`: damaged")
    room.eye.obey(with_panel())
    room.eye.obey(ON)

    room.look_for(60)

    assert room.reports(Part.MODEL)[-1] == (False, "model `actor`: damaged")
    assert room.happened.count("camera opening") == 1
    assert room.happened[-1] == "light out"


def test_new_settings_open_the_camera_anew_and_equal_ones_do_not(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)

    room.eye.obey(CONFIGURE)
    room.look_for(1)
    assert room.happened.count("camera opening") == 1
    camera = CameraSettings(rate_hz=1)
    room.eye.obey(Configure(EyeSettings(camera=camera, panel=PanelSettings()).model_dump_json()))
    room.look_for(1)

    assert room.happened.count("camera opening") == 2


@pytest.mark.parametrize("section", ["", "{}", '{"camera": {"rate_hz": 999}, "panel": {}}'])
def test_settings_the_eye_does_not_understand_are_reported(room: Room, section: str) -> None:
    room.eye.obey(Configure(section))
    room.eye.obey(ON)

    room.look_for(5)

    [(is_ok, message)] = room.reports(Part.EYE)
    assert not is_ok
    assert "Restart both" in message
    assert "camera opening" not in room.happened


def test_a_dark_picture_is_a_remark_and_not_a_fault(room: Room) -> None:
    room.starts_looking()
    room.level = 0

    room.look_for(1)

    [(is_ok, message)] = room.reports(Part.CAMERA)
    assert is_ok
    assert "shutter" in message
    assert {type(sight) for sight in room.sights()} == {RoomDark}


def test_the_supervisor_hears_of_progress_while_looking_waiting_and_resting(room: Room) -> None:
    def told_in(seconds: float) -> int:
        before = room.supervisor.told.count("alive")
        room.look_for(seconds)
        return room.supervisor.told.count("alive") - before

    resting = told_in(30)
    room.starts_looking()
    looking = told_in(30)
    room.eye.obey(OFF)
    room.opening = Unavailable("gone")
    room.eye.obey(ON)
    waiting = told_in(30)

    assert min(resting, looking, waiting) >= 5


def test_a_stall_is_no_progress(room: Room) -> None:
    room.starts_looking()
    room.look_for(1)
    room.supervisor.told.clear()
    room.reading = NoFrameYet("late")

    room.look_for(STALL_S - 1)

    assert "alive" not in room.supervisor.told


def test_the_models_are_let_go_at_the_end(room: Room) -> None:
    room.starts_looking()

    room.eye.end()

    assert room.happened[-1] == "camera closed"
    assert not room.finder.is_open


def test_a_process_with_pictures_in_it_is_never_dumped() -> None:
    # In a process of its own: it cannot be undone.
    question = (
        "import ctypes, resource\n"
        "from soulsync_edge.programs.eye_parts import keep_out_of_core_dumps\n"
        "keep_out_of_core_dumps()\n"
        "PR_GET_DUMPABLE = 3\n"
        "print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, text=True, check=True
    )

    assert answer.stdout.splitlines() == ["0", "(0, 0)"]


@pytest.mark.parametrize(
    ("device", "length_s"), [("/dev/video0", 86_400.0), ("60", 60.0), ("40.5@123.25", 40.5)]
)
def test_the_demo_actor_plays_a_script_of_the_length_asked_for(
    device: str, length_s: float
) -> None:
    camera, name = open_camera(MODELS, CameraSettings(adapter="actor", device=device))

    assert name == "demo actor"
    assert isinstance(camera, ActorCamera)
    assert camera.script == demo_script(length_s)


@pytest.mark.parametrize(
    "device",
    [
        *("0", "0.0@5", "1.2.3", "@", "@5", "5@1.2.3", "5@1@2", "."),
        *("86401", "1" + "0" * 400, "60@" + "1" * 400),
    ],
)
def test_a_script_the_demo_actor_cannot_play_is_refused_with_what_to_do(device: str) -> None:
    with pytest.raises(Unavailable, match=r"\[camera\] device is the length .* such as 60"):
        open_camera(MODELS, CameraSettings(adapter="actor", device=device))


@pytest.mark.parametrize("adapter", ["auto", "picamera2", "v4l2", "file", "actor"])
@pytest.mark.parametrize(
    "device",
    ["~nobody-of-this-name/x", "\u00b2", "9" * 5000, "/" + "x" * 5000, "/dev/null/x", "."],
)
def test_a_device_that_can_be_set_never_ends_the_eye(
    monkeypatch: pytest.MonkeyPatch, adapter: str, device: str
) -> None:
    monkeypatch.syspath_prepend(STAND_INS)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    settings = CameraSettings.model_validate({"adapter": adapter, "device": device})

    with contextlib.suppress(Unavailable):
        camera, _ = open_camera(MODELS, settings)
        camera.close()

    sys.modules.pop("picamera2", None)


class Refusal:
    """An importer that fails over one library, as a missing system package makes it."""

    def __init__(self, library: str, error: Exception) -> None:
        self._library = library
        self._error = error

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name == self._library:
            raise self._error


@pytest.mark.parametrize(
    ("library", "adapter"), [("cv2", "crop_opencv"), ("mediapipe", "faces_mediapipe")]
)
@pytest.mark.parametrize("error", [ImportError, OSError])
def test_a_library_that_cannot_be_loaded_is_a_model_fault(
    monkeypatch: pytest.MonkeyPatch, library: str, adapter: str, error: type[Exception]
) -> None:
    missing = error("libGLESv2.so.2: cannot open shared object file")
    monkeypatch.delitem(sys.modules, library, raising=False)
    monkeypatch.delitem(sys.modules, f"soulsync_edge.adapters.{adapter}", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusal(library, missing), *sys.meta_path])
    drawing = sys.modules.get("matplotlib")

    with pytest.raises(ModelError, match=r"libGLESv2\.so\.2.* no face .*scripts/provision\.sh"):
        load_senses(MODELS)

    assert sys.modules.get("matplotlib") is drawing  # no stand-in is left behind


def test_automatic_takes_a_usb_camera_where_no_ribbon_camera_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)

    with pytest.raises(Unavailable, match="no camera at /dev/video77"):
        open_camera(MODELS, CameraSettings(device="/dev/video77"))


def test_automatic_takes_the_ribbon_camera_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(STAND_INS)

    camera, name = open_camera(MODELS, CameraSettings())

    assert name == "ribbon camera imx708"
    camera.close()
    sys.modules.pop("picamera2")


def test_without_a_panel_there_is_no_light() -> None:
    assert open_light(PanelSettings()) is None
