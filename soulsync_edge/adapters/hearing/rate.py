"""How many samples a second everything is heard in."""

RATE_HZ = 22050
