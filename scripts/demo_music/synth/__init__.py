"""Instruments made of sines, noise and filters."""
