"""Rendering on a few processes, each piece on one of them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from scripts.demo_music import encoding, theory
from scripts.demo_music.rendering import render
from scripts.demo_music.shelf import Entry, Rendered, Shelf
from scripts.demo_music.synth.signals import RATE_HZ


def render_entry(entry: Entry, folder: Path, version: str) -> Rendered:
    """Render, encode and store one piece.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    sound = render(entry.piece)
    tags = encoding.Tags(
        title=entry.piece.title,
        album=entry.album,
        genre=entry.piece.genre,
        track=entry.track,
        tracks=entry.tracks,
        tempo_bpm=entry.piece.tempo_bpm,
        initial_key=theory.initial_key(entry.piece.key, entry.piece.mode),
        mood=entry.piece.quadrant.replace("-", ", "),
    )
    content = encoding.encode(sound, entry.kind, tags)
    seconds = round(len(sound) / RATE_HZ, 3)
    return Shelf(folder, version).put(entry.number, entry.path, content, seconds)


def render_all(
    listed: Sequence[Entry], folder: Path, version: str, workers: int
) -> Iterator[Rendered]:
    """Yield each piece as it is finished.

    Raises:
        OSError: the folder cannot be written, or the disk is full; what was
            finished before stays.
        BrokenProcessPool: a renderer was killed from outside.
    """
    if workers <= 1 or len(listed) <= 1:
        for entry in listed:
            yield render_entry(entry, folder, version)
        return
    # Fresh processes: forking one that has started its maths threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        waiting = [pool.submit(render_entry, entry, folder, version) for entry in listed]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        except BaseException:
            # Interrupted or failed: nobody wants to wait for the pieces under way.
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def _start_worker() -> None:
    """Leave interrupts to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
