"""Simulates how well ways of steering reach a goal; `python -m scripts.simulate` prints it."""
