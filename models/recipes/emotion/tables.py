"""The emotion model's figures as lines of text for a person at a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.recipes.emotion.telling import percent, rounded

_NAMES = {
    "accuracy": "accuracy",
    "mean_recall": "mean class recall",
    "ece": "calibration error",
    "accuracy_at_80": "accuracy at 80 % coverage",
}


def report_lines(
    report: Mapping[str, Any], intervals: Mapping[str, Sequence[float]] | None = None
) -> list[str]:
    """Return one report, with 95 % intervals where `intervals` has them by the figure's name."""
    abstained = report.get("abstained")
    total = report["n"] + sum((abstained or {}).values())
    lines = [f"{total} pictures, a face found in {percent(report['faces_found'], 2)}"]
    if abstained is not None:
        away = "turned away by the quality gate:" if abstained else "none turned away"
        lines.append(f"{report['n']} read; {away}")
        lines += [f"  {reason}: {count}" for reason, count in sorted(abstained.items())]
    if not report["n"]:
        return [*lines, "No picture was read, so there is nothing to measure."]
    for key, name in _NAMES.items():
        low_high = (intervals or {}).get(key)
        interval = ""
        if low_high is not None:
            interval = "   95 %: {} to {}".format(*(rounded(end, 4) for end in low_high))
        lines.append(f"{name:26} {rounded(report[key], 4)}{interval}")
    if report.get("unsure") is not None:
        lines.append(f"{'unsure':26} {rounded(report['unsure'], 4)}")
    lines.append(f"{'crop and read, one thread':26} {report['ms_per_face']:.2f} ms, median")
    return lines + confusion_lines(report["confusion"], report["labels"])


def confusion_lines(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> list[str]:
    """Return the confusion matrix with each class's recall."""
    lines = ["rows: what the label says; columns: what the model says"]
    lines.append(f"{'':9} {'rows':>6} recall " + " ".join(f"{label:>8}" for label in labels))
    for row, label in enumerate(labels):
        rows = sum(confusion[row])
        recall = rounded(confusion[row][row] / rows, 3) if rows else "-"
        counts = " ".join(f"{count:8}" for count in confusion[row])
        lines.append(f"{label:9} {rows:6} {recall:>6} {counts}")
    return lines


def figures_lines(figures: Mapping[str, Any]) -> list[str]:
    """Return everything that `models/emotion.json` records."""
    model, machine = figures["model"], figures["machine"]
    fer2013 = figures["fer2013_private"]
    lines = [
        f"{model['file']}, {model['bytes']:,} bytes, SHA-256 {model['sha256']}",
        "measured on " + ", ".join(f"{key} {value}" for key, value in machine.items()),
    ]
    for title, key in (
        ("FER+, rows with a majority, eight classes", "ferplus_test"),
        (f"FER2013, all rows, seven words, {_READ_OUTS[fer2013['read_out']]}", "fer2013_private"),
    ):
        of_it = {
            name.removeprefix(f"{key}."): interval
            for name, interval in figures["intervals"].items()
            if name.startswith(f"{key}.")
        }
        lines += ["", title, *report_lines(figures[key], of_it)]
    return lines + _robustness_lines(figures) + _calibration_lines(figures) + _kind_lines(figures)


_READ_OUTS = {
    "searched": "by the network's second read-out",
    "output": "by the device's own read-out: this model file has no second one",
}


def _robustness_lines(figures: Mapping[str, Any]) -> list[str]:
    lines = ["", "robustness, on the same FER+ rows, the face looked for again"]
    lines.append(f"{'change':20} accuracy  of clean  mean class recall  faces found")
    lines += [
        f"{row['change']:20} {rounded(row['accuracy'], 4):>8} {percent(row['of_clean']):>9} "
        f"{rounded(row['mean_recall'], 4):>18} {percent(row['faces_found'], 2):>12}"
        for row in figures["robustness"]
    ]
    return lines


def _calibration_lines(figures: Mapping[str, Any]) -> list[str]:
    lines = ["", "calibration, FER+", "confidence from    to   rows     mean  accuracy"]
    lines += [
        f"{row['from']:15.3f} {row['to']:.3f} {row['n']:6} "
        f"{rounded(row['confidence'], 3):>8} {rounded(row['accuracy'], 3):>9}"
        for row in figures["calibration"]
    ]
    lines += ["", "risk and coverage, FER+: the most confident rows only"]
    lines.append("coverage    risk  least confidence")
    lines += [
        f"{row['coverage']:8.2f} {rounded(row['risk'], 4):>7} "
        f"{rounded(row['least_confidence'], 3):>17}"
        for row in figures["risk_coverage"]
    ]
    return lines


def _kind_lines(figures: Mapping[str, Any]) -> list[str]:
    lines = ["", "by brightness of the picture, FER+"]
    lines += [
        f"{row['name']:20} {row['n']:6} rows {rounded(row['accuracy'], 4):>8}"
        for row in figures["by_brightness"]
    ]
    lines += ["", "by size of the face, FER+, made smaller"]
    return lines + [
        f"{row['face_px']:<2} pixels wide       {row['n']:6} rows {rounded(row['accuracy'], 4):>8}"
        for row in figures["by_face_px"]
    ]
