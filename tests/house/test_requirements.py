"""The lock names packages, versions and hashes, and no address they come from."""

from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_the_lock_holds_no_address_and_a_hash_for_every_package(name: str) -> None:
    text = (REQUIREMENTS / name).read_text("utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    packages = [entry for entry in entries if entry and not entry.lstrip().startswith("#")]

    assert "://" not in text
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
