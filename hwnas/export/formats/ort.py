"""ORT: a graph that ONNX Runtime has optimised already, which loads faster and needs less code."""

import platform
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.export.formats.format import Built, Images, Logits, Trained
from hwnas.export.formats.onnx import session_logits

if TYPE_CHECKING:
    from hwnas.devices.device import Device

_X86 = ("x86_64", "AMD64")
_OF_THIS_PROCESSOR = "for processors with vectors as wide as this one's; onnx runs on all"


class OrtFormat:
    """`model.fp32.ort` and the like."""

    name, package = "ort", "onnxruntime"
    loader: str | None = "hwnas.export.formats.onnx:load_session"
    most_images: int | None = None

    def build(self, trained: Trained, precision: str) -> Built:
        """The ONNX file of the precision as ONNX Runtime saves it once it has loaded it.

        Raises:
            ConfigError: fp16 on x86, where ONNX Runtime saves float32.
        """
        from hwnas.core.errors import ConfigError

        if precision == "fp16" and platform.machine() in _X86:
            raise ConfigError(
                "ONNX Runtime has no fp16 kernels for x86 processors and would save float32, as "
                "large as the fp32 file; take fp16 of the format onnx"
            )
        name, here = f"model.{precision}.ort", _is_here(trained.device)
        content = optimised(trained.onnx(precision), here=here)
        return Built(precision, {name: content}, name, _OF_THIS_PROCESSOR if here else "")

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """By ONNX Runtime on this machine."""
        return session_logits(folder / built.runs, trained, images)

    def timed_on(self, device: "Device") -> bool:
        """The agents of devices take ONNX files and engines."""
        del device
        return False


ORT = OrtFormat()


def optimised(model: bytes, *, here: bool) -> bytes:
    """An ONNX file in ONNX Runtime's own format, as its `convert_onnx_models_to_ort` writes it.

    Args:
        model: serialised ONNX.
        here: whether it is for processors like this one: then its weights are laid out in blocks
            of as many channels as this one's vectors hold. Without that it runs on all, and takes
            longer on x86.
    """
    import onnxruntime

    from hwnas.core.workspace import job_folder
    from hwnas.devices.runtimes.onnxruntime import session_options

    with job_folder() as folder:
        source, target = folder / "model.onnx", folder / "model.ort"
        source.write_bytes(model)
        options = session_options(1)
        options.optimized_model_filepath = str(target)
        options.add_session_config_entry("session.save_model_format", "ORT")
        onnxruntime.InferenceSession(
            str(source),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=None if here else ["NchwcTransformer"],
        )
        return target.read_bytes()


def _is_here(device: "Device") -> bool:
    return device.measurable and not device.remote and not device.runtime_spec.on_gpu
