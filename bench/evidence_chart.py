"""Draws a CSV file of evidence.sh as an SVG picture: accuracy over multiply-adds, a line for each method, a panel for each network.

A point is the mean over the seeds, its bar the standard deviation. Costs are on a logarithmic axis.
Usage: evidence_chart.py FILE PICTURE [accuracy column]
"""
import csv
import math
import statistics
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 380, 60, 20, 40, 50
COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]

path, picture = sys.argv[1:3]
column = sys.argv[3] if len(sys.argv) > 3 else "test_top1"
with open(path) as file:
    rows = list(csv.DictReader(file))
methods = list(dict.fromkeys(row["method"] for row in rows))
networks = list(dict.fromkeys(row["network"] for row in rows))


def points_of(network, method):
    """(multiply-adds in millions, mean accuracy in %, deviation) of each share that is kept, from the cheapest on."""
    shares = {}
    for row in rows:
        if (row["network"], row["method"]) == (network, method):
            shares.setdefault(row["keep"], []).append((float(row["effective_macs"]) / 1e6, 100 * float(row[column])))
    return sorted(
        (statistics.mean(cost for cost, _ in seeds), statistics.mean(value for _, value in seeds),
         statistics.stdev(value for _, value in seeds) if len(seeds) > 1 else 0) for seeds in shares.values())


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def draw(network, left):
    lines = {method: points for method in methods if (points := points_of(network, method))}
    every = [point for points in lines.values() for point in points]
    least, most = min(p[0] for p in every) / 1.15, max(p[0] for p in every) * 1.15
    low = math.floor(min(p[1] - p[2] for p in every) - 0.5)
    high = math.ceil(max(p[1] + p[2] for p in every) + 0.5)

    def column_of(cost):
        return left + LEFT + (WIDTH - LEFT - RIGHT) * math.log(cost / least) / math.log(most / least)

    def row_of(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    yield text(left + WIDTH / 2, 20, network, extra=' font-weight="bold"')
    yield text(left + WIDTH / 2, HEIGHT - 10, "multiply-adds of an image, millions")
    middle = (TOP + HEIGHT - BOTTOM) / 2
    yield text(left + 15, middle, f"{column.replace('_', ' ')}, %", extra=f' transform="rotate(-90 {left + 15} {middle})"')
    step = max(1, round((high - low) / 6))
    for value in range(low, high + 1, step):
        y = row_of(value)
        yield f'<path d="M{left + LEFT},{y:.1f}H{left + WIDTH - RIGHT}" stroke="#ddd"/>' + text(left + LEFT - 6, y + 4, str(value), "end")
    for cost in (digit * 10 ** power for power in range(-3, 6) for digit in (1, 2, 5)):
        if least <= cost <= most:
            x = column_of(cost)
            yield f'<path d="M{x:.1f},{HEIGHT - BOTTOM}v5" stroke="#333"/>' + text(x, HEIGHT - BOTTOM + 18, f"{cost:g}")
    for i, (method, points) in enumerate(lines.items()):
        colour = COLOURS[methods.index(method) % len(COLOURS)]
        places = [(column_of(cost), row_of(value), row_of(value - d) - row_of(value)) for cost, value, d in points]
        yield f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y, bar in places:
            yield f'<path d="M{x:.1f},{y - bar:.1f}V{y + bar:.1f}" stroke="{colour}"/>'
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        yield text(left + WIDTH - RIGHT - 6, HEIGHT - BOTTOM - 10 - 16 * (len(lines) - 1 - i), method.replace("_", " "), "end",
                   f' fill="{colour}"')


with open(picture, "w") as file:
    width = WIDTH * len(networks)
    file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
               f'font-family="sans-serif" font-size="13"><rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n')
    for i, network in enumerate(networks):
        file.writelines(line + "\n" for line in draw(network, i * WIDTH))
    file.write("</svg>\n")
