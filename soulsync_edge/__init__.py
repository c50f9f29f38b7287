"""A room device that sees how a room looks and plays music that meets or leads that mood."""

__version__ = "0.1.0"
