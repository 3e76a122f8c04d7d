"""Prints one Markdown table over the JSON documents that infer.sh gathers: infer_table.py FOLDER NETWORK..."""
import json
import pathlib
import sys

FORMS = ("onnxruntime", "dense", "uhp", "csr")


def best(folder, form, arch):
    """The measurement of the shortest minimum, with the shortest median of all rounds."""
    documents = [json.loads(path.read_text()) for path in folder.glob(f"{form}.{arch}.*.json")]
    document = min(documents, key=lambda d: d["latency_ms"]["min"])
    document["latency_ms"]["median"] = min(d["latency_ms"]["median"] for d in documents)
    return document


def time(document):
    """Milliseconds an image of the fastest run and, in brackets, of the median one."""
    latency, batch = document["latency_ms"], document["batch"]
    return f'{latency["min"] / batch:.3f} ({latency["median"] / batch:.3f})'


def row(folder, arch):
    peer, dense, uhp, csr = (best(folder, form, arch) for form in FORMS)
    if peer["weights"] != dense["weights"]:
        sys.exit(f'infer_table.py: {arch} has {peer["weights"]} weights in ONNX Runtime and {dense["weights"]} in DST; '
                 'equal numbers were expected')

    def speedup(slow, fast):
        return f'{slow["latency_ms"]["min"] / fast["latency_ms"]["min"]:.2f}'

    times = [time(d) for d in (peer, dense, uhp, csr)]
    speedups = [speedup(*pair) for pair in ((peer, dense), (peer, uhp), (dense, uhp), (csr, uhp))]
    return f'| {" | ".join([arch, *times, *speedups])} |'


def main():
    folder, networks = pathlib.Path(sys.argv[1]), sys.argv[2:]
    peer, dense = (best(folder, form, networks[0]) for form in FORMS[:2])
    print(f'{dense["cpu"]}, vectors {dense["tier"]}, {dense["threads"]} thread(s), batch {dense["batch"]}; '
          f'ONNX Runtime {peer["version"]}. Milliseconds an image: fastest run (median in brackets).\n')
    headers = ["network", "ONNX Runtime", "DST dense", "DST UHP", "DST CSR", "dense ×", "UHP ×", "UHP / dense", "UHP / CSR"]
    print(f'| {" | ".join(headers)} |')
    print(f'|---{"|---:" * (len(headers) - 1)}|')
    for arch in networks:
        print(row(folder, arch))


if __name__ == "__main__":
    main()
