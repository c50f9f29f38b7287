"""What holds for every test."""

from hypothesis import settings

# A time limit per example would fail on a busy machine, not on a wrong answer; pytest-timeout
# bounds the whole test. The blob printed with a failure repeats it anywhere.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
