"""What every `TagReader` does."""

from pathlib import Path

import mutagen
import pytest

from soulsync_edge.adapters.tags_mutagen import MutagenTagReader
from soulsync_edge.domain.hints import Tags
from soulsync_edge.errors import MediaError
from soulsync_edge.fakes import FakeTagReader
from soulsync_edge.ports import TagReader
from tests.music_files import write_tone

_TAGS = Tags(title="Rain", artist="The Gutters", genres=("Ambient",), duration_s=1.0)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    path = write_tone(tmp_path / "rain.flac")
    file = mutagen.File(path)
    file["title"], file["artist"], file["genre"] = "Rain", "The Gutters", "Ambient"
    file.save()
    (tmp_path / "text.mp3").write_text("not music")
    return path


@pytest.fixture(params=["fake", "mutagen"])
def reader(request: pytest.FixtureRequest) -> TagReader:
    return FakeTagReader({"rain.flac": _TAGS}) if request.param == "fake" else MutagenTagReader()


def test_a_reader_tells_what_a_file_says(reader: TagReader, music: Path) -> None:
    assert reader.read(music) == _TAGS


def test_a_reader_refuses_what_is_no_music_by_name(reader: TagReader, music: Path) -> None:
    with pytest.raises(MediaError, match=r"text\.mp3"):
        reader.read(music.with_name("text.mp3"))
