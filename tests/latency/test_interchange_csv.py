"""Timings from elsewhere as CSV: what is read, and what is said of other files."""

import pytest

from hwnas.core.errors import TableError
from hwnas.latency.interchange_csv import timings_from_csv
from hwnas.networks.blocks import InvertedResidual
from tests.latency.test_interchange import CONV, TIMINGS, blocks_from_csv

CSV = """kind,in_channels,out_channels,expanded_channels,squeeze_channels,feature_channels,\
hidden_channels,classes,kernel,stride,activation,resolution,ms
conv,3,8,,,,,,3,2,relu,16,0.5
inverted_residual,8,8,16,4,,,,5,1,hard_swish,8,1.25
head,8,,,,32,0,10,,,relu6,8,0.125
"""

BIASED = """kind,in_channels,feature_channels,hidden_channels,classes,activation,resolution,\
hidden_bias,ms
head,8,32,16,10,relu6,8,False,0.125
"""


def test_the_documented_form_is_read() -> None:
    assert blocks_from_csv(CSV, "a.csv") == (TIMINGS, 0.0)
    with_overhead = CSV + "\n ,,,\noverhead,,,,,,,,,,,,0.75\n"
    assert blocks_from_csv(with_overhead, "a.csv") == (TIMINGS, 0.75)


@pytest.mark.parametrize(
    "changed",
    [
        "\ufeff" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", ",,\n"),
        CSV.replace(",", ", "),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";"),
        CSV.replace(",", ";").replace(".", ","),  # a spreadsheet's where decimals have commas
        CSV.replace("0.5\n", "5e-1\n").replace("0.125", '".125"'),
        CSV.replace("ms\n", "ms,median\n").replace("0.5\n", "0.5,9\n"),
        "sep=;\n" + CSV.replace(",", ";").replace(".", ","),  # Excel's
        '"sep=,",,\r\n' + CSV,
        CSV.replace("0.5\n", "500 us\n")
        .replace("1.25", "1250 \u00b5s")
        .replace(".125", "125 \u03bcs"),
        CSV.replace(",ms\n", ",\u03bcs\n")
        .replace("0.5\n", "500\n")
        .replace("1.25", "0.00125 s")
        .replace("0.125", "125"),
        CSV.replace("0.5\n", "0.45\nconv,3,8,,,,,,3,2,relu,16,0.55\n"),
    ],
)
def test_what_spreadsheets_make_of_a_csv_is_read_too(changed: str) -> None:
    assert blocks_from_csv(changed, "a.csv") == (TIMINGS, 0.0)


RATIOS = """kind,in_channels,expanded_channels,out_channels,kernel,stride,squeeze_channels,se,\
activation,resolution,ms
inverted_residual,16,EXPANDED,24,3,2,,RATIO,relu,14,1
"""


@pytest.mark.parametrize(
    ("expanded", "ratio", "squeezed"),
    [
        (96, "0.25", 24),
        (72, ".25", 24),
        (40, "0.25", 16),
        (16, "0.25", 8),
        (96, "0", 0),
        (64, "1", 64),
    ],
)
def test_squeeze_channels_may_be_a_ratio_and_are_rounded_as_published(
    expanded: int, ratio: str, squeezed: int
) -> None:
    text = RATIOS.replace("EXPANDED", str(expanded)).replace("RATIO", ratio)
    (block,) = blocks_from_csv(text, "a.csv")[0]
    assert isinstance(block, InvertedResidual)
    assert block.squeeze_channels == squeezed
    decimal_commas = text.replace(",", ";").replace("0.25", "0,25")
    assert blocks_from_csv(decimal_commas, "a.csv")[0].keys() == {block}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (",RATIO", ",25", "line 2, column se: '25' is not a share from 0 to 1 of expanded_chan"),
        (",RATIO", ",-0.25", "'-0.25' is not a share"),
        (
            ",RATIO",
            ",",
            "column squeeze_channels: it is missing, but a row of kind 'inverted_residual' "
            "needs it, or se",
        ),
        (
            ",,RATIO",
            ",16,0.25",
            "0.25 of 96 expanded channels are 24, but squeeze_channels is '16'",
        ),
        (
            ",,RATIO",
            ",0.25,",
            "'0.25' is not an integer, like 16; a share like 0.25 goes into the col",
        ),
    ],
)
def test_a_wrong_ratio_is_one_sentence(old: str, new: str, sentence: str) -> None:
    with pytest.raises(TableError) as caught:
        blocks_from_csv(RATIOS.replace("EXPANDED", "96").replace(old, new), "a.csv")
    assert sentence in str(caught.value)


def test_repeated_rows_are_averaged_and_their_differences_are_told() -> None:
    found = timings_from_csv(CSV + "conv,3,8,,,,,,3,2,relu,16,0.6\n" + CSV.splitlines()[2], "a.csv")
    assert found.block_ms == {**TIMINGS, CONV: pytest.approx(0.55)}
    assert found.notes == [
        "2 blocks or networks have several rows, which are averaged; they differ by 9.1% in the "
        "median, and by 18.2% at most (lines 2 and 5)"
    ]


def test_repeated_rows_may_differ_by_as_much_as_is_allowed() -> None:
    text = CSV + "conv,3,8,,,,,,3,2,relu,16,0.7\n"
    assert timings_from_csv(text, "a.csv", most_difference=0.5).block_ms[CONV] == pytest.approx(0.6)


LINE_2 = "conv,3,8,,,,,,3,2,relu,16,0.5"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (CSV, "", "a.csv line 1: the column 'kind' is missing"),
        (CSV, CSV.splitlines()[0], "a.csv has no timed row of a block or a network; give"),
        ("ms\n", "time\n", "line 1: unknown column 'time' (known: kind, in_channels"),
        ("kernel,", "kernal,", "unknown column 'kernal'; did you mean 'kernel'?"),
        ("resolution,ms", "resolution,kernel", "the column 'kernel' is there twice"),
        ("resolution,ms", "resolution,median", "line 1: the column 'ms' is missing"),
        (LINE_2, LINE_2.replace("conv", "cnv"), "line 2, column kind: unknown kind 'cnv'; did you"),
        (LINE_2, LINE_2.replace("conv", ""), "line 2, column kind: unknown kind ''"),
        (LINE_2, LINE_2.replace("conv", "skip"), "column kind: a skip takes no time; remove"),
        ("conv,3,8,", "conv,3,,", "line 2, column out_channels: it is missing, but a row of kind"),
        ("conv,3,8,", "conv,3.0,8,", "line 2, column in_channels: '3.0' is not an integer"),
        ("conv,3,8,", "conv,-3,8,", "column in_channels: '-3' is not an integer"),
        (
            "conv,3,8,",
            "conv,0,8,",
            "column in_channels: in_channels must be an integer of at least",
        ),
        ("conv,3,8,", "conv,٣,8,", "column in_channels: '٣' is not an integer"),
        ("conv,3,8,", "conv,3,8,9", "line 2, column expanded_channels: '9' is given, but a row of"),
        ("3,2,relu", "4,2,relu", "line 2, column kernel: kernel must be odd, not 4"),
        ("2,relu,", "2,gelu,", "line 2, column activation: activation must be one of"),
        (",16,0.5", ",,0.5", "line 2, column resolution: it is missing"),
        (CSV, BIASED.replace("False", "no"), "column hidden_bias: 'no' is neither true nor false"),
        (CSV, BIASED.replace(",16,10", ",0,10"), "hidden_bias must be true without a hidden layer"),
        (",16,0.5", ",16,", "line 2, column ms: it is empty; write a number above 0, like 0.25"),
        (",16,0.5", ",16", "line 2, column ms: it is empty"),
        (",16,0.5", ",16,-1", "column ms: '-1' is not a time; write a number above 0"),
        (",16,0.5", ",16,nan", "column ms: 'nan' is not a time; write a number above 0"),
        (",16,0.5", ",16,inf", "column ms: 'inf' is not a time; write a number above 0"),
        (",16,0.5", ",16,1e999", "column ms: '1e999' is longer than any inference takes"),
        (",16,0.5", ",16,e5", "column ms: 'e5' is not a time; write a number above 0"),
        (",16,0.5", ",16,0.5 min", "column ms: '0.5 min' has the unit 'min'; write ms"),
        (",16,0.5", ",16,0", "column ms: '0' is too short to be a latency; write the least"),
        (",16,0.5", ",16,0.00 us", "column ms: '0.00 us' is too short to be a latency"),
        (",16,0.5", ",16,1e-300", "column ms: '1e-300' is too short to be a latency"),
        ("resolution,ms", "resolution,us,ms", "line 1: us and ms are both columns of times"),
        (",16,0.5", ",16,0,5", "line 2 has 14 values for 13 columns; write numbers with a decimal"),
        (",16,0.5", ',16,"0,5"', "column ms: '0,5' is not a time; write a number above 0"),
        (",16,0.5", ',16,"0.5', "a.csv line 4 is not CSV: unexpected end of data"),
        (
            LINE_2,
            f"{LINE_2}\n{LINE_2[:-3]}0.7",
            "the timings of one block in lines 2 and 3 differ by 33%, from 0.5 to 0.7 ms; correct",
        ),
        (LINE_2, "network,,,,,,,,,,,,1", "line 2 is of a whole network; name the config that you"),
        (LINE_2, "overhead,3,,,,,,,,,,,1", "line 2, column in_channels: '3' is given, but a row"),
    ],
)
def test_a_wrong_csv_is_one_sentence(old: str, new: str, sentence: str) -> None:
    assert CSV.count(old) == 1
    with pytest.raises(TableError) as caught:
        blocks_from_csv(CSV.replace(old, new), "a.csv")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
