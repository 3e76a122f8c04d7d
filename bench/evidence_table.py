"""Prints a Markdown table of a CSV file: the mean and standard deviation of each accuracy, in %, over the seeds of equal keys.

With --across KEY the table has a column for each value of that key instead, with the test accuracy.
Usage: evidence_table.py FILE KEY... [--across KEY]
"""
import csv
import statistics
import sys

arguments = sys.argv[1:]
across = arguments[arguments.index("--across") + 1] if "--across" in arguments else None
path, *keys = arguments[:arguments.index("--across")] if across else arguments
with open(path) as file:
    rows = list(csv.DictReader(file))


def describe(values):
    percents = [100 * float(value) for value in values]
    spread = f" ± {statistics.stdev(percents):.2f}" if len(percents) > 1 else ""
    return f"{statistics.mean(percents):.2f}{spread}"


def group(by):
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    return groups


def write(head, lines):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")


if across is None:
    accuracies = [name for name in rows[0] if name.endswith("top1")]
    write([*keys, *accuracies, "seeds"], [
        [*key, *(describe([row[name] for row in members]) for name in accuracies), str(len(members))]
        for key, members in group(keys).items()])
else:
    columns = list(dict.fromkeys(row[across] for row in rows))
    cells = group([*keys, across])
    write([*keys, *(f"{across} {value}" for value in columns)], [
        [*key, *(describe([row["test_top1"] for row in cells.get((*key, value), [])]) if (*key, value) in cells else "-" for value in columns)]
        for key in group(keys)])
