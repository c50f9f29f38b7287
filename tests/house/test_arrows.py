"""Who may import whom: the arrows of docs/architecture.md, held by the build."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "soulsync_edge"
ROOMS = (
    "domain",
    "ports",
    "eye_ports",
    "settings",
    "errors",
    "wire",
    "services",
    "adapters",
    "programs",
)

MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"domain"},
    "errors": set(),
    "settings": {"domain", "errors", "settings"},
    "ports": {"domain", "settings"},
    "eye_ports": {"domain"},
    "fakes": {"domain", "errors", "eye_ports", "ports", "settings"},
    "wire": {"domain", "wire"},
    "services": {"domain", "errors", "eye_ports", "ports", "services", "settings"},
    "adapters": {"adapters", "domain", "errors", "eye_ports", "ports", "settings", "wire"},
    "programs": set(ROOMS),
    "cli": {"programs", "adapters", "errors"},
    "__main__": {"cli"},
    "__init__": set(),
}

# Adapters never import each other, but for these: a pure half, or a file several of them read.
FRIENDS = {
    "library_scan": {"folder_place"},
    "music_places": {"hearing", "model_manifest"},
    "mqtt_paho": {"mqtt_topics"},
    "mqtt_topics": {"mqtt_entities"},
    "actor_stage": {"model_manifest"},
    "camera_actor": {"actor_stage"},
    "camera_file": {"camera_reader"},
    "camera_picamera2": {"camera_reader"},
    "camera_v4l2": {"camera_reader", "proc_holder"},
    "emotion_tflite": {"model_manifest"},
    "faces_mediapipe": {"model_manifest"},
    "features_audio": {"hearing", "model_manifest", "sound_av"},
    "sound_av": {"hearing"},
    "button_gpiozero": {"gpio_pins"},
    "light_gpiozero": {"gpio_pins"},
    "player_vlc": {"deck_vlc", "speaker_tone"},
    "web": {"proc_holder"},
}

HARDWARE = {"av", "cv2", "gpiozero", "mediapipe", "paho", "picamera2", "vlc", "lgpio", "libcamera"}


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """Return the room a file lives in; a file of the top level is its own room."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "settings" if first == "settings_problems" else first


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every module a file imports, and whether at its top level."""
    tree = ast.parse(path.read_text("utf-8"))
    at_top = set(ast.iter_child_nodes(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in at_top
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node in at_top
            # `from soulsync_edge.programs import core` names a module too.
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node in at_top


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_from_rooms_it_may_enter(path: Path) -> None:
    room = room_of(path)
    for module, _ in imports(path):
        parts = module.split(".")
        if parts[0] != "soulsync_edge" or len(parts) == 1:
            continue
        entered = "settings" if parts[1] == "settings_problems" else parts[1]
        if entered == "__version__":
            continue
        assert entered in MAY_IMPORT[room], f"{path.name} ({room}) imports {module}"
        if room == entered == "adapters" and len(parts) > 2:
            own = path.relative_to(PACKAGE / "adapters").parts[0].removesuffix(".py")
            friends = FRIENDS.get(own, set()) | {own}
            assert parts[2] in friends, f"adapter {own} imports adapter {parts[2]}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=lambda p: p.name)
def test_the_domain_knows_the_standard_library_and_itself_only(path: Path) -> None:
    impure = {"asyncio", "io", "os", "pathlib", "socket", "subprocess", "threading", "time"}
    for module, _ in imports(path):
        first = module.split(".")[0]
        if first == "soulsync_edge":
            continue
        assert first in sys.stdlib_module_names, f"{path.name} imports {module}"
        assert first not in impure, f"{path.name} imports {module}: time and I/O arrive as data"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_hardware_libraries_are_met_in_adapters_only(path: Path) -> None:
    if room_of(path) == "adapters":
        return
    for module, _ in imports(path):
        assert module.split(".")[0] not in HARDWARE, f"{path.name} imports {module}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "programs").glob("*.py")), ids=lambda path: path.name
)
def test_a_program_imports_cameras_only_when_they_are_chosen(path: Path) -> None:
    for module, is_at_top in imports(path):
        if module.startswith("soulsync_edge.adapters.camera_") and is_at_top:
            chosen_anyway = {"watch.py": "camera_file", "demo.py": "camera_actor"}.get(path.name)
            assert chosen_anyway is not None
            assert module.split(".")[2] == chosen_anyway


def test_other_threads_enter_core_through_one_door() -> None:
    doors = [path.name for path in files() if "call_soon_threadsafe(" in path.read_text("utf-8")]

    assert doors == ["inbox.py"]


def test_durations_are_never_taken_from_the_wall_clock() -> None:
    offenders = [path.name for path in files() if "time.time(" in path.read_text("utf-8")]

    assert offenders == []


def test_the_eye_has_no_way_to_write_a_picture() -> None:
    eye = [
        *(PACKAGE / "adapters").glob("camera_*.py"),
        *(PACKAGE / "adapters").glob("faces_*.py"),
        *(PACKAGE / "adapters").glob("emotion_*.py"),
        PACKAGE / "adapters" / "crop_opencv.py",
        PACKAGE / "services" / "perception.py",
        PACKAGE / "programs" / "eye.py",
        PACKAGE / "programs" / "eye_parts.py",
    ]
    words = ("imwrite", "imencode", "VideoWriter(", ".tofile(", "np.save", "b64encode")
    found = [
        f"{path.name}: {word}"
        for path in eye
        if path.exists()
        for word in words
        if word in path.read_text("utf-8")
    ]

    assert found == []
