"""The card of the affect model of music, made from its recorded figures; `make docs` writes it."""

from pathlib import Path

import jinja2

from models.recipes.music.record import recorded, table

CARD = "music_affect.md"


def documents(root: Path) -> dict[Path, str]:
    """Return the card as it should be, by its place under `root`.

    Raises:
        SystemExit: The figures are missing or of another model file.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Markdown, from our own figures
        keep_trailing_newline=True,
    )
    try:
        figures = recorded()
    except (OSError, ValueError) as error:
        raise SystemExit(f"the music card cannot be written: {error}") from error
    card = environment.get_template("card.md.jinja").render(figures=figures, table=table(figures))
    return {root / "models" / CARD: card}
