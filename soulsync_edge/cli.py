"""The command `soulsync`: one verb per program, and the tools around them."""

import argparse
import logging
import os
import sys
from pathlib import Path

from soulsync_edge import __version__
from soulsync_edge.errors import ConfigError, SoulSyncError

EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_CONFIG = 78
# Source: sysexits.h, the exit codes that systemd and people know.

_CHECKOUT = Path(__file__).parents[1]
_ON_THE_BOARD = Path("/opt/soulsync")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    _log(options)
    try:
        status: int = options.run(options)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EX_CONFIG
    except SoulSyncError as error:
        sys.stderr.write(f"soulsync: {error}\n")
        return EX_UNAVAILABLE
    except KeyboardInterrupt:
        return 130
    return status


def models_folder() -> Path:
    """Return where the models lie: beside the package in a checkout, else on the board."""
    beside = _CHECKOUT / "models"
    return beside if (beside / "manifest.toml").exists() else _ON_THE_BOARD / "models"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="soulsync",
        description="A box on a shelf that sees how a room looks and plays music that meets it.",
    )
    parser.add_argument("--version", action="version", version=f"soulsync {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    core = verbs.add_parser("core", help="the program that decides; serves the page")
    core.set_defaults(run=_core)
    _add_config(core)
    _add_run_dir(core)
    _add_models(core)
    _add_state_dir(core)

    eye = verbs.add_parser("eye", help="the program that looks; has no network")
    eye.set_defaults(run=_eye)
    _add_run_dir(eye)
    _add_models(eye)

    voice = verbs.add_parser("voice", help="the program that plays")
    voice.set_defaults(run=_voice)
    _add_run_dir(voice)

    scan = verbs.add_parser("scan", help="read the tags of a music folder")
    scan.set_defaults(run=_scan)
    scan.add_argument("folder", type=_path)
    scan.add_argument("--lines", action="store_true", help="print lines for core, not for people")
    scan.add_argument(
        "--known", action="store_true", help="with --lines: read what is known from stdin first"
    )

    _add_listeners(verbs)

    library = verbs.add_parser("library", help="what is known of the music")
    _add_export(library.add_subparsers(required=True, metavar="COMMAND"))

    playlist = verbs.add_parser("playlist", help="lead from one mood to another with your music")
    playlist.set_defaults(run=_playlist)
    _add_wishes(playlist)

    _add_taste(verbs)

    demo = verbs.add_parser("demo", help="run the whole appliance here, with a made-up face")
    demo.set_defaults(run=_demo)
    demo.add_argument(
        "--seconds", type=float, help="how long to run (default: until Ctrl-C), 20 or more"
    )
    demo.add_argument("--report", type=_path, help="write what happened to this JSON file")
    demo.add_argument("--camera", help="a camera device or a video file, instead of the actor")
    demo.add_argument(
        "--music", type=_path, default=_CHECKOUT / "build" / "demo-music", help="folder to play"
    )
    demo.add_argument(
        "--host", default="127.0.0.1", help="address of the page; 0.0.0.0 lets phones in"
    )
    demo.add_argument("--port", type=int, default=8080, help="of the page; 0 takes a free one")
    _add_models(demo)

    watch = verbs.add_parser("watch", help="print how the faces in a recording look over time")
    watch.set_defaults(run=_watch)
    watch.add_argument(
        "--video", type=_path, required=True, help="a video, or a folder of pictures"
    )
    watch.add_argument("--json-lines", action="store_true", help="one JSON object per decision")
    watch.add_argument(
        "--rate-hz", type=float, default=4.0, help="decisions per second (default 4)"
    )
    _add_models(watch)

    check = verbs.add_parser("check", help="check a settings file; exits 78 when it is wrong")
    check.set_defaults(run=_check)
    _add_config(check)

    replay = verbs.add_parser("replay", help="print the decisions of a recorded trace again")
    replay.set_defaults(run=_replay)
    replay.add_argument("trace", type=_path)
    return parser


def _add_listeners(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    analyse = verbs.add_parser("analyse", help="say how music files feel and sound")
    analyse.set_defaults(run=_analyse)
    analyse.add_argument("files", type=_path, nargs="+", metavar="FILE", help="a file, or a folder")
    analyse.add_argument("--json", action="store_true", help="print a JSON list")
    _add_models(analyse)

    listen = verbs.add_parser("listen", help="listen to the files core names; run by core")
    listen.set_defaults(run=_listen)
    listen.add_argument("--at-once", action="store_true", help="do not rest after each file")
    _add_models(listen)


def _add_export(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = verbs.add_parser("export", help="write all tracks as a table (CSV)")
    export.set_defaults(run=_export)
    where = export.add_mutually_exclusive_group()
    where.add_argument("--library", type=_path, metavar="DIR", help="read this folder of music")
    where.add_argument(
        "--state-dir",
        type=_path,
        metavar="DIR",
        default=Path("/var/lib/soulsync"),
        help="take what the appliance remembers here (default)",
    )
    export.add_argument("file", type=_path, nargs="?", metavar="FILE", help="else to stdout")
    _add_models(export)


def _add_taste(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    taste = verbs.add_parser("taste", help="what was learnt of the room's taste")
    deeds = taste.add_subparsers(required=True, metavar="DEED")
    export = deeds.add_parser("export", help="write it as JSON")
    export.set_defaults(run=_taste_export)
    export.add_argument("file", type=_path, nargs="?", help="where to (default: print it)")
    _add_state_dir(export)
    erase = deeds.add_parser("erase", help="forget it for good; while core runs, use the page")
    erase.set_defaults(run=_taste_erase)
    _add_state_dir(erase)


def _add_wishes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--library", type=_path, required=True, help="folder with the music")
    parser.add_argument(
        "--from", dest="start", metavar="MOOD", required=True, help="where to start: sad, tense ..."
    )
    parser.add_argument(
        "--to",
        dest="goal",
        metavar="GOAL",
        required=True,
        help="where to lead: calm, focus, lift, energise, sleep, or a mood",
    )
    parser.add_argument(
        "--minutes", type=float, help="how long it plays (default: as the way takes, 5 to 8 tracks)"
    )
    parser.add_argument("--m3u", type=_path, metavar="FILE", help="also write it to this file")
    parser.add_argument("--json", action="store_true", help="print a JSON list, for programs")
    parser.add_argument("--seed", default="0", help="any other word gives another playlist")
    parser.add_argument(
        "--tags-only", action="store_true", help="do not listen: go by tags and folder names"
    )
    _add_models(parser)


def _path(text: str) -> Path:
    """Return the path named `text`; raises for no name, which would mean the present folder."""
    if not text:
        raise argparse.ArgumentTypeError("a name is needed here, and this one is empty")
    return Path(text)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=_path,
        default=Path("/var/lib/soulsync/soulsync.toml"),
        help="settings file",
    )


def _add_state_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir",
        type=_path,
        default=Path("/var/lib/soulsync"),
        help="where to remember things",
    )


def _add_run_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run-dir", type=_path, default=Path("/run/soulsync"), help="where the programs meet"
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models", type=_path, default=models_folder(), help="folder of the models"
    )


def _log(options: argparse.Namespace) -> None:
    """Log to stderr; under systemd without the time, which the journal keeps itself."""
    time = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format=time + "%(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
    )


def _core(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import core

    return core.run(
        config=options.config,
        run_dir=options.run_dir,
        state_dir=options.state_dir,
        models=options.models,
    )


def _eye(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import eye

    return eye.run(options.run_dir / "eye.sock", options.models)


def _voice(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import voice

    return voice.run(options.run_dir / "voice.sock")


def _scan(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import scan

    return scan.run(options.folder, as_lines=options.lines, has_known=options.known)


def _export(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import library_export

    return library_export.run(
        library=options.library,
        state_dir=options.state_dir,
        models=options.models,
        file=options.file,
    )


def _analyse(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import analyse

    return analyse.run(options.files, models=options.models, as_json=options.json)


def _listen(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import listen

    return listen.run(options.models, at_once=options.at_once)


def _playlist(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import playlist

    return playlist.run(
        playlist.Wishes(
            library=options.library,
            start=options.start,
            goal=options.goal,
            minutes=options.minutes,
            m3u=options.m3u,
            as_json=options.json,
            seed=options.seed,
            models=None if options.tags_only else options.models,
        )
    )


def _taste_export(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import taste

    return taste.export(options.state_dir, options.file)


def _taste_erase(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import taste

    return taste.erase(options.state_dir)


def _demo(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import demo

    return demo.run(
        demo.Wishes(
            seconds=options.seconds,
            report=options.report,
            camera=options.camera,
            music=options.music,
            port=options.port,
            host=options.host,
            models=options.models,
        )
    )


def _watch(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import watch

    return watch.run(
        options.video,
        models=options.models,
        as_json_lines=options.json_lines,
        rate_hz=options.rate_hz,
    )


def _check(options: argparse.Namespace) -> int:
    from soulsync_edge.adapters.settings_toml import TomlSettingsFile

    if not options.config.exists():
        sys.stderr.write(f"{options.config} does not exist; without it the defaults hold\n")
        return EX_CONFIG
    TomlSettingsFile(options.config).load()
    sys.stdout.write(f"{options.config}: all settings are right\n")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from soulsync_edge.programs import replay

    return replay.run(options.trace)
