"""File names as text for people: a file system holds bytes, and not every name is text."""


def shown(name: object) -> str:
    """Return a name or path for people; each byte that is no UTF-8 becomes a mark for that.

    Args:
        name: As the system's functions return it: such bytes are lone surrogates in it.
    """
    return str(name).encode(errors="surrogateescape").decode(errors="replace")
