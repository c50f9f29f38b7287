"""All settings: one frozen section per part, each field with title, help, unit and bounds."""

import ipaddress
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from soulsync_edge.domain.freshness import ChoiceRules
from soulsync_edge.domain.loudness import QuietHours
from soulsync_edge.domain.mood import MoodRules
from soulsync_edge.domain.session import Rules, Scheduled
from soulsync_edge.domain.shifting import Goal, Mode

SWITCHED_OFF = "switched off"
"""What is reported of a part the settings do not ask for: nothing is wrong, nothing works."""

CONNECTING = "connecting"
"""What is reported of a part that is open and does not work yet: it will say so itself."""

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
# A last label of digits alone is an address that went wrong. RFC 1123, section 2.1.
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*(?!\d+$){_LABEL}", re.ASCII | re.IGNORECASE)


def _without_controls(text: str) -> str:
    """Return `text`; files, devices and brokers cannot be named with control characters."""
    if _CONTROLS.search(text):
        raise ValueError("must not hold control characters")
    return text


def _host(text: str) -> str:
    """Return `text`, an IP address or a host name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise ValueError("must be an address such as 192.168.1.20, or a host name") from None
    return text


def _whole_path(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("should be a whole path, beginning with /")
    return text


def _time_of_day(text: str) -> str:
    if not _TIME_OF_DAY.fullmatch(text):
        raise ValueError("must be a time of day such as 22:00")
    return text


def _time_or_none(text: str) -> str:
    if text and not _TIME_OF_DAY.fullmatch(text):
        raise ValueError("must be a time of day such as 22:00, or empty")
    return text


def _minute(time: str) -> int:
    """Return the minute of the day of a time such as 22:00."""
    return int(time[:2]) * 60 + int(time[3:])


Text = Annotated[str, AfterValidator(_without_controls)]
"""Text without control characters."""

TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
"""A time of day such as 22:00."""

TimeOrNone = Annotated[str, AfterValidator(_time_or_none)]
"""A time of day such as 22:00, or empty."""


def _field(  # what a field is, said once for page, docs and example
    default: Any,
    title: str,
    text: str,
    *,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
) -> Any:  # pydantic's own signature
    return Field(
        default=default,
        title=title,
        description=text,
        ge=least,
        le=most,
        json_schema_extra={"unit": unit} if unit else None,
    )


class Section(BaseModel):
    """One part's settings: frozen, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraSettings(Section):
    """Where pictures come from, and how often the eye looks."""

    adapter: Literal["auto", "picamera2", "v4l2", "file", "actor"] = _field(
        "auto",
        "Camera kind",
        "auto takes a ribbon camera where picamera2 is installed, else a USB camera; file plays a "
        "video or a folder of pictures; actor is the made-up face of the demo",
    )
    device: Text = _field(
        "/dev/video0", "Camera device", "the device of a USB camera, or the file or folder to play"
    )
    width_px: int = _field(640, "Width", "of the pictures taken", unit="px", least=160, most=1280)
    height_px: int = _field(480, "Height", "of the pictures taken", unit="px", least=120, most=960)
    rate_hz: float = _field(
        4.0,
        "Looks per second",
        "how often the eye looks at the room",
        unit="Hz",
        least=1,  # slower, what is between two looks is a gap to the mood, not a steady room
        most=15,
    )
    rotation_deg: Literal[0, 90, 180, 270] = _field(
        0, "Rotation", "how far to turn the picture clockwise until faces are upright"
    )
    faces: Literal["largest", "average"] = _field(
        "largest",
        "Several faces",
        "largest follows the largest steady face; average takes the mean of everyone in view",
    )
    least_face_px: int = _field(
        40, "Smallest face", "faces narrower than this are too far away to read", unit="px",
        least=16, most=400,
    )  # fmt: skip


class MoodSettings(Section):
    """How quickly the mood follows what is seen."""

    label_time_constant_s: float = _field(
        1.2, "Label smoothing", "time in which the smoothed expression covers 63 % of a change",
        unit="s", least=0.1, most=60,
    )  # fmt: skip
    affect_time_constant_s: float = _field(
        12.0, "Mood smoothing", "the same for the valence and arousal that steer the music",
        unit="s", least=0.1, most=600,
    )  # fmt: skip
    dwell_s: float = _field(
        1.5, "Dwell", "how long a change must hold before it counts", unit="s", least=0, most=60
    )
    enter_share: float = _field(
        0.35, "Enter", "smoothed probability an expression needs to become the mood",
        least=0.2, most=0.95,
    )  # fmt: skip
    leave_share: float = _field(
        0.28, "Leave", "below this the mood becomes unsure; at most Enter", least=0.05, most=0.95
    )
    lead_share: float = _field(
        0.05, "Lead", "how far a new expression must be ahead of the old", least=0, most=0.5
    )
    unsure_below: float = _field(
        0.25,
        "Unsure below",
        "smoothed confidence under which the mood is unsure",
        least=0,
        most=0.9,
    )
    appear_s: float = _field(
        0.5, "Appear", "how long someone must be seen to count as here", unit="s", least=0, most=30
    )
    vanish_s: float = _field(
        2.0, "Vanish", "how long nobody must be seen for the room to count as empty", unit="s",
        least=0, most=600,
    )  # fmt: skip

    @model_validator(mode="after")
    def _leave_below_enter(self) -> Self:
        if self.leave_share > self.enter_share:
            raise ValueError(
                f"leave_share ({self.leave_share}) must be at most enter_share ({self.enter_share})"
            )
        return self


class ShiftingSettings(Section):
    """What the music does with the mood."""

    @model_validator(mode="before")
    @classmethod
    def _without_ramp(cls, values: Any) -> Any:  # whatever the file says
        """Drop what older files hold: how long a shift took, before it went by the mood."""
        if not isinstance(values, dict):
            return values
        return {key: value for key, value in values.items() if key != "ramp_min"}

    mode: Mode = _field(
        Mode.MATCH,
        "Mode at first start",
        "match mirrors the mood; shift leads it to the goal; schedule goes by the time of day, "
        "whatever the mood; off plays anything, well mixed; later the last choice is kept",
    )
    goal: Goal = _field(
        Goal.CALM, "Goal at first start", "where a shift leads; later the last choice is kept"
    )
    schedule: dict[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], Goal] = Field(
        default={"06:30": Goal.LIFT, "09:00": Goal.FOCUS, "17:00": Goal.CALM, "22:30": Goal.SLEEP},
        title="Schedule",
        description="what to play from this time of day on, by schedule or without a mood",
        min_length=1,
        max_length=48,
    )
    cooldown_min: float = _field(
        60.0, "Cooldown", "a track does not come back sooner, while others can be played",
        unit="min", least=0, most=1440,
    )  # fmt: skip
    artist_gap: int = _field(
        2, "Artist gap", "tracks between two by one artist", unit="tracks", least=0, most=20
    )
    album_gap: int = _field(
        4, "Album gap", "tracks between two from one album", unit="tracks", least=0, most=20
    )
    variety: float = _field(
        0.25,
        "Variety",
        "how far from the best fit chance may reach on the mood map",
        least=0,
        most=1,
    )
    empty_pause_min: float = _field(
        5.0,
        "Empty room",
        "how long music goes on when nobody is here",
        unit="min",
        least=0,
        most=600,
    )
    cut_on_drift: bool = _field(
        default=False,
        title="Cut songs",
        text="let a mood that has moved far away for a minute replace the song that is playing",
    )
    learns: bool = _field(
        default=True,
        title="Learn what is liked",
        text="let likes, skips and what the mood does after a song count for later choices; what "
        "was learnt is kept, and not looked at, while this is off",
    )
    exploration: float = _field(
        0.5,
        "Try things out",
        "how far choices may stray from what is known to be liked, to learn more; 0: never",
        least=0,
        most=1,
    )


class PlayerSettings(Section):
    """Sound."""

    output: Literal["auto", "alsa", "pulse", "silent"] = _field(
        "auto", "Output", "how sound reaches the speaker; silent plays to nowhere, for tests"
    )
    device: Text = _field(
        "", "Sound device", "name of the ALSA or PulseAudio device; empty: default"
    )
    start_volume_pct: int = _field(
        50, "Volume at first start", "later the last volume is kept", unit="%", least=0, most=100
    )
    safe_volume_pct: int = _field(
        50, "Volume after a start", "when the appliance was off, the music begins no louder than "
        "this, whatever was chosen before", unit="%", least=0, most=100,
    )  # fmt: skip
    most_volume_pct: int = _field(
        100, "Loudest", "what 100 % on the page amounts to", unit="%", least=5, most=100
    )
    quiet_from: TimeOrNone = _field(
        "", "Quiet from", "from this time of day the music keeps down, such as 22:00; empty: never"
    )
    quiet_to: TimeOfDay = _field("07:00", "Quiet until", "when the music may be louder again")
    quiet_volume_pct: int = _field(
        20, "Quiet volume", "meanwhile it is no louder than this, whatever anyone chooses",
        unit="%", least=0, most=100,
    )  # fmt: skip
    target_lufs: float = _field(
        -17.0, "Even loudness", "all tracks are made as loud as this, where it is known how loud "
        "they are; nearer to 0 is louder",
        unit="LUFS", least=-30, most=-10,
    )  # fmt: skip
    crossfade_s: float = _field(
        4.0, "Cross-fade", "how long one track fades into the next; not within an album; 0: never",
        unit="s", least=0, most=12,
    )  # fmt: skip
    resume: bool = _field(
        default=True,
        title="Go on after a power cut",
        text="with the same track at the same place, when the appliance was off",
    )

    @property
    def quiet(self) -> QuietHours | None:
        """When the music keeps down; None: never."""
        if not self.quiet_from:
            return None
        return QuietHours(_minute(self.quiet_from), _minute(self.quiet_to), self.quiet_volume_pct)


class LibrarySettings(Section):
    """Where the music lies."""

    folder: Annotated[Text, AfterValidator(_whole_path)] = _field(
        "/media/soulsync", "Folder", "everything below it that can be played is; sticks mount here"
    )
    listen: bool = _field(
        default=True,
        title="Listen to the music",
        text="learn in the background how each track sounds and feels, after a scan; what was "
        "learnt stays in use",
    )
    rescan_s: float = _field(
        30.0, "Look again", "how often to look whether files came or went", unit="s",
        least=1, most=3600,
    )  # fmt: skip


class MqttSettings(Section):
    """The home hub."""

    is_on: bool = _field(default=False, title="MQTT", text="talk to a broker")
    host: Text = _field(
        "",
        "Broker",
        "name or address of the broker; when broker, port or CA file change on the page, user and "
        "password file are emptied, so that nobody can have the password sent elsewhere",
    )
    port: int = _field(1883, "Port", "of the broker; 8883 is usual with TLS", least=1, most=65535)
    user: Text = _field("", "User", "empty: none")
    password_file: Text = _field(
        "",
        "Password file",
        "a file that holds nothing else; empty: none; named in the settings file alone, the page "
        "can only empty it",
    )
    ca_file: Text = _field("", "CA file", "certificate that signed the broker's; empty: no TLS")
    base_topic: str = Field(
        default="soulsync",
        title="Base topic",
        description="all topics begin with this and the device id",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=80,
    )
    device_id: str = Field(
        default="soulsync",
        title="Device id",
        description="names this appliance among others on the broker",
        pattern=r"^[A-Za-z0-9_-]+$",
        max_length=40,
    )
    publish_mood: bool = _field(
        default=False,
        title="Publish the mood",
        text="tell the home hub how the room looks; the hub may keep what it hears for long",
    )
    discovery: bool = _field(
        default=True, title="Discovery", text="announce the entities to Home Assistant"
    )


class PanelSettings(Section):
    """Button and lights, by BCM pin number."""

    is_on: bool = _field(default=False, title="Panel", text="a button and lights are wired")
    button_pin: int = _field(17, "Button pin", "button to ground", least=0, most=27)
    # Pins 18 to 21 carry the sound of an I2S board.
    light_pin: int = _field(12, "Light pin", "shows what the appliance does", least=0, most=27)
    camera_light_pin: int = _field(
        27, "Camera light pin", "lit whenever the camera is open", least=0, most=27
    )
    hold_s: float = _field(
        2.0, "Hold", "how long a press counts as held", unit="s", least=0.5, most=10
    )


class WebSettings(Section):
    """The page."""

    host: Annotated[str, AfterValidator(_host)] = _field(
        "0.0.0.0",  # noqa: S104  # phones must reach it
        "Address",
        "address or name to listen on; 0.0.0.0 means all",
    )
    port: int = _field(8080, "Port", "to listen on", least=1, most=65535)
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")], ...] = Field(
        default=(),
        title="More names",
        description="further host names the page answers to, besides its own name and addresses",
        max_length=20,
    )


class PrivacySettings(Section):
    """What may be sensed and kept."""

    camera_at_first_start: bool = _field(
        default=True,
        title="Camera at first start",
        text="whether the eye may look before anyone has used the switch; later the switch is kept",
    )
    trace_file: Text = _field(
        "", "Trace file", "record events (never pictures) here, to replay decisions; empty: off"
    )


class EyeSettings(Section):
    """What the eye is told: its camera, and the light that shows that it is open."""

    camera: CameraSettings
    panel: PanelSettings


class Settings(BaseModel):
    """Everything that can be set, in sections.

    A part is told of its own section alone; a section that is equal needs no reload.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(
        default=1, title="Schema", description="of this file; kept up to date by the appliance"
    )
    camera: CameraSettings = CameraSettings()
    mood: MoodSettings = MoodSettings()
    shifting: ShiftingSettings = ShiftingSettings()
    player: PlayerSettings = PlayerSettings()
    library: LibrarySettings = LibrarySettings()
    mqtt: MqttSettings = MqttSettings()
    panel: PanelSettings = PanelSettings()
    web: WebSettings = WebSettings()
    privacy: PrivacySettings = PrivacySettings()

    @property
    def eye(self) -> EyeSettings:
        """The part of the settings the eye program is told."""
        return EyeSettings(camera=self.camera, panel=self.panel)

    def rules(self, seed: str) -> Rules:
        """Return what decisions may know of the settings; `seed` feeds their chance."""
        mood, shifting = self.mood, self.shifting
        return Rules(
            mood=MoodRules(**mood.model_dump()),
            choice=ChoiceRules(
                cooldown_s=shifting.cooldown_min * 60,
                artist_gap=shifting.artist_gap,
                album_gap=shifting.album_gap,
                variety=shifting.variety,
            ),
            schedule=tuple(
                Scheduled(_minute(time), goal) for time, goal in sorted(shifting.schedule.items())
            ),
            empty_pause_s=shifting.empty_pause_min * 60,
            cut_on_drift=shifting.cut_on_drift,
            crossfade_s=self.player.crossfade_s,
            target_lufs=self.player.target_lufs,
            quiet=self.player.quiet,
            learns=shifting.learns,
            exploration=shifting.exploration,
            seed=seed,
        )
