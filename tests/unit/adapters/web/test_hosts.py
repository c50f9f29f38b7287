import pytest

from soulsync_edge.adapters.web.hosts import OwnNames, host_of

NAMES = OwnNames(lambda: ["Music.Home.arpa", "10.1.2.3"], lambda: "SoulSync.lan")


@pytest.mark.parametrize(
    ("header", "local_address"),
    [
        ("localhost", "127.0.0.1"),
        ("localhost:8080", "::1"),
        ("LOCALHOST:8080", "127.0.0.1"),
        ("localhost.", "127.0.0.1"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:443", "::1"),
        ("[::1]", "::1"),
        ("192.168.1.7", "192.168.1.7"),
        ("192.168.1.7:8080", "::ffff:192.168.1.7"),
        ("[fe80::7]:8080", "fe80::7%eth0"),
        ("[2001:DB8::7]", "2001:db8:0:0::7"),
        ("soulsync", "192.168.1.7"),
        ("soulsync.local:8080", "192.168.1.7"),
        ("SoulSync.local.", "192.168.1.7"),
        ("soulsync.lan", "192.168.1.7"),
        ("music.home.ARPA", "192.168.1.7"),
        ("10.1.2.3:80", "172.17.0.2"),
    ],
)
def test_own_names_and_addresses_are_answered(header: str, local_address: str) -> None:
    host = host_of(header)

    assert host is not None
    assert NAMES.has(host, local_address)


@pytest.mark.parametrize(
    "header",
    [
        "evil.example",
        "evil.example:8080",
        "soulsync.local.evil.example",
        "evil.soulsync.local",
        "soulsync.local:8080@evil.example",
        "evil.example@soulsync.local",
        "soulsync.local:80:80",
        "soulsync.local:port",
        "soulsync.local/",
        "soulsync.local evil.example",
        "http://soulsync.local",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0.0.0.0",  # noqa: S104  # nothing is bound to it
        "[::1]",
        "[::ffff:127.0.0.1]",
        "::1",
        "192.168.1.8",
        "localhost..",
        "sоulsync.local",  # noqa: RUF001  # its first o is Cyrillic
        "",
        ":8080",
        "*",
    ],
)
def test_any_other_host_is_refused(header: str) -> None:
    host = host_of(header)

    assert host is None or not NAMES.has(host, "192.168.1.7")
