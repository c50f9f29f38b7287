"""Core's ends of the links to the programs that touch the world."""

import time
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.domain.events import (
    EyeFound,
    EyeLost,
    Part,
    PartReported,
    VoiceFound,
    VoiceLost,
)
from soulsync_edge.ports import Post, SettingsDesk
from soulsync_edge.wire.link_server import LinkServer, sight_bytes_per_s
from soulsync_edge.wire.messages import (
    EYE_EVENTS,
    EYE_ORDERS,
    VOICE_EVENTS,
    VOICE_ORDERS,
    Configure,
    EyeEvent,
    EyeOrder,
    VoiceEvent,
    VoiceOrder,
)

clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Links:
    """Core's end of the link to the eye, and of that to the voice."""

    eye: LinkServer[EyeEvent, EyeOrder]
    voice: LinkServer[VoiceEvent, VoiceOrder]


def eye_link(run_dir: Path, desk: SettingsDesk, post: Post) -> LinkServer[EyeEvent, EyeOrder]:
    """Return the link to the eye: it gets its settings first, then whether it may look."""

    def found() -> None:
        link.send(Configure(desk.settings.eye.model_dump_json()))
        post(PartReported(clock(), Part.EYE, is_ok=True, message=""))
        post(EyeFound(clock()))

    def lost() -> None:
        message = "the eye program stopped; it is being restarted"
        post(PartReported(clock(), Part.EYE, is_ok=False, message=message))
        post(EyeLost(clock()))

    link = LinkServer(
        run_dir / "eye.sock",
        EYE_EVENTS,
        EYE_ORDERS,
        on_found=found,
        on_lost=lost,
        on_message=post,
        most_bytes_per_s=sight_bytes_per_s(desk.settings.camera.rate_hz),
    )
    return link


def voice_link(run_dir: Path, desk: SettingsDesk, post: Post) -> LinkServer[VoiceEvent, VoiceOrder]:
    """Return the link to the voice: it gets its settings first, then what to play."""

    def found() -> None:
        link.send(Configure(desk.settings.player.model_dump_json()))
        post(PartReported(clock(), Part.VOICE, is_ok=True, message=""))
        post(VoiceFound(clock()))

    def lost() -> None:
        message = "the sound program stopped; it is being restarted"
        post(PartReported(clock(), Part.VOICE, is_ok=False, message=message))
        post(VoiceLost(clock()))

    link = LinkServer(
        run_dir / "voice.sock",
        VOICE_EVENTS,
        VOICE_ORDERS,
        on_found=found,
        on_lost=lost,
        on_message=post,
    )
    return link
