"""Makes losses.json: values and gradients of the distillation losses in PyTorch, in double precision, by autograd.

    OMP_NUM_THREADS=1 /usr/bin/python3 make_losses.py        (see make_golden.py for PyTorch and for the inputs' hash)

Each loss is written here from its paper's definition, with PyTorch's own softmax, normalisation and automatic gradients, and
shares nothing with the C# code. The weights of terms are 1 unless named.
"""
import json
import pathlib

import torch
from torch.nn import functional as F

from make_golden import hashed, uniform

IMAGES, CLASSES = 6, 7
SIDE, CHANNELS, TEACHER_CHANNELS = 3, 4, 5


def tensor(name, shape, scale):
    """float32 values, then double, as C# sees them."""
    values = torch.from_numpy(uniform(name, int(torch.tensor(shape).prod()))) * scale
    return values.float().double().reshape(shape)


def kd(z, t, tau):
    return tau * tau * F.kl_div(F.log_softmax(z / tau, 1), F.softmax(t / tau, 1), reduction="batchmean")


def dkd(z, t, labels, tau, alpha, beta):
    target = F.one_hot(labels, CLASSES).bool()
    p, q = F.softmax(t / tau, 1), F.softmax(z / tau, 1)
    p_target, q_target = p[target], q[target]
    tckd = p_target * (p_target / q_target).log() + (1 - p_target) * ((1 - p_target) / (1 - q_target)).log()
    others = lambda x: (x / tau).masked_select(~target).reshape(len(labels), CLASSES - 1)
    nckd = F.kl_div(F.log_softmax(others(z), 1), F.softmax(others(t), 1), reduction="batchmean")
    return tau * tau * (alpha * tckd.mean() + beta * nckd)


def correlation(x, y):
    """Mean over the rows of Pearson's correlation."""
    return torch.stack([torch.corrcoef(torch.stack(rows))[0, 1] for rows in zip(x, y)]).mean()


def dist(z, t, tau, inter, intra):
    p, q = F.softmax(z / tau, 1), F.softmax(t / tau, 1)
    return tau * tau * (inter * (1 - correlation(p, q)) + intra * (1 - correlation(p.T, q.T)))


def labels_of_mixed(z, labels, share, smoothing, weights):
    """Mixup's and CutMix's loss with class weights: soft labels, each class's part with the weight of that class."""
    smooth = lambda y: (1 - smoothing) * F.one_hot(y, CLASSES) + smoothing / CLASSES
    partners = labels.flip(0)
    soft = share * weights[labels][:, None] * smooth(labels) + (1 - share) * weights[partners][:, None] * smooth(partners)
    return F.cross_entropy(z, soft)


def standardise(z):
    return (z - z.mean(1, keepdim=True)) / z.std(1, unbiased=False, keepdim=True)


def attention(s, t):
    maps = [F.normalize(f.pow(2).sum(1).flatten(1)) for f in (s, t)]
    return (maps[0] - maps[1]).pow(2).mean()


def hint(s, t, w=None):
    return F.mse_loss(s if w is None else F.conv2d(s, w[:, :, None, None]), t)


def reconstruction(s, t):
    return (s - t).square().sum() / t.square().sum()


def case(loss, *leaves):
    for leaf in leaves:
        leaf.requires_grad_(True)
        leaf.grad = None
    value = loss()
    value.backward()
    return dict(value=value.item(), gradients=[leaf.grad.flatten().tolist() for leaf in leaves])


def main():
    z, t = tensor("student", (IMAGES, CLASSES), 5), tensor("teacher", (IMAGES, CLASSES), 8)
    labels = torch.from_numpy((hashed("labels", IMAGES) >> 8).astype("int64") % CLASSES)
    s = tensor("student.features", (IMAGES, CHANNELS, SIDE, SIDE), 2)
    wide = tensor("teacher.features", (IMAGES, TEACHER_CHANNELS, SIDE, SIDE), 3)
    same = tensor("teacher.same", (IMAGES, CHANNELS, SIDE, SIDE), 3)
    w = tensor("projection", (TEACHER_CHANNELS, CHANNELS), 1)
    weights = torch.tensor([0.5, 2, 1, 3, 0.25, 1.5, 4]).double()
    mixed = 0.75 * F.one_hot(labels, CLASSES).double() + 0.25 * F.one_hot(labels.flip(0), CLASSES)
    golden = {
        "kd_standardised_4": case(lambda: kd(standardise(z), standardise(t), 4), z),
        "dkd_1_8_at_4": case(lambda: dkd(z, t, labels, 4, 1, 8), z),
        "dkd_2_0_at_1": case(lambda: dkd(z, t, labels, 1, 2, 0), z),
        "dkd_0_3_at_2": case(lambda: dkd(z, t, labels, 2, 0, 3), z),
        "dkd_standardised_1_2_at_2": case(lambda: dkd(standardise(z), standardise(t), labels, 2, 1, 2), z),
        "dist_2_2_at_4": case(lambda: dist(z, t, 4, 2, 2), z),
        "dist_1_0_at_1": case(lambda: dist(z, t, 1, 1, 0), z),
        "dist_0_3_at_2": case(lambda: dist(z, t, 2, 0, 3), z),
        "labels_mixed": case(lambda: F.cross_entropy(z, mixed, label_smoothing=0.1), z),
        "labels_weighted": case(lambda: labels_of_mixed(z, labels, 1, 0.2, weights), z),
        "labels_mixed_weighted": case(lambda: labels_of_mixed(z, labels, 0.25, 0.1, weights), z),
        "attention": case(lambda: attention(s, wide), s),
        "hint_same": case(lambda: hint(s, same), s),
        "reconstruction": case(lambda: reconstruction(s, same), s),
        "hint_projected": case(lambda: hint(s, wide, w), s, w),
    }
    path = pathlib.Path(__file__).with_name("losses.json")
    path.write_text(json.dumps({"torch": torch.__version__, "labels": labels.tolist(), "cases": golden}, indent=1) + "\n")


if __name__ == "__main__":
    main()
