"""Files of rows: CSV and LIBSVM are read as they are written, and refused line by line."""

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file

from empirics import named, problems
from empirics.problems.datasets import table
from empirics.problems.files import is_file, read
from empirics.problems.targets import measured

NUMBERS = "a,b\n1,2\n3,5\n4,4\n"
CSV = "size,weight,kind\n1,2,large\n3,4.5,small\n\n-1e3,0,large\n"


@pytest.fixture
def write(tmp_path):
    def file(text, name="rows.csv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return file


def test_a_csv_file(write):
    X, y, facts = read(write(CSV), "kind")
    assert X.tolist() == [[1, 2], [3, 4.5], [-1000, 0]]
    assert y.tolist() == ["large", "small", "large"]
    assert facts["label"] == "kind"
    assert read(write(CSV), 2).y.tolist() == y.tolist() == read(write(CSV)).y.tolist()
    middle = read(write("1;2;3\n4;5;6\n"), 1)
    assert (middle.X.tolist(), middle.y.tolist()) == ([[1, 3], [4, 6]], [2, 5])
    tabs = read(write("a\tb\n1\t2\n3\t4\n", "rows.tsv"), "a")
    assert (tabs.X.tolist(), tabs.y.tolist()) == ([[2], [4]], [1, 3])


def test_a_libsvm_file(tmp_path):
    X, y = np.array([[0.0, 1.5, 0.0], [2.0, 0.0, -3.0]]), np.array([1, -1])
    path = str(tmp_path / "rows.svm")
    dump_svmlight_file(X, y, path, zero_based=False, comment="made here")
    found = read(path)
    np.testing.assert_array_equal(found.X, X)
    np.testing.assert_array_equal(found.y, y)
    assert found.facts["file"]["shape"] == [2, 3]


@pytest.mark.parametrize(
    ("text", "label", "sentence"),
    [
        ("a,b\n1,2\n1,x\n", "a", r"finite numbers outside the column of labels, got 'x' in line 3"),
        ("1,2\n\n1,2,3\n", 0, r"2 values, as in the first line, got 3 in line 3 of"),
        ("1,2\nnan,3\n", 1, r"finite numbers outside .*, got 'nan' in line 2 of"),
        ("1,2\n,3\n", 1, r"finite numbers .*, got '' in line 2 of"),
        ("a,b\n1,2\n", "c", r"label = the name of a column .*, got 'c'; it has columns a, b"),
        ("1,2\n", "c", r"label = .*, got 'c'; it has no header"),
        ("1,2\n", 2, r"label in -2, ..., 1 for the columns of .*, got 2"),
        ("1,2\n", 1.0, r"label = a column, by place or name, got 1.0"),
        ("1,2\n", True, r"label = a column, by place or name, got True"),
        ("a,b\n", 0, r"rows of 2 or more columns"),
        ("1\n2\n", 0, r"rows of 2 or more columns"),
        ("\n\n", 0, r"a file with rows, got .*, which is empty"),
        ("1 1:2 2:3\n-1 1:x\n", 0, r"a number and pairs index:value, got '1:x' in line 2 of"),
        ("1 1:2\nyes 1:2\n", 0, r"a number and pairs index:value, got 'yes' in line 2 of"),
        ("1 1:2\n1 2:1 1:2\n", 0, r"a file in LIBSVM's format, got .*sorted"),
        ("1 1:2\n\n1 1:inf\n", 0, r"finite numbers, got '1 1:inf' in line 3 of"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(write, text, label, sentence):
    with pytest.raises(ValueError, match=rf"^it needs {sentence}") as caught:
        read(write(text), label, who="it")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match=r"it needs an existing file of data, got .*none.csv"):
        read(str(tmp_path / "none.csv"), who="it")
    (tmp_path / "raw.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"it needs a readable file of text"):
        read(str(tmp_path / "raw.csv"), who="it")
    with pytest.raises(ValueError, match=r"it needs a readable file of text"):
        read(str(tmp_path) + "/", who="it")
    assert not is_file("breast-cancer")


def test_classes_and_numbers_from_files_are_those_of_arrays(write, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), rng.integers(0, 3, 30)
    rows = "\n".join(",".join(map(repr, map(float, [*a, b]))) for a, b in zip(X, y, strict=True))
    path = write(rows)
    np.testing.assert_array_equal(table(path, None, True).X, table((X, y), None, True).X)
    np.testing.assert_array_equal(measured(path, True).y, measured((X, y), True).y)
    many = problems.logistic(path, l2=0.1)
    assert (many.dim, many.name) == (12, "logistic")
    two = problems.logistic(path, classes=(0, 2), l2=0.1)
    same = problems.logistic((X, y), classes=(0, 2), l2=0.1)
    assert two.infimum == same.infimum
    assert two.settings["file"]["shape"] == [30, 4 - 1]
    other = write(rows + "\n0,0,0,1", "other.csv")
    assert problems.logistic(other, l2=0.1).settings["file"] != many.settings["file"]
    svm = str(tmp_path / "rows.libsvm")
    dump_svmlight_file(X, y, svm)
    assert problems.logistic(svm, l2=0.1).infimum == pytest.approx(many.infimum, abs=1e-12)


def test_words_are_classes_and_no_targets(write):
    path = write(CSV)
    assert table(path, None, False, label="kind").classes == ("large", "small")
    assert named.problem(f"logistic:data={path},label=kind,batch=1").dim == 3
    assert named.problem(f"least-squares:data={write(NUMBERS)},label=b,l2=1,batch=1").dim == 2
    with pytest.raises(ValueError, match=r"regression needs finite numbers to predict in .*words"):
        problems.regression(write(CSV), label="kind")
