"""What libVLC itself costs: the same skips over the same tones, driven without our wall."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.bench.figures import middle, p95
from scripts.bench.tones import await_silence, onset_s
from scripts.bench.trace import WITHIN_S
from soulsync_edge.adapters.player_vlc import LIBRARY, OPTIONS
from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder


def libvlc_alone(recorder: NullSinkRecorder, paths: Sequence[str], count: int) -> dict[str, float]:
    """Return the milliseconds from asking libVLC for the next file to the first sound of it.

    The options and the calls are the voice's: of two players in turn, the one that plays loses
    its file, the other is given one and plays. `accept` is when play() returned.
    """
    os.environ.setdefault("PYTHON_VLC_LIB_PATH", LIBRARY)
    import vlc  # noqa: PLC0415  # not before it is told where libVLC is

    accepted_ms, heard_ms = [], []
    with playing_into(recorder.environment):
        library: Any = vlc.Instance(*OPTIONS, "--aout=pulse")
        decks = [library.media_player_new(), library.media_player_new()]
        quiet_s = await_silence(recorder, time.monotonic(), within_s=WITHIN_S)
        for number in range(count + 1):
            now, before = decks[number % 2], decks[(number + 1) % 2]
            asked_s = time.monotonic()
            before.set_media(None)
            media = library.media_new_path(paths[number % len(paths)])
            now.set_media(media)
            media.release()
            now.play()
            accepted_s = time.monotonic()
            heard_s = onset_s(recorder, asked_s, within_s=WITHIN_S)
            quiet_s = await_silence(recorder, max(heard_s, quiet_s), within_s=WITHIN_S)
            if number:  # the first one loads the plugins
                accepted_ms.append((accepted_s - asked_s) * 1e3)
                heard_ms.append((heard_s - asked_s) * 1e3)
        for deck in decks:
            deck.stop()
            deck.release()
        library.release()
    return {
        "libvlc_accept_ms_p95": round(p95(accepted_ms), 2),
        "libvlc_first_sound_ms": middle(heard_ms, 1),
        "libvlc_first_sound_ms_p95": round(p95(heard_ms), 1),
    }


@contextlib.contextmanager
def playing_into(environment: Mapping[str, str]) -> Iterator[None]:
    """Let what this process plays go where `environment` says."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
