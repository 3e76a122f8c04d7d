"""Measures whole training steps in PyTorch of the networks that `dst bench train` knows; prints one JSON document."""
import argparse
import json
import time

import torch
import torch.nn.functional as F

from networks import NETWORKS

MIN_WARM_UP_STEPS = 3
WARM_UP_SECONDS = 0.5


def peak_memory_bytes():
    """VmHWM of this process, which is what `dst bench train` reports too."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def measure(arch, batch, steps, memory_format):
    build, shape, classes = NETWORKS[arch]
    torch.manual_seed(1)
    model = build(classes).to(memory_format=memory_format).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, nesterov=True, weight_decay=5e-4)
    images = torch.rand(batch, *shape).sub_(0.5).contiguous(memory_format=memory_format)
    labels = torch.arange(batch) % classes

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        return time.perf_counter() - start

    start, warm_up = time.perf_counter(), 0
    while warm_up < MIN_WARM_UP_STEPS or time.perf_counter() - start < WARM_UP_SECONDS:
        step()
        warm_up += 1
    seconds = sorted(step() for _ in range(steps))
    return seconds, sum(parameter.numel() for parameter in model.parameters())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True, choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--memory-format", choices=["contiguous", "channels_last"], default="contiguous")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    memory_format = torch.channels_last if options.memory_format == "channels_last" else torch.contiguous_format
    seconds, weights = measure(options.arch, options.batch, options.steps, memory_format)
    print(json.dumps({
        "torch": torch.__version__,
        "onednn": torch.backends.mkldnn.is_available(),
        "arch": options.arch,
        "batch": options.batch,
        "threads": torch.get_num_threads(),
        "memory_format": options.memory_format,
        "weights": weights,
        "steps": options.steps,
        "ms_per_image": 1e3 * seconds[0] / options.batch,
        "ms_per_image_median": 1e3 * seconds[len(seconds) // 2] / options.batch,
        "images_per_second": options.batch / seconds[0],
        "peak_memory_bytes": peak_memory_bytes(),
    }))


if __name__ == "__main__":
    main()
