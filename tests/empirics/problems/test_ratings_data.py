"""Files of ratings: three formats, what they are told by, and the line that is not one."""

import numpy as np
import pytest

from empirics import named, problems
from empirics.problems.ratings_data import generated, read

LINES = [(10, 7, 4.5), (2, 7, 3.0), (10, 3, 1.0), (5, 100, 2.0)]
FORMATS = {
    "u.data": "\n".join(f"{u}\t{i}\t{r:g}\t88125" for u, i, r in LINES),
    "ratings.dat": "\n".join(f"{u}::{i}::{r:g}::97830" for u, i, r in LINES) + "\n",
    "ratings.csv": "userId,movieId,rating,timestamp\r\n"
    + "\r\n".join(f"{u},{i},{r:g},126" for u, i, r in LINES),
}
MORE = {
    "another order": "rating,MovieID,tag,user_id\n"
    + "\n".join(f"{r:g},{i},?,{u}" for u, i, r in LINES),
    "no header": "\n".join(f"{u},{i},{r:g}" for u, i, r in LINES),
    "quoted": '"userId","movieId","rating"\n'
    + "\n".join(f'"{u}","{i}","{r:g}"' for u, i, r in LINES),
    "empty lines": "\n" + FORMATS["u.data"].replace("\n", "\n\n") + "\n\n",
}


def written(folder, text, name="file"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


@pytest.mark.parametrize("kind", [*FORMATS, *MORE])
def test_all_formats_say_the_same(kind, tmp_path):
    data = read(written(tmp_path, {**FORMATS, **MORE}[kind]), who="ratings")
    assert data.shape == (3, 3)  # users 2, 5, 10 and items 3, 7, 100
    np.testing.assert_array_equal(data.users, [0, 1, 2, 2])
    np.testing.assert_array_equal(data.items, [1, 2, 0, 1])
    np.testing.assert_array_equal(data.values, [3.0, 2.0, 1.0, 4.5])
    expected = {"empty lines": "u.data"}.get(kind, "ratings.csv" if kind in MORE else kind)
    assert data.facts["format"] == expected


def test_a_file_is_a_problem_and_says_so(tmp_path):
    path = written(tmp_path, FORMATS["ratings.dat"])
    problem = problems.ratings(path, rank=1, batch=2)
    assert problem.settings["data"] == path
    assert problem.settings["format"] == "ratings.dat"
    triples = tuple(zip(*LINES, strict=True))
    same = problems.ratings(triples, rank=1, batch=2)
    x = np.arange(6.0)
    assert problem.value(x) == same.value(x)
    written(tmp_path, FORMATS["ratings.dat"].replace("4.5", "5"))
    assert problems.ratings(path).settings["sha256"] != problem.settings["sha256"]


def test_a_file_is_named_on_the_command_line(tmp_path):
    path = written(tmp_path, FORMATS["u.data"])
    problem = named.problem(f"ratings:{path},rank=3,centre=true")
    assert problem.dim == 18
    assert named.problem("ratings:users=5,items=4").dim == 18


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", r"ratings needs a file with ratings, got \S+, which is empty"),
        ("\n \n", r"ratings needs a file with ratings, got \S+, which is empty"),
        ("userId,movieId,rating\n", r"needs a file with ratings, got \S+, which has none"),
        ("1 2 3\n", r"needs user, item and rating between tabs, :: or commas, got '1 2 3' in line"),
        ("\nhello\n", r"got 'hello' in line 2 of"),
        ("userId,movieId,stars\n1,2,3", r"needs a header with userId, movieId and rating, got"),
        ("1\t2\t3\n1\t2\n", r"needs whole numbers of user and item and a .* got '1\\t2' in line 2"),
        ("1::2::3\n\n1::x::3\n", r"got '1::x::3' in line 3 of"),
        ("1::2::3\n1.5::2::3\n", r"got '1\.5::2::3' in line 2 of"),
        ("userId,movieId,rating\n1,2,nan\n", r"got '1,2,nan' in line 2 of"),
        ("1,2,3\n1,2,inf\n", r"got '1,2,inf' in line 2 of"),
        ("1,2,3\n1,2,1_0\n", r"got '1,2,1_0' in line 2 of"),
        ("1\t2\t3\n" + "9" * 99 + "\tx\n", r"got '9{57}\.\.\.' in line 2 of"),
        (b"\xff\xfe1\t2", r"ratings needs a readable file of text, got .*codec can't decode"),
    ],
    ids=range(14),
)
def test_a_line_that_is_no_rating_is_named(text, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        problems.ratings(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"ratings needs an existing file of ratings, got no\.csv"):
        problems.ratings("no.csv")
    with pytest.raises(ValueError, match=r"ratings needs a readable file of text, got .*directory"):
        problems.ratings(str(tmp_path))


@pytest.mark.parametrize("k", [1, 3])
def test_a_generated_set_has_its_rank_density_and_errors(k):
    full = generated(30, 20, k, 1.0, 0.0, 0, who="ratings")
    matrix = full.values.reshape(full.shape)
    assert np.linalg.matrix_rank(matrix) == k
    assert matrix.std() == pytest.approx(1, abs=0.4)
    part = generated(30, 20, k, 0.25, 0.0, 0, who="ratings")
    assert len(part.values) == 150
    np.testing.assert_array_equal(part.values, matrix[part.users, part.items])
    noisy = generated(30, 20, k, 0.25, 0.5, 0, who="ratings")
    assert (noisy.values - part.values).std() == pytest.approx(0.5, abs=0.1)
    assert noisy.truth is None
