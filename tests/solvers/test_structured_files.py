"""Files of problems that are not linear: HiGHS reads them, and finds the same optimum."""

import highspy
import pytest

from lumix_core.errors import LXFileError
from lumix_core.problem.files import read_problem, write_problem
from lumix_core.testing.solvers.constructs import CONSTRUCTS

BY_NAME = {construct.name: construct for construct in CONSTRUCTS}


def optimum_of_file(path):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    return highs.getInfo().objective_function_value


@pytest.mark.parametrize("ending", [".lp", ".mps", ".mps.gz"])
@pytest.mark.parametrize("name", ["semi-continuous variables", "semi-integer variables", "convex quadratic objective"])
def test_highs_reads_what_it_has(name, ending, tmp_path):
    construct = BY_NAME[name]
    path = tmp_path / f"plan{ending}"

    write_problem(construct.problem, path)

    sign = -1.0 if construct.problem.maximize and ending != ".lp" else 1.0  # a file of MPS is a minimisation
    assert sign * optimum_of_file(path) == pytest.approx(construct.optimum, abs=1e-6)


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.name)
def test_json_holds_every_construct(construct, tmp_path):
    write_problem(construct.problem, tmp_path / "plan.json")

    assert read_problem(tmp_path / "plan.json").has_numbers_of(construct.problem)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("SOS2", ["SOS", " s1: S2:: x0:0.0 x1:1.0 x2:2.0"]),
        ("indicators", [" row0: x1 = 0 -> + 1.0 x0 >= 3.0"]),
        ("convex quadratic constraint", [" row0: + 0.0 x0 + [ + 1.0 x0 ^2 + 1.0 x1 ^2 ] <= 2.0"]),
        ("product of two continuous", [" obj: + 0.0 x0 + 0.0 x1 + [ + 2.0 x0 * x1 ] / 2"]),
    ],
)
def test_lp_has_the_sections_of_the_format(name, lines, tmp_path):
    write_problem(BY_NAME[name].problem, tmp_path / "plan.lp")

    text = (tmp_path / "plan.lp").read_text().splitlines()

    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("indicators", ["INDICATORS", " IF row0 x1 0"]),
        ("convex quadratic constraint", ["QCMATRIX row0", " x0 x0 1.0", " x1 x1 1.0"]),
        ("product of two continuous", ["QUADOBJ", " x0 x1 -1.0"]),
    ],
)
def test_mps_has_the_sections_of_the_format(name, lines, tmp_path):
    write_problem(BY_NAME[name].problem, tmp_path / "plan.mps")

    text = (tmp_path / "plan.mps").read_text().splitlines()

    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    ("name", "ending", "message"),
    [
        ("SOS1", ".mps", "special ordered sets, which programs write differently.*Write .lp or .json"),
        ("curve, maximised", ".lp", "absolute values, minima, maxima or curves.*Write .json"),
        ("maximum, minimised", ".mps", "absolute values, minima, maxima or curves.*Write .json"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name, ending, message, tmp_path):
    with pytest.raises(LXFileError, match=message):
        write_problem(BY_NAME[name].problem, tmp_path / f"plan{ending}")

    assert list(tmp_path.iterdir()) == []


def test_a_file_with_what_is_not_linear_is_not_read_as_if_it_were(tmp_path):
    for name in ("semi-continuous variables", "SOS1", "indicators", "product of two continuous"):
        write_problem(BY_NAME[name].problem, tmp_path / "plan.lp")

        with pytest.raises(LXFileError):
            read_problem(tmp_path / "plan.lp")
