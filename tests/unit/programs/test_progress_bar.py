"""The progress bar: seen at a terminal, silent everywhere else."""

import io

from soulsync_edge.programs.progress_bar import ProgressBar, with_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def never_asked() -> int:
    raise AssertionError("counted for nobody")


def test_a_terminal_sees_how_far_it_is_and_a_clean_line_at_the_end() -> None:
    terminal, now_s = Terminal(), iter(range(1, 9))

    with ProgressBar("reading", lambda: 4, terminal, lambda: float(next(now_s))) as bar:
        bar.advance()
        bar.advance()

    drawn = terminal.getvalue().split("\r")
    assert drawn[0].startswith("reading [" + "." * 30 + "] 0 of 4")
    assert "reading [" + "#" * 15 + "." * 15 + "] 2 of 4" in drawn[2]
    assert drawn[-1] == "\x1b[K"


def test_a_pipe_sees_nothing_and_nothing_is_counted_for_it() -> None:
    pipe = io.StringIO()

    with ProgressBar("reading", never_asked, pipe) as bar:
        bar.advance()

    assert pipe.getvalue() == ""


def test_it_is_redrawn_ten_times_a_second_at_most() -> None:
    terminal, now_s = Terminal(), 5.0

    with ProgressBar("reading", lambda: 1000, terminal, lambda: now_s) as bar:
        for _ in range(1000):
            bar.advance()

    assert terminal.getvalue().count("reading") == 1


def test_more_than_was_expected_makes_the_total_grow() -> None:
    terminal, now_s = Terminal(), iter(range(1, 9))

    with ProgressBar("reading", lambda: 1, terminal, lambda: float(next(now_s))) as bar:
        bar.advance()
        bar.advance()

    assert "2 of 2" in terminal.getvalue()


def test_nothing_to_do_is_no_fault() -> None:
    terminal = Terminal()

    with ProgressBar("reading", lambda: 0, terminal):
        pass

    assert "0 of" in terminal.getvalue()


def test_items_come_through_in_order() -> None:
    assert list(with_progress(["a", "b"], "reading")) == ["a", "b"]
