"""Runs in the environment that has timm and no hwnas: the program of the page, for each export.

    python in_timm.py PROGRAM.py FOLDER…

Each folder holds `export/winner` and `images.safetensors`; `found.safetensors` and `found.json` are
written into it.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


def _not_registered(name: str, **settings: Any) -> Any:
    del name, settings
    return lambda function: function


# torchvision's wheels are built for CUDA: beside the CPU build of torch the shapes of its operators
# cannot be registered. timm needs none of them.
register, torch.library.register_fake = torch.library.register_fake, _not_registered
import timm  # noqa: E402

torch.library.register_fake = register

assert importlib.util.find_spec("hwnas") is None
torch.set_num_threads(1)
program = Path(sys.argv[1]).read_text(encoding="utf-8")
for folder in map(Path, sys.argv[2:]):
    os.chdir(folder)
    names: dict[str, Any] = {}
    exec(program, names)
    model, images = names["model"], load_file("images.safetensors")["images"]
    assert not model.training
    winner = "local-dir:export/winner"
    timm.models.save_for_hf(model, "saved")
    again = timm.create_model("local-dir:saved", pretrained=True).eval()
    other = timm.create_model(winner, pretrained=True, num_classes=7, in_chans=1).eval()
    features = timm.create_model(winner, features_only=True, out_indices=(0, 1)).eval()
    with torch.inference_mode():
        found = {
            "float32": model(images),
            "saved": again(images),
            "other": other(images[:, :1]),
            # Where rounding cannot hide a difference.
            "float64": model.double()(images.double()),
        }
        shapes = [list(one.shape) for one in features(images)]
    save_file(found, "found.safetensors")
    data = timm.data.resolve_model_data_config(model)
    transform = str(timm.data.create_transform(**data))
    labels = model.pretrained_cfg["label_names"]
    Path("found.json").write_text(
        json.dumps({"data": data, "transform": transform, "labels": labels, "features": shapes})
    )
