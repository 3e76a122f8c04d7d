"""Prints a Markdown table of a CSV file: the mean and standard deviation of each accuracy, in %, over the seeds of equal keys.

Usage: evidence_table.py FILE KEY...
"""
import csv
import statistics
import sys

with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
keys = sys.argv[2:]
accuracies = [name for name in rows[0] if name.endswith("top1")]
groups = {}
for row in rows:
    groups.setdefault(tuple(row[key] for key in keys), []).append(row)


def describe(values):
    percents = [100 * float(value) for value in values]
    spread = f" ± {statistics.stdev(percents):.2f}" if len(percents) > 1 else ""
    return f"{statistics.mean(percents):.2f}{spread}"


print("| " + " | ".join(keys + accuracies + ["seeds"]) + " |")
print("|" + "---|" * (len(keys) + len(accuracies) + 1))
for group, members in groups.items():
    cells = [describe([member[name] for member in members]) for name in accuracies]
    print("| " + " | ".join([*group, *cells, str(len(members))]) + " |")
