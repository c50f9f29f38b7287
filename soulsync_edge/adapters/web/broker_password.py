"""What the page may do to the broker's password: everyone on the network can use the page."""

from soulsync_edge.adapters.web.forms import Changes
from soulsync_edge.errors import ConfigError
from soulsync_edge.settings import MqttSettings

_DESTINATION = frozenset({"host", "port", "ca_file"})
"""Settings that decide who gets to read the password."""


def keep_password_here(changes: Changes, now: MqttSettings) -> Changes:
    """Return `changes` with user and password file emptied if the broker becomes another.

    Args:
        changes: What the page was asked to change.
        now: The settings in force.

    Raises:
        ConfigError: They name a password file. Whoever can do that can have any file that the
            appliance reads sent to a broker of theirs.
    """
    wanted = changes.get("mqtt", {})
    if name := wanted.get("password_file"):
        problem = (
            f"[mqtt] password_file = {name!r:.80}: can only be named in the settings file on the "
            "appliance, so that nobody on the network can have a file of it sent elsewhere"
        )
        raise ConfigError("the page", (problem,))
    if not now.password_file or not wanted.keys() & _DESTINATION:
        return changes
    return changes | {"mqtt": {"user": "", **wanted, "password_file": ""}}
