"""The settings page: drawn, saved, and given back with what is wrong."""

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from soulsync_edge.adapters.web import forms
from soulsync_edge.adapters.web.broker_password import keep_password_here
from soulsync_edge.adapters.web.pieces import Pieces
from soulsync_edge.adapters.web.server import bound_socket
from soulsync_edge.adapters.web.view import PartShown, PartState, shown
from soulsync_edge.adapters.web.words import readable, sentence_case
from soulsync_edge.domain.events import Part
from soulsync_edge.domain.shifting import Goal
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.ports import SettingsDesk, State
from soulsync_edge.settings import WebSettings

_OUT_OF_DATE = (
    "Settings were changed elsewhere meanwhile. What you entered is still here: look it through "
    "and save again."
)

_TONE = "A short tone is played now"


class SettingsPage:
    """Draws the settings, and takes its form back.

    Args:
        state: Gives the present state: whether the sound works stands beside its test.
        desk: Where settings are read and changed.
        pieces: Makes the page.
    """

    def __init__(self, state: State, desk: SettingsDesk, pieces: Pieces) -> None:
        self._state = state
        self._desk = desk
        self._pieces = pieces

    def drawn(self, *, saved: str | None = None, is_tested: bool = False) -> str:
        """Return the page with the settings in force.

        Args:
            saved: The settings that were just saved, between spaces; None: none were to be.
            is_tested: A test tone was just asked for.
        """
        titles = None if saved is None else forms.titles(saved.split())
        entries = forms.entries_of(self._desk.settings)
        return self._page(entries, forms.Placed(), saved=titles, is_tested=is_tested)

    async def save(self, request: Request) -> Response:
        """Save what the form changes; on any mistake give the form back as it was sent."""
        form = await request.form()
        before = forms.entries_of(self._desk.settings)
        entries = {**before, **forms.entries_in(form)}
        changes = forms.changes_between(before, entries)
        old_port = self._desk.settings.web.port
        problems, complaint, status = forms.Placed(), "", 422
        try:
            if form.get("edition") != forms.edition(self._desk.settings):
                complaint, status = _OUT_OF_DATE, 409
            elif changes:
                await _check_address(changes, self._desk.settings.web)
                changes = keep_password_here(changes, self._desk.settings.mqtt)
                await self._desk.change(changes)
        except ConfigError as error:
            problems = forms.placed(error.problems)
        except Unavailable as error:
            complaint, status = sentence_case(str(error)), 503
        if complaint or problems.at or problems.elsewhere:
            page = self._page(entries, problems, complaint=complaint)
            return HTMLResponse(page, status)
        if self._desk.settings.web.port != old_port:
            address = str(
                request.url.replace(path="/", query="", port=self._desk.settings.web.port)
            )
            return HTMLResponse(self._pieces.page("moved.html", here="/settings", address=address))
        names = [f"{section}.{key}" for section, keys in changes.items() for key in keys]
        return RedirectResponse(f"/settings?{urlencode({'saved': ' '.join(names)})}", 303)

    def _page(
        self,
        entries: forms.Entries,
        problems: forms.Placed,
        *,
        complaint: str = "",
        saved: tuple[str, ...] | None = None,
        is_tested: bool = False,
    ) -> str:
        parts = shown(*self._state()).parts
        return self._pieces.page(
            "settings.html",
            here="/settings",
            edition=forms.edition(self._desk.settings),
            groups=forms.groups(entries, problems),
            mistakes=len(problems.at) + len(problems.elsewhere),
            elsewhere=problems.elsewhere,
            complaint=readable(complaint),
            saved=saved,
            is_tested=is_tested,
            tone_words=_TONE,
            sound_faults=[part for part in parts if _is_mute(part)],
            goals=[goal.value for goal in Goal],
        )


def _is_mute(part: PartShown) -> bool:
    """Return whether `part` is why nothing can be heard."""
    if part.part is Part.VOICE:
        return part.state is not PartState.OK
    return part.part is Part.SOUND and part.state is PartState.FAULT


async def _check_address(changes: forms.Changes, now: WebSettings) -> None:
    """See that the page can be served at its new address, before the old one is given up.

    Without its page nobody could take the change back.

    Raises:
        Unavailable: It cannot.
    """
    try:
        wanted = WebSettings.model_validate(now.model_dump() | changes.get("web", {}))
    except ValidationError:
        return  # told with all other mistakes, when the settings are checked as a whole
    if (wanted.host, wanted.port) != (now.host, now.port):
        # Its own port is taken, by this very page.
        listening = await bound_socket(wanted.host, 0 if wanted.port == now.port else wanted.port)
        listening.close()
