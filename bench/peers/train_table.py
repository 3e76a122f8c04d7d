"""Prints one Markdown table over the JSON documents that train.sh gathers: train_table.py FOLDER NETWORK..."""
import json
import pathlib
import sys


def best(documents, arch, **fields):
    """The fastest measurement of a network that has these fields."""
    rows = [d for d in documents if d["arch"] == arch and all(d.get(key) == value for key, value in fields.items())]
    return min(rows, key=lambda d: d["ms_per_image"])


def rate(document):
    """Images a second of the fastest step and, in brackets, of the median one."""
    return f'{document["images_per_second"]:.0f} ({1e3 / document["ms_per_image_median"]:.0f})'


def row(documents, arch):
    pytorch = min((best(documents, arch, memory_format=form) for form in ("contiguous", "channels_last")), key=lambda d: d["ms_per_image"])
    dense, halved = best(documents, arch, form="dense"), best(documents, arch, form="uhp")
    if pytorch["weights"] != dense["weights"]:
        sys.exit(f'train_table.py: {arch} has {pytorch["weights"]} weights in PyTorch and {dense["weights"]} in DST; '
                 'equal numbers were expected')
    cells = [
        arch,
        rate(pytorch),
        pytorch["memory_format"].replace("_", " "),
        rate(dense),
        f'{dense["images_per_second"] / pytorch["images_per_second"]:.2f}',
        rate(halved),
        f'{halved["images_per_second"] / dense["images_per_second"]:.2f}',
        *(f'{d["peak_memory_bytes"] / 1e6:.0f}' for d in (pytorch, dense, halved)),
    ]
    return f'| {" | ".join(cells)} |'


def main():
    folder, networks = sys.argv[1], sys.argv[2:]
    documents = [json.loads(path.read_text()) for path in pathlib.Path(folder).glob("*.json")]
    dst = next(d for d in documents if "form" in d)
    pytorch = next(d for d in documents if "torch" in d)
    pattern = best(documents, networks[0], form="uhp")["pattern"]
    rows = [row(documents, arch) for arch in networks]

    print(f'{dst["cpu"]}, vectors {dst["tier"]}, {dst["threads"]} thread(s), batch {dst["batch"]}, '
          f'{dst["steps"]} steps a measurement; PyTorch {pytorch["torch"]} {"with" if pytorch["onednn"] else "without"} oneDNN. '
          'Fastest step (median in brackets) of the fastest measurement.\n')
    headers = [
        "network", "PyTorch images/s", "its memory format", "DST images/s", "DST / PyTorch",
        f"DST {pattern} images/s", f"{pattern} / dense", "PyTorch peak MB", "DST peak MB", f"{pattern} peak MB",
    ]
    print(f'| {" | ".join(headers)} |')
    print(f'|---{"|---:" * (len(headers) - 1)}|')
    print("\n".join(rows))


if __name__ == "__main__":
    main()
