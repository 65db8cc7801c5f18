"""The picture of the front, as an SVG file that any viewer shows."""

import io

from hwnas.report.content import ReportContent


def front_svg(content: ReportContent) -> str:
    """Accuracy against latency: everything judged, the front, the budget."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    with mpl.rc_context({"svg.hashsalt": "hwnas", "font.size": 10}):
        figure, axes = pyplot.subplots(figsize=(7.2, 4.4), layout="constrained")
        for judged in content.judged:
            axes.plot(judged.latency_ms, judged.accuracy, ".", alpha=0.5, label=judged.searcher)
        axes.step(
            content.front_latency_ms, content.front_accuracy, where="post", color="black",
            linewidth=1.5, label="front",
        )  # fmt: skip
        if content.budget_ms is not None:
            axes.axvline(content.budget_ms, color="crimson", linestyle="--", label="budget")
        axes.set_xlabel("predicted latency (ms)")
        axes.set_ylabel(f"{content.origin.label} (%)")
        axes.set_title(content.title)
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
        text = io.StringIO()
        # Without a date equal runs give equal files.
        figure.savefig(text, format="svg", metadata={"Date": None})
        pyplot.close(figure)
    return text.getvalue()
