"""Networks of torchvision with random weights: a size to look at each, and layers of every depth."""

from __future__ import annotations

import torchvision

from featurelens.engine.network import Network
from tests.support.small_networks import network, seeded

ARCHITECTURES = {
    "googlenet": (96, ["conv1", "maxpool1", "inception3a", "inception4c.branch2", "inception5b"]),
    "resnet18": (64, ["relu", "layer1.0.relu", "layer2", "layer3.0.bn2", "fc"]),
    "densenet121": (64, ["features.pool0", "features.denseblock2", "features.norm5", "classifier"]),
    "mobilenet_v2": (64, ["features.0.2", "features.3.conv.1", "features.18"]),
    "mobilenet_v3_small": (64, ["features.1.block.0", "features.4.block.2", "features.12", "classifier.2"]),
    "vgg11_bn": (64, ["features.2", "features.3", "features.14", "classifier.2"]),
    "regnet_y_400mf": (64, ["stem", "trunk_output.block1", "trunk_output.block2.block2-0.f.se"]),
    "vit_b_32": (224, ["conv_proj", "encoder.layers.encoder_layer_1", "encoder.layers.encoder_layer_2.mlp.0"]),
    "swin_t": (224, ["features.0", "features.1.1", "features.3.0.attn"]),
}


def built(architecture: str) -> Network:
    """One of `ARCHITECTURES`, the same weights each time."""
    options = {"init_weights": False, "aux_logits": False} if architecture == "googlenet" else {}
    return network(seeded(torchvision.models.get_model(architecture, **options)), name=architecture)
