# SPDX-License-Identifier: GPL-2.0-or-later
"""The three networks that models/convert.py knows, written from their published
descriptions with the tensor names of their checkpoints: what a converted file
must agree with.  Nothing of models/reference.py is used."""

import torch
import torch.nn.functional as F
from torch import nn

import truth

WIDTHS, BLOCKS = (32, 64, 128, 256), (3, 4, 6, 3)


def shrinking(n_in, n_out, stride):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False),
                         nn.BatchNorm2d(n_out))


class Gate(nn.Module):
    """Each channel times a number in (0, 1) that all channels' means give."""

    def __init__(self, width, reduction=8):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(width, width // reduction),
                                nn.ReLU(),
                                nn.Linear(width // reduction, width),
                                nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean(dim=(2, 3))).unsqueeze(2).unsqueeze(3)


class GatedBlock(nn.Module):
    """Of Sunine and voxceleb_trainer: the batch norm follows the ReLU."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.se = Gate(n_out)
        if stride != 1 or n_in != n_out:
            self.downsample = shrinking(n_in, n_out, stride)

    def forward(self, x):
        y = self.bn1(F.relu(self.conv1(x)))
        y = self.se(self.bn2(self.conv2(y)))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        return F.relu(x + y)


class PlainBlock(nn.Module):
    """Of WeSpeaker."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.shortcut = shrinking(n_in, n_out, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Trunk(nn.Module):
    """Stem and four stages, the last three of which halve both axes."""

    def __init__(self, block, widths, blocks, stem_bias=False):
        super().__init__()
        self.conv1 = nn.Conv2d(1, widths[0], 3, 1, 1, bias=stem_bias)
        self.bn1 = nn.BatchNorm2d(widths[0])
        n_in = widths[0]
        for i, (width, n) in enumerate(zip(widths, blocks), 1):
            layer = [block(n_in, width, 1 if i == 1 else 2)]
            layer += [block(width, width, 1) for _ in range(n - 1)]
            setattr(self, f"layer{i}", nn.Sequential(*layer))
            n_in = width

    def stem(self, x):
        return F.relu(self.bn1(self.conv1(x)))

    def rows(self, features):
        """S4 with channel and height as one axis, [B, C H, W]."""
        y = self.stem(features.unsqueeze(1))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            y = layer(y)
        return y.reshape(y.shape[0], -1, y.shape[-1])


class MelBuffers(nn.Module):
    """What torchaudio's front end leaves in a checkpoint."""

    def __init__(self, n_bands):
        super().__init__()
        self.spectrogram, self.mel_scale = nn.Module(), nn.Module()
        self.spectrogram.register_buffer(
            "window", torch.hamming_window(400, periodic=True))
        self.mel_scale.register_buffer(
            "fb", torch.from_numpy(truth.htk_bank(n_bands).T).float())


def mel_buffers(n_bands):
    emphasis = nn.Module()
    emphasis.register_buffer("flipped_filter", torch.tensor([[[-0.97, 1.0]]]))
    return nn.Sequential(emphasis, MelBuffers(n_bands))


# --- Sunine -----------------------------------------------------------------

class SunineEncoder(Trunk):
    def __init__(self, widths, blocks, n_bands, size):
        super().__init__(GatedBlock, widths, blocks)
        n_rows = widths[3] * n_bands // 8
        self.bn2 = nn.BatchNorm1d(2 * n_rows)
        self.fc = nn.Linear(2 * n_rows, size)
        self.bn3 = nn.BatchNorm1d(size)

    def forward(self, features):
        x = self.rows(features)
        pooled = torch.cat([x.mean(2), x.var(2)], 1)  # unbiased
        return self.bn3(self.fc(self.bn2(pooled)))


class Sunine(nn.Module):
    title, n_bands = "Sunine ResNet34-SE", 80

    def __init__(self, widths=WIDTHS, blocks=BLOCKS, size=256, n_classes=20):
        super().__init__()
        self.mel_trans = mel_buffers(self.n_bands)
        self.instancenorm = nn.InstanceNorm1d(self.n_bands)
        self.speaker_encoder = SunineEncoder(widths, blocks, self.n_bands,
                                             size)
        self.loss = nn.Module()
        self.loss.W = nn.Parameter(torch.empty(size, n_classes))

    @property
    def trunk(self):
        return self.speaker_encoder

    def log_mel(self, samples):
        return truth.sunine_log_mel(samples, 32768, self.n_bands)

    def normalised(self, mel):
        return self.instancenorm(mel)

    def forward(self, features):
        return self.speaker_encoder(features)

    def logits(self, embedding):
        return 30 * F.normalize(embedding) @ F.normalize(self.loss.W, dim=0)


# --- voxceleb_trainer -------------------------------------------------------

class VoxcelebEncoder(Trunk):
    def __init__(self, widths, blocks, n_bands, size):
        super().__init__(GatedBlock, widths, blocks, stem_bias=True)
        n_rows = widths[3] * n_bands // 8
        self.attention = nn.Sequential(
            nn.Conv1d(n_rows, 128, kernel_size=1), nn.ReLU(),
            nn.BatchNorm1d(128), nn.Conv1d(128, n_rows, kernel_size=1),
            nn.Softmax(dim=2))
        self.fc = nn.Linear(2 * n_rows, size)

    def stem(self, x):
        return self.bn1(F.relu(self.conv1(x)))

    def forward(self, features):
        x = self.rows(features)
        p = self.attention(x)
        mean = (p * x).sum(2)
        variance = (p * x ** 2).sum(2) - mean ** 2
        return self.fc(torch.cat([mean, variance.clamp(min=1e-5).sqrt()], 1))


class Voxceleb(nn.Module):
    title, n_bands = "voxceleb_trainer ResNetSE34V2", 64

    def __init__(self, widths=WIDTHS, blocks=BLOCKS, size=512, n_classes=20):
        super().__init__()
        self.__S__ = VoxcelebEncoder(widths, blocks, self.n_bands, size)
        self.__S__.instancenorm = nn.InstanceNorm1d(self.n_bands)
        self.__S__.torchfb = mel_buffers(self.n_bands)
        self.__L__ = nn.Module()
        self.__L__.softmax, self.__L__.angleproto = nn.Module(), nn.Module()
        self.__L__.softmax.fc = nn.Linear(size, n_classes)
        self.__L__.angleproto.w = nn.Parameter(torch.tensor(10.0))
        self.__L__.angleproto.b = nn.Parameter(torch.tensor(-5.0))

    @property
    def trunk(self):
        return self.__S__

    def log_mel(self, samples):
        return truth.sunine_log_mel(samples, 1, self.n_bands)

    def normalised(self, mel):
        return self.__S__.instancenorm(mel)

    def forward(self, features):
        return self.__S__(features)

    def logits(self, embedding):
        return self.__L__.softmax.fc(embedding)


# --- WeSpeaker --------------------------------------------------------------

class WeSpeaker(Trunk):
    title, n_bands = "WeSpeaker ResNet34", 80

    def __init__(self, widths=WIDTHS, blocks=BLOCKS, size=256, n_classes=20):
        super().__init__(PlainBlock, widths, blocks)
        self.seg_1 = nn.Linear(2 * widths[3] * self.n_bands // 8, size)
        self.projection = nn.Module()
        self.projection.weight = nn.Parameter(torch.empty(n_classes, size))

    @property
    def trunk(self):
        return self

    def log_mel(self, samples):
        return truth.wespeaker_log_mel(samples)

    def normalised(self, mel):
        return mel - mel.mean(-1, keepdim=True)

    def forward(self, features):
        x = self.rows(features)
        std = torch.sqrt(x.var(2) + 1e-7)
        return self.seg_1(torch.cat([x.mean(2), std], 1))

    def logits(self, embedding):
        return 32 * F.normalize(embedding) @ F.normalize(
            self.projection.weight).T


NETWORKS = {"sunine": Sunine, "voxceleb": Voxceleb, "wespeaker": WeSpeaker}
