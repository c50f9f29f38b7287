"""Which host names a request may address: our own, so that no foreign name leads in."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?")


def host_of(header: str) -> str | None:
    """Return the host a Host header names, in lower case without port, or None when it is none.

    IPv6 literals come without brackets; one trailing dot, which means the same name, is dropped.
    """
    found = _HOST.fullmatch(header.lower())
    return found.group(1).strip("[]").removesuffix(".") if found else None


class OwnNames:
    """The names and addresses this appliance answers to.

    A page on the internet may point its own name at our address (DNS rebinding) and would then
    count as the same site as ours in the visitor's browser. It cannot send another Host than its
    own name, so any Host but ours is refused. Addresses are not listed anywhere: a literal is ours
    when the connection came in at that very address, which follows DHCP by itself.

    Args:
        extra: Further names, asked at every request: settings may change.
        hostname: Gives the machine's name.
    """

    def __init__(
        self, extra: Callable[[], Iterable[str]], hostname: Callable[[], str] = socket.gethostname
    ) -> None:
        self._extra = extra
        self._hostname = hostname

    def has(self, host: str, local_address: str) -> bool:
        """Return whether `host` (from `host_of`) is ours, for a connection to `local_address`."""
        literal = _address(host)
        if literal is not None and literal == _address(local_address):
            return True
        full = self._hostname().lower().removesuffix(".")
        short = full.partition(".")[0]
        own = {"localhost", full, short, f"{short}.local"}
        return host in own or host in {name.lower().removesuffix(".") for name in self._extra()}


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address `text` is; an IPv4 address inside IPv6 counts as itself."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
