"""The training steps of settings.json in PyTorch, a JSON object a line:
python3 torch_steps.py SECONDS [--small] [--cpu]

float32 with TF32 off and on, and autocast to float16, where a CUDA device is; --cpu tries the script without one.
"""

import json
import math
import pathlib
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

SMALL = "--small" in sys.argv
CPU = "--cpu" in sys.argv
END = time.monotonic() + float(sys.argv[1])
COUNTED = 0.5 if SMALL else 3
STAGES = {"ResNet18": (2, 2, 2, 2), "ResNet34": (3, 4, 6, 3)}


def conv(channels_in, channels, size, stride=1):
    return nn.Conv2d(channels_in, channels, size, stride, size // 2, bias=False)


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(channels_in, channels, 3, stride), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv(channels, channels, 3), nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(conv(channels_in, channels, 1, stride), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(y + (self.downsample(x) if self.downsample else x), inplace=True)


class ResNet(nn.Module):
    """The ResNets of CIFAR (a 3 x 3 stem, three stages) and of ImageNet (a 7 x 7 stem and pooling, four stages)."""

    def __init__(self, name, classes):
        super().__init__()
        if name in STAGES:
            blocks, widths = STAGES[name], (64, 128, 256, 512)
            self.stem = nn.Sequential(conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1))
            channels = 64
        else:
            wide = name.endswith("x4")
            depth = int(name.removeprefix("resnet").removesuffix("x4"))
            blocks, widths = ((depth - 2) // 6,) * 3, (64, 128, 256) if wide else (16, 32, 64)
            channels = 32 if wide else 16
            self.stem = nn.Sequential(conv(3, channels, 3), nn.BatchNorm2d(channels), nn.ReLU(True))
        layers = []
        for stage, (count, width) in enumerate(zip(blocks, widths)):
            for block in range(count):
                layers.append(Block(channels, width, 2 if stage > 0 and block == 0 else 1))
                channels = width
        self.layers = nn.Sequential(*layers)
        self.fc = nn.Linear(channels, classes)

    def forward(self, images):
        feature = self.layers(self.stem(images))
        return self.fc(feature.mean((2, 3))), feature


def kd(student, teacher, target, temperature=4):
    divergence = F.kl_div(
        F.log_softmax(student / temperature, 1), F.softmax(teacher / temperature, 1), reduction="batchmean"
    )
    return 0.1 * F.cross_entropy(student, target) + 0.9 * temperature**2 * divergence


def wkd_logit(student, teacher, target, kernel, cost_kernel, temperature=4, weight=50, iterations=10):
    """WKD-L with target separation; one classes x classes matrix is shared by the batch."""
    index = target[:, None]
    p = F.softmax((student / temperature).scatter(1, index, -math.inf), 1)
    q = F.softmax((teacher / temperature).scatter(1, index, -math.inf), 1)
    u = torch.full_like(p, 1 / (p.shape[1] - 1)).scatter(1, index, 0)
    for _ in range(iterations):
        v = q / (u @ kernel + 1e-8)
        u = p / (v @ kernel.T + 1e-8)
    transport = (u * (v @ cost_kernel.T)).sum(1).mean()
    of_target = F.softmax(teacher, 1).gather(1, index) * F.log_softmax(student, 1).gather(1, index)
    return weight * transport - of_target.mean()


def wkd_feature(student, teacher, ratio=4, weight=0.2):
    """WKD-F: squared differences of the channels' spatial means and standard deviations."""

    def gaussian(x):
        variance, mean = torch.var_mean(x, (2, 3))
        return mean, torch.sqrt(variance + 1e-5)

    (mean_s, std_s), (mean_t, std_t) = gaussian(student), gaussian(teacher)
    return weight * (ratio * (mean_s - mean_t).square().sum(1) + (std_s - std_t).square().sum(1)).mean()


class Training:
    def __init__(self, setting, device, autocast):
        self.method, self.device, self.autocast = setting["method"], device, autocast
        classes, batch, size = setting["classes"], setting["batch"], setting["size"]
        torch.manual_seed(1)
        self.student = ResNet(setting["student"], classes).to(device)
        self.teacher = ResNet(setting["teacher"], classes).to(device).eval().requires_grad_(False)
        parameters = list(self.student.parameters())
        if self.method == "WKD-L+F":
            widths = [model.fc.in_features for model in (self.student, self.teacher)]
            self.projector = nn.Sequential(nn.Conv2d(*widths, 1, bias=False), nn.BatchNorm2d(widths[1])).to(device)
            parameters += list(self.projector.parameters())
        cost = 0.7 * (1 - torch.eye(classes, device=device)) + 1e-8
        self.kernel = torch.exp(-cost / 0.05)
        self.cost_kernel = self.kernel * cost
        self.optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=5e-4)
        self.scaler = torch.amp.GradScaler(device, enabled=autocast)
        self.images = 2 * torch.rand(batch, 3, size, size) - 1
        self.labels = torch.arange(batch) % classes
        if device == "cuda":
            self.images, self.labels = self.images.pin_memory(), self.labels.pin_memory()

    def step(self):
        images = self.images.to(self.device, non_blocking=True)
        labels = self.labels.to(self.device, non_blocking=True)
        with torch.autocast(self.device, torch.float16 if self.device == "cuda" else torch.bfloat16, self.autocast):
            logits, feature = self.student(images)
            with torch.no_grad():
                taught, taught_feature = self.teacher(images)
            projected = self.projector(feature) if self.method == "WKD-L+F" else None
        logits, taught = logits.float(), taught.float()
        if self.method == "KD":
            loss = kd(logits, taught, labels)
        else:
            loss = F.cross_entropy(logits, labels)
            loss = loss + wkd_logit(logits, taught, labels, self.kernel, self.cost_kernel)
            if projected is not None:
                loss = loss + wkd_feature(projected.float(), taught_feature.float())
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()


def images_per_second(setting, device, autocast):
    training = Training(setting, device, autocast)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(1 if SMALL else 10):
        training.step()
    wait()
    start, count = time.perf_counter(), 0
    while True:
        for _ in range(1 if SMALL else 10):
            training.step()
            count += 1
        wait()
        seconds = time.perf_counter() - start
        if seconds > COUNTED:
            return count * setting["batch"] / seconds, 1000 * seconds / count


def main():
    device = "cpu" if CPU else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"step": "PyTorch", "note": f"left out: torch {torch.__version__} finds no CUDA device"}))
        return
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    torch.backends.cudnn.benchmark = True
    print(json.dumps({"step": f"torch {torch.__version__} on {name}", "note": f"CUDA {torch.version.cuda}"}), flush=True)
    everything = json.loads(pathlib.Path(__file__).with_name("settings.json").read_text())
    modes = [("float32", False, False), ("TF32", True, False), ("autocast", True, True)]
    for precision, tf32, autocast in modes if device == "cuda" else (modes[0], modes[2]):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        for setting in everything["small" if SMALL else "whole"]:
            if time.monotonic() > END:
                print(json.dumps({"step": "the rest", "note": "no time"}))
                return
            rate, milliseconds = images_per_second(setting, device, autocast)
            row = {"step": setting["name"], "precision": precision, "images/s": rate, "ms a step": milliseconds}
            print(json.dumps(row), flush=True)


main()
