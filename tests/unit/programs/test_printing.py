import os
import subprocess
import sys
from pathlib import Path

from soulsync_edge.domain.file_names import shown
from soulsync_edge.programs.printing import counted, named_in_full, printable

_PROGRAM = """
import sys
from soulsync_edge.programs.printing import let_go_of_stdout
sys.stdin.read()
try:
    print("x" * 100_000, flush=True)
except BrokenPipeError:
    let_go_of_stdout()
    print("more")
"""


def test_bytes_that_are_no_text_are_marked() -> None:
    assert shown(os.fsdecode(b"/caf\xe9/\xc3\xa9.mp3")) == "/caf\ufffd/é.mp3"


def test_what_would_move_a_cursor_is_marked() -> None:
    assert printable("a\x1b[31mé\n") == "a\ufffd[31mé\ufffd"


def test_a_thing_is_one_and_others_are_many() -> None:
    assert [counted(count, "file") for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_a_reason_names_its_file_once_whatever_its_bytes() -> None:
    path = Path(os.fsdecode(b"/music/caf\xe9.mp3"))

    assert named_in_full(path, "caf\ufffd.mp3 is empty") == "/music/caf\ufffd.mp3 is empty"


def test_a_program_whose_reader_has_gone_ends_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        program.stdin.close()
        said = program.stderr.read()

    assert (program.returncode, said) == (0, b"")
