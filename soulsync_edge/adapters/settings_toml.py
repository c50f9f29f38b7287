"""Settings as a TOML file that survives a power cut while it is being saved."""

import contextlib
import os
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.settings import Settings
from soulsync_edge.settings_problems import CLOSED, salvaged, settings_from


class TomlSettingsFile:
    """A `SettingsFile` on disk, with the one before it kept beside it as `.prev`.

    Saving keeps the comments and the order of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def previous(self) -> Path:
        """The file as it was before the last save."""
        return self.path.with_name(self.path.name + ".prev")

    def load(self) -> Settings:
        return _load(self.path)

    def load_or_fall_back(self) -> tuple[Settings, str]:
        """Return settings in any case, and what to tell the owner; nothing when all is well.

        Of a file with mistakes, what is right in it holds. One that cannot be read at all gives
        way to the one before it, and that to the defaults with the camera closed: the owner of
        an appliance has only its page to mend the file with.
        """
        try:
            return self.load(), ""
        except ConfigError as error:
            complaint = str(error)
        with contextlib.suppress(ConfigError):
            right = salvaged(_values(self.path))
            return right, f"{complaint}\nThe other settings in the file hold."
        with contextlib.suppress(ConfigError):
            if self.previous.exists():
                return _load(self.previous), f"{complaint}\nUsing the settings saved before."
        return Settings(privacy=CLOSED), f"{complaint}\nUsing the defaults, the camera closed."

    def save(self, settings: Settings) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        try:
            text = _merged(self._text(), settings)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _write_through(beside, text)
            if self.path.exists():
                with contextlib.suppress(FileNotFoundError):
                    self.previous.unlink()
                os.link(self.path, self.previous)
            beside.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise Unavailable(
                f"the settings could not be saved to {self.path}: {error.strerror}; the old ones "
                "stay in force. Free some space or check the card"
            ) from error

    def _text(self) -> str:
        try:
            return self.path.read_text("utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return ""


def _load(path: Path) -> Settings:
    return settings_from(_values(path), str(path))


def _values(path: Path) -> dict[str, Any]:
    """Return what the file says; nothing when there is none."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(str(path), (f"cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), ("is not text in UTF-8",)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), (f"is not TOML: {error}",)) from error


def _merged(text: str, settings: Settings) -> str:
    """Return `text` with the values of `settings`: only what differs from it is touched."""
    try:
        document = tomlkit.parse(text)
    except tomlkit.exceptions.TOMLKitError:
        document = tomlkit.document()  # what was there is kept in `.prev`
    _update(document, settings.model_dump(mode="json"))
    return tomlkit.dumps(document)


def _update(table: Any, values: dict[str, Any]) -> None:  # tomlkit has many tables
    """Make `table` hold `values`, touching only what differs."""
    for key in [key for key in table if key not in values]:
        del table[key]
    for key, value in values.items():
        if isinstance(value, dict):
            if not isinstance(table.get(key), dict):
                table[key] = tomlkit.table()
            _update(table[key], value)
        elif table.get(key) != value:
            table[key] = value


def _write_through(path: Path, text: str) -> None:
    """Write `path` so that it is on the disk when this returns; readable by its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
