"""The error family, grouped by what the reader of the message can do about it."""


class SoulSyncError(Exception):
    """Any failure the appliance expects; the message says what, which, why and what to do."""


class ConfigError(SoulSyncError):
    """A setting is wrong: someone has to change it.

    Attributes:
        problems: One sentence per wrong setting, all found at once.
    """

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        lines = "\n".join(f"config error in {source}: {problem}" for problem in problems)
        super().__init__(lines)
        self.problems = problems


class Unavailable(SoulSyncError):  # noqa: N818  # a state of the world, not a mistake
    """A device, broker or program is missing for now: it is tried again."""


class NoFrameYet(Unavailable):
    """The camera is open and gave no picture in time; the same camera is asked again."""


class MediaError(SoulSyncError):
    """This one file cannot be read or played: it is skipped and listed."""


class ModelError(SoulSyncError):
    """A model file and `models/manifest.toml` disagree: mood stays off until that is mended."""
