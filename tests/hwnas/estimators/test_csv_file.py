import dataclasses
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import AccuracyError
from hwnas.estimators.csv_file import read_accuracies
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.loading import load_estimator
from hwnas.estimators.scores import ScoreInfo
from hwnas.estimators.stated import Stated
from hwnas.estimators.table import TableEstimator
from hwnas.spaces import load_space
from tests.hwnas.search.problems import every_architecture, macro, macro_accuracy

HEAD = "architecture,accuracy\n"
FIRST = "0 0 0 0 0 0 0 0"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "known.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def macro_csv(folder: Path, rows: np.ndarray) -> Path:
    lines = (
        f"{' '.join(map(str, row))},{value}\n"
        for row, value in zip(rows.tolist(), macro_accuracy(rows).tolist(), strict=True)
    )
    return written(folder, HEAD + "".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}1 0 0 0 0 0 0 0,70.5\n{FIRST},45\n",
        f"\ufeffname;accuracy;architecture\na;45;{FIRST}\n\nb;70,5;1 0 0 0 0 0 0 0\n",
        f"sep=;\r\naccuracy;architecture\r\n45;{FIRST}\r\n70,5;1 0 0 0 0 0 0 0\r\n",
        f"sep=;\n# images: mine\naccuracy;architecture\n45;{FIRST}\n70,5;1 0 0 0 0 0 0 0\n",
        f"accuracy\tarchitecture\r\n45\t{FIRST}\r\n7.05e1\t1  0 0 0 0 0 0 0 \r\n",
    ],
)
def test_a_csv_is_read_as_people_save_it(tmp_path: Path, text: str) -> None:
    known = read_accuracies(written(tmp_path, text), macro())
    assert known.architectures.tolist() == [[0] * 8, [1, *[0] * 7]]
    assert known.accuracies.tolist() == [45.0, 70.5]


def test_rows_of_one_network_are_averaged_however_they_are_spelled(tmp_path: Path) -> None:
    # The last two slots of the last stage can be skipped: which one is does not matter.
    text = f"{HEAD}1 1 1 1 1 1 2 0,90\n1 1 1 1 1 1 0 2,92\n1 1 1 1 1 1 2 0,94\n{FIRST},50\n"
    known = read_accuracies(written(tmp_path, text), macro())
    assert known.rows == 4
    assert known.architectures.tolist() == [[0] * 8, [1, 1, 1, 1, 1, 1, 2, 0]]
    assert known.accuracies.tolist() == [50.0, 92.0]


def test_repeated_rows_are_trainings_and_other_spellings_are_not(tmp_path: Path) -> None:
    text = (
        f"{HEAD}1 1 1 1 1 1 2 0,90\n{FIRST},50\n1 1 1 1 1 1 0 2,90\n1 1 1 1 1 1 2 0,92\n"
        "1 1 1 1 1 1 0 2,92\n1 1 1 1 1 1 2 0,94\n"
    )
    known = read_accuracies(written(tmp_path, text), macro())
    assert known.trainings[1].tolist() == [90.0, 92.0, 94.0]
    assert known.trainings[0, 0] == 50.0
    assert np.isnan(known.trainings[0, 1:]).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "known.csv line 1: the column 'architecture' is missing (there are: –)"),
        ("arch,accuracy\n", "line 1: the column 'architecture' is missing (there are: arch, acc"),
        ("architecture,accuracy,accuracy\n", "line 1: the column 'accuracy' is twice"),
        (HEAD, "known.csv has no row of a network"),
        (f"{HEAD}{FIRST},92\n22212220,92\n", "line 3, column architecture: '22212220' names 1 ch"),
        (f"{HEAD}0 0 0 0 0 0 0 3,92\n", "'3' is not a choice of slot 8 of nas_bench_macro; its ch"),
        (f"{HEAD}0 0 0 0 0 0 0 -1,92\n", "'-1' is not a choice of slot 8"),
        (f"{HEAD}0 0 0 0 0 0 0 x,92\n", "'x' is not a choice of slot 8"),
        (f"{HEAD}{FIRST},92 %\n", "line 2, column accuracy: '92 %' is not a percentage"),
        (f"{HEAD}{FIRST},101\n", "'101' is not a percentage; write it from 0 to 100"),
        (f"{HEAD}{FIRST},nan\n", "'nan' is not a percentage"),
        (f"{HEAD}{FIRST},\n", "'' is not a percentage"),
        (f"{HEAD}{FIRST}\n", "'' is not a percentage"),
        (f"{HEAD}{FIRST},92,5\n", "line 2 has 3 values for 2 columns; write numbers with a deci"),
        (f'{HEAD}"{FIRST},92\n', "line 2 is not CSV"),
        (f"{HEAD}{FIRST},0.925\n", "accuracies are in percent; write 92.5 for 0.925"),
        (b"\xff\xfe", "known.csv is not UTF-8"),
    ],
)
def test_a_wrong_csv_is_one_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(AccuracyError) as caught:
        read_accuracies(written(tmp_path, text), macro())
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccuracyError, match=r"nothing\.csv is not there; name a CSV"):
        read_accuracies(tmp_path / "nothing.csv", macro())


def test_a_whole_table_gives_the_published_accuracies(tmp_path: Path) -> None:
    every = every_architecture(macro())
    made = load_estimator("table", macro(), file=macro_csv(tmp_path, every))
    drawn = every[:: len(every) // 50]
    scores = made.evaluate_architectures(drawn)
    assert scores == pytest.approx(macro_accuracy(drawn))
    assert scores.tolist() == made.evaluate(macro().networks(drawn)).tolist()
    assert (made.info.networks, made.info.chosen) == (3969, None)


def test_a_table_with_a_hole_is_refused_with_the_mend(tmp_path: Path) -> None:
    path = macro_csv(tmp_path, every_architecture(macro())[1:])
    with pytest.raises(AccuracyError, match=r"has 3,968 of the 3,969 networks .* 'predictor'"):
        load_estimator("table", macro(), file=path)
    large = load_space("mobilenet_v2")
    one = " ".join("0" * len(large.choice_counts))
    with pytest.raises(AccuracyError, match=r"has 1 of the [0-9.]+e\+[0-9]+ networks"):
        load_estimator("table", large, file=written(tmp_path, f"{HEAD}{one},70\n"))


def test_a_predictor_learns_from_a_part_and_says_how_right_it_is(tmp_path: Path) -> None:
    every = every_architecture(macro())
    made = load_estimator("predictor", macro(), file=macro_csv(tmp_path, every[::40]))
    scores = made.evaluate_architectures(every[7::400])
    assert np.abs(scores - macro_accuracy(every[7::400])).mean() < 2
    assert made.info.networks == len(every[::40])
    assert made.info.chosen in made.info.errors
    assert ScoreInfo.from_json(made.info.to_json()) == made.info
    few = macro_csv(tmp_path, every[:9])
    with pytest.raises(AccuracyError, match=r"known\.csv: .* not 9; add more"):
        load_estimator("predictor", macro(), file=few)


def test_scores_belong_to_the_content_of_the_file_and_to_the_space(tmp_path: Path) -> None:
    some = every_architecture(macro())[:10]
    known = read_accuracies(macro_csv(tmp_path, some), macro())
    reordered = read_accuracies(macro_csv(tmp_path, some[::-1]), macro())
    assert known.identity == reordered.identity
    fewer = read_accuracies(macro_csv(tmp_path, some[1:]), macro())
    other = dataclasses.replace(macro(), suffix=macro().prefix)
    assert fewer.identity["accuracy file"] != known.identity["accuracy file"]
    of_space, of_other = (TableEstimator().identity(EstimatorInputs(s)) for s in (macro(), other))
    assert of_space["space"] != of_other["space"]


ONE = f"{HEAD}{FIRST},45\n1 0 0 0 0 0 0 0,70.5\n"


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (ONE, Stated()),
        (f"# resolution: 224\n# images: ImageNet\n{ONE}", Stated(224, "ImageNet")),
        (f"\ufeff# by someone, in 2020\n\n#Resolution = 224 px;;\n{ONE}", Stated(224)),
        (f"# resolution: 224x224\n{ONE}".replace(",", ";"), Stated(224)),
        (f"resolution,{HEAD}32,{FIRST},45\n32,1 0 0 0 0 0 0 0,70.5\n", Stated(32)),
        (f"images,{HEAD}a,{FIRST},45\na,1 0 0 0 0 0 0 0,70.5\n", Stated(None, "a")),
        # Of several resolutions, those of the space count.
        (
            f"resolution,{HEAD}32,{FIRST},45\n64,{FIRST},99\n32,1 0 0 0 0 0 0 0,70.5\n",
            Stated(32),
        ),
    ],
)
def test_a_csv_may_state_its_resolution_and_images(
    tmp_path: Path, text: str, stated: Stated
) -> None:
    known = read_accuracies(written(tmp_path, text), macro())
    assert known.accuracies.tolist() == [45.0, 70.5]
    assert known.stated == stated


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"# resolution: big\n{ONE}",
            "known.csv line 1: 'big' is not a resolution; write the h",
        ),
        (f"# resolution: 224x192\n{ONE}", "line 1: '224x192' is not a resolution"),
        (f"# x\n# resolution: 0\n{ONE}", "line 2: '0' is not a resolution"),
        (f"# resolution: 32\n# resolution: 64\n{ONE}", "line 2 states resolution twice"),
        (f"resolution,{HEAD}?,{FIRST},45\n", "line 2: '?' is not a resolution"),
        (f"# resolution: 32\n{HEAD}{FIRST},x\n", "line 3, column accuracy: 'x' is not a percent"),
        (
            f"resolution,{HEAD}64,{FIRST},45\n96,{FIRST},46\n",
            "has accuracies at 64 and 96 pixels and none at 32; keep the rows of one resolution",
        ),
        (f"images,{HEAD}a,{FIRST},45\nb,{FIRST},46\n", "has accuracies of a and b; keep the rows"),
        (f"images,{HEAD}a,{FIRST},45\n,{FIRST},46\n", "has accuracies of a and images that it do"),
    ],
)
def test_what_is_stated_wrongly_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AccuracyError) as caught:
        read_accuracies(written(tmp_path, text), macro())
    assert sentence in str(caught.value)


def test_comments_do_not_make_another_file_of_the_same_accuracies(tmp_path: Path) -> None:
    plain = read_accuracies(written(tmp_path, ONE), macro()).identity
    stated = read_accuracies(written(tmp_path, f"# resolution: 32\n{ONE}"), macro())
    assert stated.identity == plain


def test_accuracies_of_another_resolution_are_warned_about() -> None:
    assert Stated(160, None).sentences("known.csv", (160,)) == []
    [unknown] = Stated().sentences("known.csv", (160,))
    assert "does not state at which resolution" in unknown
    assert "a line '# resolution: 160' above its header" in unknown
    [other] = Stated(224).sentences("known.csv", (160,))
    assert other.startswith("warning: known.csv holds accuracies at 224 pixels, and they are used")
    assert "of the images ImageNet" in Stated(160, "ImageNet").sentences("known.csv", (160,))[0]
