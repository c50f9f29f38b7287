"""Put the model files that are not kept in this project into `models/`, checked byte for byte.

A model whose entry in `models/manifest.toml` has a `source` is taken out of a published Python
wheel: out of the installed package when that is the right version, else out of the wheel itself,
downloaded by pip and checked against its hash. Files already right are left alone.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parent.parent / "models"
ATTEMPTS = 3
DOWNLOAD_TIMEOUT_S = 600


class FetchError(Exception):
    """A model file could not be made; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model file comes from: one member of one wheel of one version."""

    wheel: str
    version: str
    tag: str
    wheel_sha256: str
    member: str


@dataclass(frozen=True, slots=True)
class WantedModel:
    """A model file to have in `models/`, and the bytes it must have."""

    file: str
    sha256: str
    size_bytes: int
    source: Source

    def is_met_by(self, content: bytes) -> bool:
        """Return whether `content` is this model, byte for byte."""
        return (
            len(content) == self.size_bytes and hashlib.sha256(content).hexdigest() == self.sha256
        )


def wanted_models(manifest: Path) -> Iterator[WantedModel]:
    """Yield the manifest's models that come from a published wheel."""
    try:
        entries: dict[str, Any] = tomllib.loads(manifest.read_text(encoding="utf-8"))["models"]
        for entry in entries.values():
            if "source" in entry:
                source = Source(**entry["source"])
                yield WantedModel(entry["file"], entry["sha256"], entry["bytes"], source)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise FetchError(f"{manifest} cannot be read ({error!r}). Restore it from git.") from error


def fetch(model: WantedModel, folder: Path) -> str:
    """Make sure `folder` holds `model`; return what was done about it."""
    target = folder / model.file
    if target.is_file() and model.is_met_by(target.read_bytes()):
        return "there already"
    content = from_installed(model)
    how = f"taken from the installed {model.source.wheel} {model.source.version}"
    if content is None or not model.is_met_by(content):
        content = from_published_wheel(model)
        how = f"taken from the published wheel of {model.source.wheel} {model.source.version}"
    if not model.is_met_by(content):
        raise FetchError(
            f"{model.file} in {model.source.wheel} {model.source.version} is not the file that "
            "models/manifest.toml names (SHA-256 differs). It was not installed; "
            "check the manifest against git."
        )
    write_whole(target, content)
    return how


def from_installed(model: WantedModel) -> bytes | None:
    """Return the model's bytes from the installed package, or None if that is another version."""
    try:
        distribution = metadata.distribution(model.source.wheel)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(model.source.member)))
    if distribution.version != model.source.version or not path.is_file():
        return None
    return path.read_bytes()


def from_published_wheel(model: WantedModel) -> bytes:
    """Return the model's bytes from the published wheel, downloaded by pip and checked by it."""
    source = model.source
    with tempfile.TemporaryDirectory(prefix="soulsync-model-") as name:
        download(source, Path(name))
        try:
            (wheel,) = Path(name).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(source.member)
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            raise FetchError(
                f"{model.file}: the wheel of {source.wheel} {source.version} does not hold "
                f"{source.member} ({error}). Check models/manifest.toml against git."
            ) from error


def download(source: Source, folder: Path) -> None:
    """Download the wheel of `source` into `folder`; pip refuses one with another hash."""
    requirement = folder / "requirement.txt"
    requirement.write_text(
        f"{source.wheel}=={source.version} --hash=sha256:{source.wheel_sha256}\n", encoding="utf-8"
    )
    interpreter, abi, platform = source.tag.split("-")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *(
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--requirement",
            str(requirement),
        ),
        *("--python-version", interpreter.removeprefix("cp"), "--implementation", "cp"),
        *("--abi", abi, "--platform", platform, "--dest", str(folder)),
    ]
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            subprocess.run(
                command,
                check=True,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=DOWNLOAD_TIMEOUT_S,
            )
        except subprocess.CalledProcessError as error:
            reason = "\n".join(str(error.stdout).strip().splitlines()[-5:])
        except subprocess.TimeoutExpired:
            reason = f"no end after {DOWNLOAD_TIMEOUT_S} s"
        else:
            return
    raise FetchError(
        f"pip could not download {source.wheel} {source.version} ({ATTEMPTS} attempts):\n{reason}\n"
        "Is the network up? Then run 'make setup' again."
    )


def write_whole(target: Path, content: bytes) -> None:
    """Write `content` to `target` so that a reader sees all of it or nothing."""
    beside = target.with_name(f"{target.name}.part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)


def main(arguments: list[str] | None = None) -> int:
    """Fetch every model in the manifest; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="fetch_models", description="Put the model files named in the manifest in their place."
    )
    parser.add_argument(
        "--models", type=Path, default=MODELS, help="folder with manifest.toml (default: models/)"
    )
    folder: Path = parser.parse_args(arguments).models
    try:
        for model in wanted_models(folder / "manifest.toml"):
            print(f"Model {model.file}: {fetch(model, folder)}.")
    except (FetchError, OSError) as error:
        print(f"fetch_models: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
