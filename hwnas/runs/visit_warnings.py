"""What was often wrong with the visits of a graph, in words."""

from collections.abc import Mapping

from hwnas.latency.visits import OFTEN

WARNINGS = {
    "enqueue_bound": "the processor took longer to launch an inference than the GPU to run it, so "
    "that times include some of the launch; use a larger batch to reduce that",
    "unstable": "times varied by more than 2.5 %; see that nothing else uses the GPU, and lock its "
    "clock with 'nvidia-smi --lock-gpu-clocks'",
    "no_cuda_graph": "no CUDA graph could be made, so every kernel was launched by itself, which "
    "takes longer",
    "affected": "the machine was slow during most of its visits, so that none could be set aside; "
    "measure when it is idle ('hwnas devices check' says what keeps it busy)",
    "spread": "half of its inferences took more than 10 % longer than the latency that is shown: "
    "other work on the machine slows them down",
}
"""What the warnings of a visit or of a `hwnas.latency.visits.LatencySummary` mean."""


def visit_sentences(shares: Mapping[str, float], disturbed: str | None = None) -> list[str]:
    """What was often wrong with visits, and how to fix it, a sentence each.

    Args:
        shares: as of `hwnas.latency.visits.warning_shares`.
        disturbed: as of `hwnas.latency.readings.disturbance`.
    """
    found = []
    if disturbed is not None:
        found.append(
            f"{disturbed}: all visits count, since too few were undisturbed; 'hwnas devices check' "
            "says what keeps the machine busy, then profile into a new table (--table)"
        )
    for name, share in shares.items():
        if share >= OFTEN:
            found.append(f"{share:.0%} of the visits came with {name}: {WARNINGS[name]}")
    return found
