"""Put an emotion model of your own into a models folder, checked as the device will check it.

    .venv/bin/python -m models.recipes.emotion.own --file FILE.tflite --models FOLDER \
        --labels neutral,happy,surprise,sad,angry,disgust,fear,contempt \
        --licence "MIT" --provenance "trained on my own pictures"

`docs/models.md` says what the file must be like. A folder without a manifest gets this release's
other models too, so that every command takes it by `--models FOLDER`. The shipped model and its
recorded figures stay as they are, unless FOLDER is `models` itself.
"""

import argparse
import shutil
import tomllib
from pathlib import Path
from typing import Any

from models.recipes.emotion.manifest import described
from models.recipes.manifest import MODELS, write_entry
from soulsync_edge.adapters.emotion_tflite import FER2013_WORDS, MODEL, TfliteEmotionReader
from soulsync_edge.adapters.model_manifest import MANIFEST
from soulsync_edge.errors import ModelError


def take_in(file: Path, folder: Path, told: dict[str, Any], shipped: Path = MODELS) -> Path:
    """Put `file` into `folder` as its emotion model and return where it lies.

    Args:
        file: A TFLite file.
        folder: Made if it is missing; as it was before if the file is refused.
        told: What the file does not say itself: `labels`, `temperature`, `licence`, `provenance`.
        shipped: The folder with the other models.

    Raises:
        SystemExit: The file is missing, is no TFLite file or has the name of another model, or the
            manifest is none.
        ModelError: The device would not load it.
    """
    tensors = _described(file)
    manifest, target = folder / MANIFEST, folder / file.name
    is_new, has_manifest = not folder.exists(), manifest.exists()
    listed = manifest if has_manifest else shipped / MANIFEST
    if file.name in _files(listed).values():
        raise SystemExit(f"{file.name} is another model's name in {listed}: rename your file")
    copied = [] if has_manifest else _copy_others(shipped, folder)
    old_entries = manifest.read_bytes()
    old_content = target.read_bytes() if target.exists() else None
    if not target.exists() or not target.samefile(file):
        shutil.copyfile(file, target)
    if "searched" in tensors:
        told |= {"searched_labels": list(FER2013_WORDS)}
    write_entry(MODEL, file.name, tensors | told, folder)
    try:
        TfliteEmotionReader(folder)
    except ModelError:
        manifest.write_bytes(old_entries)
        if old_content is None:
            target.unlink()
        else:
            target.write_bytes(old_content)
        for path in copied:
            path.unlink()
        if is_new:
            folder.rmdir()
        raise
    return target


def _described(file: Path) -> dict[str, dict[str, Any]]:
    try:
        return described(file)
    except OSError as error:
        raise SystemExit(f"{file} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SystemExit(f"{file} is not a TFLite model that LiteRT can load ({error})") from error


def _files(manifest: Path) -> dict[str, str]:
    """Return the file of every model but the emotion model, by the model's name."""
    try:
        models = tomllib.loads(manifest.read_text("utf-8"))["models"]
        return {name: entry["file"] for name, entry in models.items() if name != MODEL}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SystemExit(
            f"{manifest} is not understood ({error!r}). Restore it from the release, or name "
            "another folder."
        ) from error


def _copy_others(shipped: Path, folder: Path) -> list[Path]:
    """Copy manifest and models that `folder` lacks, but the emotion model, and return them."""
    absent = [file for file in _files(shipped / MANIFEST).values() if not (shipped / file).exists()]
    if absent:
        raise SystemExit(f"{', '.join(absent)} is not in {shipped} yet: run `make setup` first")
    folder.mkdir(parents=True, exist_ok=True)
    names = (MANIFEST, *_files(shipped / MANIFEST).values())
    lacking = [name for name in names if not (folder / name).exists()]
    return [Path(shutil.copyfile(shipped / name, folder / name)) for name in lacking]


def main() -> None:
    """Take the file in and say what to do next."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, required=True, help="your int8 TFLite file")
    parser.add_argument(
        "--models", type=Path, required=True, help="folder that gets the file and its entry"
    )
    parser.add_argument(
        "--labels", required=True, help="the classes in the order of the file's output, by commas"
    )
    parser.add_argument("--licence", required=True, help="under which terms it may be used")
    parser.add_argument("--provenance", required=True, help="what it was made from, and how")
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="what its logits are divided by (default 1)"
    )
    arguments = parser.parse_args()
    told = {
        "labels": [label.strip() for label in arguments.labels.split(",")],
        "temperature": arguments.temperature,
        "licence": arguments.licence,
        "provenance": arguments.provenance,
    }
    try:
        target = take_in(arguments.file, arguments.models, told)
    except ModelError as error:
        raise SystemExit(
            f"{error}\nNothing was taken in. The entry that this speaks of was made from your file "
            "and your options: docs/models.md says what both must be like."
        ) from error
    except OSError as error:
        raise SystemExit(f"{error.filename}: {error.strerror}; name another folder") from error
    print(f"{target}: taken in. Measure it, then try it:")
    evaluate = ".venv/bin/python -m models.recipes.emotion.evaluate"
    print(f"  {evaluate} --data FILE.npz --models {arguments.models}")
    print(f"  .venv/bin/soulsync demo --models {arguments.models}")


if __name__ == "__main__":
    main()
