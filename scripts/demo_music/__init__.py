"""The demo music: pieces composed and rendered by SoulSync Edge itself.

    python -m scripts.demo_music --out build/demo-music

makes an album per affect quadrant, with tags, and `pieces.json`, which says
for each file what it was composed to express.
"""
