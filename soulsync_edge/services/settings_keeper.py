"""The settings in force: checked, saved, applied part by part, rolled back when one refuses."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.ports import SettingsFile
from soulsync_edge.settings import Settings
from soulsync_edge.settings_problems import settings_from

logger = logging.getLogger(__name__)

Apply = Callable[[Settings], Awaitable[None]]
"""Puts one section into force; raises `Unavailable` when the part refuses it."""


class SettingsKeeper:
    """The `SettingsDesk`, over a file and the parts that live by each section.

    Args:
        file: Where the settings are kept.
        settings: What is in force at the start.
        tell: Told nothing, an empty text, whenever the file is right and in force.
    """

    def __init__(
        self,
        file: SettingsFile,
        settings: Settings,
        tell: Callable[[str], object] = lambda _complaint: None,
    ) -> None:
        self._file = file
        self._tell = tell
        self._settings = settings
        self._appliers: list[tuple[frozenset[str], Apply]] = []
        self._one_at_a_time = asyncio.Lock()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    def on_change(self, sections: frozenset[str], apply: Apply) -> None:
        """Call `apply` whenever one of `sections` becomes different."""
        self._appliers.append((sections, apply))

    async def change(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Check `changes`, save them and put them into force, all or nothing."""
        async with self._one_at_a_time:
            values = self._settings.model_dump(mode="json")
            for section, fields in changes.items():
                known = values.get(section)
                values[section] = {**known, **fields} if isinstance(known, dict) else dict(fields)
            wanted = settings_from(values, "the page")
            await asyncio.to_thread(self._file.save, wanted)
            try:
                await self._apply(wanted)
            except Unavailable:
                await asyncio.to_thread(self._file.save, self._settings)
                raise
            self._tell("")

    async def reload(self) -> None:
        """Read the file again, as after SIGHUP; a file that is wrong changes nothing.

        Raises:
            ConfigError: With every mistake in the file.
            Unavailable: A part refused; the old settings are in force again.
        """
        async with self._one_at_a_time:
            await self._apply(await asyncio.to_thread(self._file.load))
            self._tell("")

    async def _apply(self, wanted: Settings) -> None:
        before = self._settings
        differing = {
            name for name in Settings.model_fields if getattr(before, name) != getattr(wanted, name)
        }
        done: list[Apply] = []
        self._settings = wanted
        for sections, apply in self._appliers:
            if not sections & differing:
                continue
            try:
                await apply(wanted)
            except Unavailable:
                self._settings = before
                for earlier in [*reversed(done), apply]:
                    await _put_back(earlier, before)
                raise
            done.append(apply)
        if differing:
            logger.info("new settings in force: %s", ", ".join(sorted(differing)))


async def _put_back(apply: Apply, settings: Settings) -> None:
    try:
        await apply(settings)
    except (Unavailable, ConfigError):
        logger.exception("a part would not go back to its old settings; it may need a restart")
