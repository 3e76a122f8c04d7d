"""Makes kernels.json: convolutions of large kernels, poolings with chance and spectral ones in PyTorch, in double precision.

    OMP_NUM_THREADS=1 /usr/bin/python3 make_kernels.py        (see make_golden.py for PyTorch and for the inputs' hash)

Convolutions are PyTorch's own, with its gradients, under weights 'dy' of the outputs. Poolings are written from their papers on windows
of torch.nn.functional.unfold and share nothing with the C# code.
"""
import json
import pathlib

import torch
from torch.nn import functional as F

from make_golden import uniform

IMAGES, CHANNELS, FILTERS, HEIGHT, WIDTH, KERNEL = 2, 3, 4, 12, 11, 9
WINDOW, STRIDE, PADDING, RETAIN = 3, 2, 1, 0.375


def tensor(name, *shape):
    """Float32 values, then double, as C# sees them."""
    return torch.from_numpy(uniform(name, int(torch.tensor(shape).prod()))).float().double().reshape(shape)


def convolution(groups):
    filters = CHANNELS if groups > 1 else FILTERS
    x = tensor("x", IMAGES, CHANNELS, HEIGHT, WIDTH).requires_grad_()
    w = tensor("w", filters, CHANNELS // groups, KERNEL, KERNEL).requires_grad_()
    y = F.conv2d(x, w, padding=KERNEL // 2, groups=groups)
    (y * tensor("dy", *y.shape)).sum().backward()
    return {"y": y.flatten().tolist(), "dx": x.grad.flatten().tolist(), "dw": w.grad.flatten().tolist()}


def windows(x, padding):
    """[N, C, positions of a window, windows]."""
    padded = F.pad(x, [PADDING] * 4, value=padding)
    return F.unfold(padded, WINDOW, stride=STRIDE).reshape(IMAGES, CHANNELS, WINDOW * WINDOW, -1)


def weighted(x):
    """The values of a window in ascending order, the i-th of n times p(1 - p)^(n - i); padding gives nothing (Wu and Gu 2015)."""
    values = windows(x, -torch.inf).sort(dim=2).values
    n = values.shape[2]
    shares = torch.tensor([RETAIN * (1 - RETAIN) ** (n - i) for i in range(1, n + 1)]).double()
    return (values.masked_fill(values.isinf(), 0) * shares[:, None]).sum(2)


def stochastic(x):
    """Each positive value with a probability in proportion to it (Zeiler and Fergus 2013)."""
    values = windows(F.relu(x), 0)
    total = values.sum(2, keepdim=True)
    return (torch.where(total > 0, values / total, torch.zeros(())) * values).sum(2)


def spectral(height, width):
    """The centred low frequencies of each axis, and the real part where one has no partner (Rippel, Snoek and Adams 2015)."""
    x = tensor("x", IMAGES, CHANNELS, HEIGHT, WIDTH).requires_grad_()
    y = x
    for axis, kept in ((2, height), (3, width)):
        length = y.shape[axis]
        spectrum = torch.fft.fftshift(torch.fft.fft(y, dim=axis), dim=axis)
        cropped = spectrum.narrow(axis, length // 2 - kept // 2, kept)
        y = torch.fft.ifft(torch.fft.ifftshift(cropped, dim=axis), dim=axis).real * (kept / length)
    (y * tensor("dy", *y.shape)).sum().backward()
    return {"y": y.flatten().tolist(), "dx": x.grad.flatten().tolist()}


def main():
    x = tensor("x", IMAGES, CHANNELS, HEIGHT, WIDTH)
    golden = {
        "torch": torch.__version__,
        "convolution": convolution(groups=1),
        "depthwise": convolution(groups=CHANNELS),
        "weighted": weighted(x).flatten().tolist(),
        "stochastic": stochastic(x).flatten().tolist(),
        "spectral": {f"{height}x{width}": spectral(height, width) for height, width in ((6, 4), (7, 5))},
    }
    rounded = json.loads(json.dumps(golden), parse_float=lambda text: float(f"{float(text):.8g}"))
    pathlib.Path(__file__).with_name("kernels.json").write_text(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()
