"""The work in PyTorch on the CPU: `python3 bench/peers/pytorch.py [CASE ...]`. Threads: OMP_NUM_THREADS, else all cores."""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH = 64
CLASSES = 10
BUDGET_SECONDS = 10
MAX_RUNS = 50


def values(shape, scale):
    """Seeded values in [-scale, scale): every engine gets the same kind of numbers to work on."""
    return (2 * torch.rand(shape, generator=torch.Generator().manual_seed(1)) - 1) * scale


def labels():
    return torch.arange(BATCH) * 7 % CLASSES


class BasicBlock(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(y + (self.downsample(x) if self.downsample else x), inplace=True)


class ResNet(nn.Module):
    """The CIFAR ResNet for one input channel: `blocks` basic blocks a stage (1 is resnet8, 3 is resnet20)."""

    def __init__(self, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        channels = 16
        layers = []
        for stage, width in enumerate((16, 32, 64)):
            for block in range(blocks):
                layers.append(BasicBlock(channels, width, 2 if stage > 0 and block == 0 else 1))
                channels = width
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, images):
        feature = self.layers(F.relu(self.bn1(self.conv1(images)), inplace=True))
        return self.fc(feature.mean((2, 3))), feature


def wkd_logit_loss(student, teacher, target, kernel, cost_kernel, temperature=4, weight=50, iterations=10):
    """WKD-L with target separation; one C x C kernel matrix is shared by the batch."""
    index = target[:, None]
    p = F.softmax((student / temperature).scatter(1, index, -math.inf), 1)
    q = F.softmax((teacher / temperature).scatter(1, index, -math.inf), 1)
    u = torch.full_like(p, 1 / CLASSES).scatter(1, index, 0)
    for _ in range(iterations):
        v = q / (u @ kernel + 1e-8)
        u = p / (v @ kernel.T + 1e-8)
    transport = (u * (v @ cost_kernel.T)).sum(1).mean()
    of_target = F.softmax(teacher, 1).gather(1, index) * F.log_softmax(student, 1).gather(1, index)
    return weight * transport - of_target.mean()


def wkd_feature_loss(student, teacher, ratio=4):
    """WKD-F: squared differences of the channels' spatial means and standard deviations."""

    def gaussian(x):
        variance, mean = torch.var_mean(x, (2, 3))
        return mean, torch.sqrt(variance + 1e-5)

    (mean_s, std_s), (mean_t, std_t) = gaussian(student), gaussian(teacher)
    return (ratio * (mean_s - mean_t).square().sum(1) + (std_s - std_t).square().sum(1)).mean()


def conv_forward():
    x, weight = values((BATCH, 64, 32, 32), 1), values((64, 64, 3, 3), 0.05)
    return lambda: F.conv2d(x, weight, padding=1)


def conv_backward():
    x = values((BATCH, 64, 32, 32), 1).requires_grad_()
    weight = values((64, 64, 3, 3), 0.05).requires_grad_()
    gradient = values((BATCH, 64, 32, 32), 1)
    return lambda: torch.autograd.grad(F.conv2d(x, weight, padding=1), (x, weight), gradient)


def conv_gradients():
    """Both gradients without the forward."""
    x, weight = values((BATCH, 64, 32, 32), 1), values((64, 64, 3, 3), 0.05)
    gradient = values((BATCH, 64, 32, 32), 1)
    place = (None, (1, 1), (1, 1), (1, 1), False, (0, 0), 1)
    return lambda: torch.ops.aten.convolution_backward(gradient, x, weight, *place, (True, True, False))


def training_step(modules, loss):
    optimizer = torch.optim.SGD([p for module in modules for p in module.parameters()], lr=0.05, momentum=0.9)

    def run():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return run


def resnet8_step():
    images, target, student = values((BATCH, 1, 28, 28), 1), labels(), ResNet(1)
    return training_step([student], lambda: F.cross_entropy(student(images)[0], target))


def wkd_step():
    images, target = values((BATCH, 1, 28, 28), 1), labels()
    student, teacher = ResNet(1), ResNet(3).eval().requires_grad_(False)
    projector = nn.Sequential(nn.Conv2d(64, 64, 1), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
    cost = 0.7 * (1 - torch.eye(CLASSES))
    kernel = torch.exp(-cost / 0.05)

    def loss():
        logits, feature = student(images)
        with torch.no_grad():
            teacher_logits, teacher_feature = teacher(images)
        return (
            F.cross_entropy(logits, target)
            + wkd_logit_loss(logits, teacher_logits, target, kernel, kernel * cost)
            + 0.2 * wkd_feature_loss(projector(feature), teacher_feature)
        )

    return training_step([student, projector], loss)


CASES = {
    "conv_fwd": conv_forward,
    "conv_grads": conv_gradients,
    "conv_fwd_bwd": conv_backward,
    "resnet8_step": resnet8_step,
    "wkd_step": wkd_step,
}


def measure(run):
    """Milliseconds a run: one warm-up, one run alone, then as many as fit in about ten seconds."""

    def timed(runs):
        start = time.perf_counter()
        for _ in range(runs):
            run()
        return time.perf_counter() - start

    timed(1)
    runs = max(1, min(MAX_RUNS, int(BUDGET_SECONDS / timed(1))))
    return 1000 * timed(runs) / runs, runs


def main(names):
    torch.manual_seed(1)
    for name, make in CASES.items():
        if names and name not in names:
            continue
        ms, runs = measure(make())
        print(json.dumps({"engine": "torch", "case": name, "ms": round(ms, 2), "runs": runs}), flush=True)


main(sys.argv[1:])
