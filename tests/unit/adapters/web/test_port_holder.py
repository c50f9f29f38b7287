import socket
from pathlib import Path

from soulsync_edge.adapters.web.port_holder import holder_of


def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        holder = holder_of(held.getsockname()[1])

        own = Path("/proc/self/comm").read_text().strip()
        assert holder == f"{own} (process {Path('/proc/self').readlink()})"


def test_a_port_nobody_listens_on_has_no_holder() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))

        assert holder_of(unheard.getsockname()[1]) == ""


def test_where_proc_tells_nothing_no_one_is_named(tmp_path: Path) -> None:
    assert holder_of(80, tmp_path) == ""
