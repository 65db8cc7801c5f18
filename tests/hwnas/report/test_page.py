import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from hwnas.estimators.costs import MACS_ESTIMATOR
from hwnas.estimators.scores import ScoreInfo
from hwnas.estimators.supernet.estimator import SupernetEstimator
from hwnas.estimators.table import TableEstimator
from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Agreement, Validation
from hwnas.objectives.statistics.regression import CrossValidation
from hwnas.report.content import Judged, ReportContent
from hwnas.report.contributions import Contribution
from hwnas.report.page import render_page
from hwnas.report.picture import front_svg
from hwnas.report.points import DrawnPoints
from hwnas.report.rows import budgets_text, reference_text, summary_rows
from hwnas.runs.status_form import Status, StatusRow
from hwnas.runs.summary_form import Figures, Picked, Summary
from tests.hwnas.report.drawn import two_networks
from tests.hwnas.report.results import FIGURES, summary_of

SUPERNET = SupernetEstimator().info()
TABLE = TableEstimator().info()
GOOD = Agreement(30, 1.5, 1.0, 1.0, 0.93, 4.0)
CHECKED = Validation(GOOD, GOOD, (1.0, 2.0), (1.1, 2.1), (1.0, 2.2), (1.2, 2.0))
NOISY = Agreement(30, 7.2, 0.5, 0.8, 0.7, 33.9)


def content(
    summary: Summary | None = None,
    validation: Validation | None = CHECKED,
    score_info: ScoreInfo = SUPERNET,
    drawn: DrawnPoints | None = None,
) -> ReportContent:
    points = np.array([1.0, 2.0])
    return ReportContent(
        title="a <space> on b",
        config_yaml="name: <b>",
        front_latency_ms=points,
        judged=[Judged("surrogate", points, 90 + points)],
        front_accuracy=90 + points,
        budget_ms=1.5,
        front_knee=1,
        contributions=[Contribution("surrogate", 30, 92.0, 2, 0.875)],
        latency=LatencyModel({}, Correction("scale"), validation),
        summary=summary,
        score_info=score_info,
        front_header=["accuracy (%)", "predicted (ms)"],
        front_rows=[["91.00", "1"], ["92.00", "2"]],
        drawn=drawn or two_networks(),
    )


def test_names_from_a_person_are_text_in_the_page() -> None:
    page = render_page(content())
    assert "a &lt;space&gt; on b" in page
    assert "name: &lt;b&gt;" in page
    assert "<space>" not in page


@pytest.mark.parametrize(
    ("library", "name", "text"),
    [
        ("timm", "timm/tf_v3", "timm's tf_v3, fine-tuned on the same images"),
        ("lite", "lite/lite0", "lite/lite0, fine-tuned on the same images"),
    ],
)
def test_a_pretrained_reference_is_called_fine_tuned(library: str, name: str, text: str) -> None:
    figures = {"library": library, "name": name, "weights_from": "pretrained"}
    summary = summary_of(reference=figures)
    assert reference_text(summary) == f"the reference: {text}"
    assert text.replace("'", "&#x27;") in render_page(content(summary))


def test_the_page_needs_no_network() -> None:
    page = render_page(content())
    # But for the namespace of SVG, which nothing asks for.
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "<link" not in page
    assert "document.getElementById" in page


def test_a_front_without_export_says_so_and_one_with_shows_it() -> None:
    assert "has not been exported yet" in render_page(content())
    page = render_page(content(summary_of({"measured_ms": 1.25}, budgets={"macs": 1.5e6})))
    assert "budget: macs ≤ 1,500,000 MACs; 12 test images" in page
    assert "1.25 ms" in page


def test_a_doubtful_winner_is_called_so() -> None:
    page = render_page(content(summary_of(doubtful=("its latency <is> doubtful",))))
    assert (
        "<strong>not known to be within its budget: its latency &lt;is&gt; doubtful</strong>"
        in page
    )


def test_a_lower_precision_and_further_devices_have_rows_of_their_own() -> None:
    on_pi = {"predicted_ms": 3.0, "measured_ms": None, "precision": "fp32", "accuracy": 91.0}
    on_pixel = {"predicted_ms": 4.0, "measured_ms": 4.25, "precision": "int8", "accuracy": 90.0}
    summary = summary_of(
        {
            "measured_ms": 1.0,
            "fp32": {"measured_ms": 2.0, "accuracy": 91.0},
            "further": {"pi": on_pi, "pixel": on_pixel},
        },
        {
            "fp32": {"measured_ms": None, "accuracy": 92.0},
            "further": {"pixel": on_pixel | {"measured_ms": 5.0}},
        },
        precision="int8",
        test_images=100,
    )
    rows = {label: cells for label, *cells in summary_rows(summary)}
    assert rows["latency, measured, int8"] == ["1 ms", "–"]
    assert rows["latency, measured, fp32"] == ["2 ms", "–"]
    assert rows["accuracy on test images, int8"] == ["90.00 % (83–94)", "90.00 % (83–94)"]
    assert rows["accuracy on test images, fp32"] == ["91.00 % (84–95)", "92.00 % (85–96)"]
    assert rows["latency on pi, measured"] == ["predicted only", "–"]
    assert rows["accuracy for pi, fp32"] == ["91.00 % (84–95)", "–"]
    assert rows["latency on pixel, measured"] == ["4.25 ms", "5 ms"]
    assert "accuracy for pixel, int8" not in rows
    plain = [label for label, *_ in summary_rows(summary_of({"measured_ms": 1.0}))]
    assert "accuracy on test images" in plain
    assert not [label for label in plain if "fp32" in label]


def test_no_budget_is_called_none() -> None:
    assert budgets_text(summary_of(test_images=3)) == "budget: none; 3 test images"


def test_the_picture_of_equal_content_is_equal() -> None:
    assert front_svg(content()) == front_svg(content())


def test_a_table_of_a_busy_machine_is_warned_about() -> None:
    assert "warning: latencies" not in render_page(content())
    noisy = Validation(GOOD, NOISY, (1.0, 2.0), (1.1, 2.1), (1.0, 2.2), (1.2, 2.0))
    assert "(measuring twice: 7.2 %)" in render_page(content(validation=noisy))
    assert "never checked against whole networks" in render_page(content(validation=None))


def test_the_page_says_who_found_the_front_and_marks_its_knee() -> None:
    page = render_page(content())
    assert "<td>surrogate</td><td>30</td><td>92.00</td><td>2</td><td>87.5%</td>" in page
    assert "class='mark knee'" in page
    without = replace(content(drawn=two_networks(knee=None)), front_knee=None)
    assert "class='mark knee'" not in render_page(without)


def test_a_budget_far_beyond_every_network_does_not_squeeze_them() -> None:
    assert ">budget<" in front_svg(content())
    assert ">budget<" not in front_svg(replace(content(), budget_ms=1000.0))


def test_the_page_says_where_accuracies_were_read_and_how_right_predicted_ones_are() -> None:
    assert "Where the accuracies come from" not in render_page(content())
    errors = {"additive": CrossValidation(0.8, 0.75), "trees": CrossValidation(0.4, 0.875)}
    fitted = ScoreInfo(
        "predictor", "accuracy", "%", "accuracy", "<b>.csv", 300, 294, "trees", errors
    )
    page = render_page(content(score_info=fitted))
    assert "accuracies of 294 networks from &lt;b&gt;.csv; 300 rows" in page
    assert "<td>trees (used)</td><td>0.400</td><td>0.875</td>" in page
    assert "<td>additive</td><td>0.800</td><td>0.750</td>" in page


def test_the_summary_has_a_row_for_each_further_device() -> None:
    on_pi = {"predicted_ms": 7.5, "measured_ms": None, "precision": "fp32", "accuracy": 90.0}
    unknown = {"further": {"pi": on_pi | {"predicted_ms": None}}}
    rows = summary_rows(summary_of({"further": {"pi": on_pi}}, unknown))
    assert ["latency on pi, predicted", "7.5 ms", "–"] in rows
    assert not [
        row for row in summary_rows(summary_of({"predicted_ms": 1.0})) if "latency on" in row[0]
    ]


def test_every_accuracy_of_known_images_has_its_interval() -> None:
    summary = summary_of(
        {"accuracy": 37.0},
        {"accuracy": 100.0},
        test_images=54,
        verdict="alike",
        weights_chosen="both",
    )
    rows = {label: cells for label, *cells in summary_rows(summary)}
    assert rows["accuracy on test images"] == ["37.00 % (25–50)", "100.00 % (93–100)"]
    page = render_page(content(summary, score_info=replace(SUPERNET, judged_on=500)))
    assert "<p class='verdict'>alike</p><p>both</p>" in page
    assert "class='band'" in page
    drawn = front_svg(content(score_info=replace(SUPERNET, judged_on=500)))
    assert "95 % interval, 500 images" in drawn


def test_accuracies_of_unknown_images_have_none() -> None:
    assert "class='band'" not in render_page(content())
    assert "interval" not in front_svg(content())
    assert (replace(SUPERNET, judged_on=90).text(40), TABLE.text(40)) == (
        "40.00 % (30–50)",
        "40.00 %",
    )
    assert replace(MACS_ESTIMATOR.info(), judged_on=90).interval(4e6) is None


def test_characters_that_cannot_be_seen_are_escaped_in_page_and_picture() -> None:
    hostile = replace(
        content(drawn=two_networks(groups=["a\x1b[31m\u202eb"])),
        title="a\x1b[31m\u202eb",
        score_info=replace(TABLE, file="\x07.csv"),
    )
    page, picture = render_page(hostile), front_svg(hostile)
    named = json.loads(page.split("id='data'>")[1].split("</script>")[0])["groups"]
    for text in (page, picture, *named):
        assert not {"\x1b", "\u202e", "\x07"} & set(text)
        assert r"a\x1b[31m\u202eb" in text
    ElementTree.fromstring(picture)


def test_a_picture_takes_nothing_for_a_formula_and_keeps_letters_of_every_script() -> None:
    picture = front_svg(replace(content(), title="$\\frac{1}{ 你好"))
    assert "$\\frac{1}{ 你好" in picture


def test_networks_exported_on_request_have_a_table_and_a_mark() -> None:
    pick = Picked(
        id="b",
        asked=("fastest",),
        architecture=(0,),
        folder="b",
        score=92.0,
        over=("latency <is> 3 % over",),
        onnx_max_abs_diff=0.0,
        figures=Figures(**FIGURES),
    )
    assert "on request</h3>" not in render_page(content(summary_of()))
    exported = summary_of(picks=(pick,)).without_winner()
    page = render_page(replace(content(drawn=two_networks(picked=[1])), exported=exported))
    assert "Exported on request</h3>" in page
    assert "<td>b</td><td>fastest</td>" in page
    assert "b: latency &lt;is&gt; 3 % over." in page
    assert "class='mark picked'" in page


def test_the_winner_in_other_formats_has_a_row_each_with_the_reason_of_what_failed() -> None:
    row = StatusRow(format="litert", precision="fp32", reason="<no> converter")
    status = Status(
        hwnas="1",
        date="2026-11-29T18:00:00Z",
        device="cpu",
        threads=1,
        batch=1,
        validation_images=1,
        test_images=1,
        rows=(row,),
    )
    assert "Formats and precisions" not in render_page(content(summary_of()))
    page = render_page(replace(content(summary_of()), status=status))
    assert "<h3>Formats and precisions</h3>" in page
    assert "<td>litert fp32</td><td>not made</td>" in page
    assert "&lt;no&gt; converter." in page
