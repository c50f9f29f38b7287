"""What the command line refuses before anything runs."""

import pytest

from soulsync_edge.cli import main

_WAY = ("--from", "sad", "--to", "calm")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["scan", ""], "folder"),
        (["playlist", *_WAY, "--library", ""], "--library"),
        (["playlist", *_WAY, "--library", "music", "--m3u", ""], "--m3u"),
        (["library", "export", "--library", ""], "--library"),
        (["analyse", "song.flac", ""], "FILE"),
        (["check", "--config", ""], "--config"),
    ],
)
def test_an_empty_name_is_not_the_present_folder(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(
        f"error: argument {named}: a name is needed here, and this one is empty\n"
    )
