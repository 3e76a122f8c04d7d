"""Draws docs/results.svg, the picture of the README: accuracy of a halved network and of its control, and times beside ONNX Runtime.

All numbers are read: accuracies from models/, times from the CSV file of `dst bench peers`. Run it again when one of them changes.
Usage: results_picture.py [CSV of dst bench peers]
"""
import csv
import json
import statistics
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "bench/results/amd-epyc-zen5/inference-peers-models.csv"
HEIGHT, TOP, BASE, PANEL, TIMES = 316, 56, 252, 310, 470
NAMES = {"aconvnet": "A-ConvNet", "resnet20": "ResNet-20", "resnet56": "ResNet-56"}
GREY, BLUE, GREEN, RED = "#9aa0a6", "#7fb2e5", "#1a7f37", "#c4483f"


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>\n'


def bar(x, width, top, colour):
    return f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BASE - top:.1f}" fill="{colour}"/>\n'


def accuracies_of(summary):
    """Test top-1 in % of each arm of a run."""
    return {row["arm"]: 100 * row["test_top1"] for row in json.loads((ROOT / "models" / summary).read_text())["arms"]}


def changes():
    """For each network: its name, and how many points above its dense self each seed of `dst` and of `uhp` is."""
    for name, folder, dense, seeds in ("ResNet-56,|CIFAR-100", "cifar100-resnet56-halved", "teacher", (1, 2)), \
            ("ResNet-20,|CIFAR-100", "cifar100-resnet20-halved-dist60", "student-kd", (1, 2, 3)):
        yield name, *([run[arm] - run[dense] for seed in seeds for run in [accuracies_of(f"{folder}-seed{seed}/{arm}-summary.json")]]
                      for arm in ("dst", "uhp"))
    with open(ROOT / "bench/results/amd-epyc-zen5/mstar-seeds.csv") as file:
        seeds = list(csv.DictReader(file))
    yield "A-ConvNet,|MSTAR", *([float(seed[arm]) - float(seed["student-kd"]) for seed in seeds] for arm in ("dst", "uhp"))


def accuracies():
    low, high = -3, 1

    def row_of(points):
        return BASE - (BASE - TOP) * (points - low) / (high - low)

    yield text(PANEL / 2, 20, "Accuracy: halved against dense", extra=' font-weight="bold"')
    yield text(PANEL / 2, 38, "points of test top-1; a dot is a seed, a line their mean", extra=' fill="#555" font-size="11"')
    for points in range(low, high + 1):
        y = row_of(points)
        colour = "#888" if points == 0 else "#ddd"
        yield f'<path d="M34,{y:.1f}H{PANEL - 10}" stroke="{colour}"/>\n' + text(28, y + 4, f"{points:+d}" if points else "0", "end")
    for i, (name, *arms) in enumerate(changes()):
        for arm, (seeds, colour) in enumerate(zip(arms, (GREEN, RED))):
            x, mean = 60 + 85 * i + 32 * arm, row_of(statistics.mean(seeds))
            yield f'<path d="M{x - 10},{mean:.1f}h20" stroke="{colour}" stroke-width="3"/>\n'
            yield "".join(f'<circle cx="{x}" cy="{row_of(seed):.1f}" r="3.5" fill="{colour}"/>\n' for seed in seeds)
        for line, words in enumerate(name.split("|")):
            yield text(76 + 85 * i, BASE + 16 + 14 * line, words)
    yield from legend([(30, "dst: taught", GREEN), (150, "uhp: labels alone", RED)])


def legend(entries):
    for x, words, colour in entries:
        yield f'<rect x="{x}" y="{BASE + 42}" width="12" height="12" fill="{colour}"/>\n' + text(x + 18, BASE + 52, words, "start")


def times():
    with open(PEERS) as file:
        lines = list(file)
    facts = dict(line[2:].strip().split(": ", 1) for line in lines if line.startswith("# "))
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    yield text(PANEL + TIMES / 2, 20, f"Speed: the same networks, times as fast as {facts['peer']}", extra=' font-weight="bold"')
    yield text(PANEL + TIMES / 2, 38, f"one image, one thread, {facts['cpu']}", extra=' fill="#555" font-size="11"')
    most = max(float(row["halved_ratio"]) for row in rows) * 1.05
    step = TIMES / len(rows)
    rows.sort(key=lambda row: row["network"], reverse=True)  # as on the left
    for i, row in enumerate(rows):
        x = PANEL + step * (i + 0.5) - 57
        for place, (ratio, colour) in enumerate([(1, GREY), (float(row["dense_ratio"]), BLUE), (float(row["halved_ratio"]), GREEN)]):
            top = BASE - (BASE - TOP) * ratio / most
            yield bar(x + 40 * place, 34, top, colour)
            yield text(x + 40 * place + 17, top - 4, f"{ratio:.1f}", extra=' font-size="11"')
        network = row["network"].removesuffix(".safetensors")
        yield text(x + 57, BASE + 16, NAMES.get(network, network))
    yield from legend([
        (PANEL + 20, facts["peer"] + ", dense", GREY), (PANEL + 230, "DST, dense", BLUE), (PANEL + 350, "DST, halved", GREEN)])


width = PANEL + TIMES
with open(ROOT / "docs/results.svg", "w") as file:
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
               f'font-family="sans-serif" font-size="12"><rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n')
    file.writelines(accuracies())
    file.writelines(times())
    file.write("</svg>\n")
