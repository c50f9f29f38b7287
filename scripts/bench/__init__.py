"""Measures the appliance; `python -m scripts.bench` prints one JSON object as its last line."""
