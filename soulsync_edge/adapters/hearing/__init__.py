"""Hearing: what a piece of music sounds like, from its samples; numpy alone."""
