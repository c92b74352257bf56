"""Runs survive the disk with every bit, and the dataset says what its numbers are."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import xarray

from empirics import Runs, problems, schedules, simulate
from empirics.labelled import FORMAT
from empirics.moments import OF_ITERATES, Moments, Statistics
from empirics.schedules import Deliveries, Reads

# what is not an argument of `simulate`, or none as it is saved
LEFT_OUT = ("step", "versions", "gradients", "optimiser", "correction")


def make(*, schedule=None, **options):
    schedule = schedule or schedules.Uniform(2)
    problem = problems.quadratic(dim=3, mu=0.1, sigma=0.5)
    return simulate(problem, schedule, step=0.1, steps=12, replicas=5, **options)


def diverged():
    problem = problems.quadratic(dim=2, mu=0.1)
    return simulate(problem, schedules.Constant(1), step=9.0, steps=120, replicas=3, window=2)


def assert_same(one, other):
    """Field by field, bit by bit."""
    assert type(one) is type(other)
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Moments | Statistics | Reads | Deliveries):
            assert_same(a, b)
        elif field.name == "each":
            assert list(a) == list(b)
            for name, values in a.items():
                np.testing.assert_array_equal(values, b[name])
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b


@pytest.mark.parametrize(
    "runs",
    [
        make(),
        make(window=3, noise=True, record=[0, 3, 12], reuse=True),
        make(measures=tuple(OF_ITERATES)),
        make(schedule=schedules.Constant(2)),
        make(each=True, measures=["direction"]),
        replace(make(), complete=False),
        diverged(),
        make(schedule=schedules.Caches(2, schedules.Uniform(2)), measures=["disagreement"]),
    ],
    ids=[
        "plain",
        "window",
        "measures",
        "shared delays",
        "each",
        "interrupted",
        "diverged",
        "caches",
    ],
)
def test_a_round_trip_changes_nothing(runs, tmp_path):
    path = tmp_path / "runs.nc"
    runs.save(path)
    assert_same(Runs.load(path), runs)


def test_a_round_trip_of_other_runs_is_noticed(tmp_path):
    make().save(tmp_path / "runs.nc")
    with pytest.raises(AssertionError):
        assert_same(Runs.load(tmp_path / "runs.nc"), make(seed=1))


def test_saving_again_replaces_the_file(tmp_path):
    make().save(tmp_path / "runs.nc")
    loaded = Runs.load(tmp_path / "runs.nc")
    make(seed=1).save(tmp_path / "runs.nc")
    assert_same(loaded, make())
    assert_same(Runs.load(tmp_path / "runs.nc"), make(seed=1))


def test_the_dataset_is_labelled(tmp_path):
    dataset = make(window=2).to_dataset()
    assert dict(dataset.sizes) == {"time": 13, "lag": 2, "step": 12, "tau": 3, "replica": 5}
    for name in dataset.variables:
        assert dataset[name].attrs["long_name"]
        assert dataset[name].attrs["units"]
    assert dataset["squared_norm_mean"].sel(time=12).item() > 0
    assert "lag" not in make().to_dataset().sizes


def test_any_netcdf_tool_reads_the_file(tmp_path):
    make().save(tmp_path / "runs.nc")
    with xarray.open_dataset(tmp_path / "runs.nc", engine="scipy") as dataset:
        assert json.loads(dataset.attrs["settings"])["seed"] == 0


def test_settings_say_how_to_do_it_again():
    runs = make(window=2, seed=3, record=[12, 0], reuse=True)
    settings = json.loads(json.dumps(runs.settings))
    assert settings["problem"]["kind"] == "quadratic"
    assert settings["schedule"] == {"kind": "Uniform", "tau_max": 2}
    assert settings["step"] == {"label": "eta", "eta": 0.1}
    assert settings["record"] == [12, 0]
    assert set(settings["versions"]) == {"python", "numpy", "staleness"}
    problem, schedule = settings.pop("problem"), settings.pop("schedule")
    again = simulate(
        getattr(problems, problem.pop("kind"))(**problem),
        getattr(schedules, schedule.pop("kind"))(**schedule),
        step=runs.step_sizes,
        **{key: value for key, value in settings.items() if key not in LEFT_OUT},
    )
    np.testing.assert_array_equal(again.statistics.inner.M2, runs.statistics.inner.M2)


def test_settings_of_numpy_numbers_are_plain():
    problem = problems.quadratic(dim=np.int64(2), mu=np.float32(0.5), sigma=np.float32(0.25))
    data = problems.logistic(classes=np.array([1, 7]), l2=np.float32(0.5), batch=np.int32(2))
    for one in (problem, data):
        runs = simulate(
            one, schedules.Constant(np.int32(1)), step=np.float32(0.1), steps=np.int16(2), record=1
        )
        json.dumps(runs.settings)


def test_constants_travel_with_the_runs():
    runs = make()
    assert runs.constants["L"].value == 1.0
    delta = runs.constants["Delta"]
    assert (delta.value, delta.provenance) == (problems.quadratic(dim=3, mu=0.1).gap, "exact")
    distance = runs.constants["R"]
    assert (distance.value, distance.provenance) == (pytest.approx(1.0), "exact")  # a unit vector
    assert runs.looseness == {"gap": 0.0, "squared distance": 0.0}
    assert (runs.tau_max, runs.exogenous, runs.replicas) == (2, True, 5)
    assert runs.reads.counts.sum() == 5 * 12
    assert runs.reads.mean == pytest.approx(
        runs.reads.counts @ np.arange(3) / runs.reads.counts.sum()
    )


def test_a_missing_file_gets_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"runs need an existing file, got .*none\.nc"):
        Runs.load(tmp_path / "none.nc")


def test_a_file_of_something_else_gets_one_sentence(tmp_path):
    sentence = r"runs need a netCDF file written by Runs\.save, got .*, which fails with"
    (tmp_path / "text.nc").write_text("no runs here")
    (tmp_path / "empty.nc").write_bytes(b"")
    xarray.Dataset({"x": 1.0}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    make().save(tmp_path / "cut.nc")
    whole = (tmp_path / "cut.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    for name in ("text", "empty", "other", "cut"):
        with pytest.raises(ValueError, match=sentence):
            Runs.load(tmp_path / f"{name}.nc")


def test_a_file_older_than_a_measure_is_read_without_it(tmp_path):
    runs = make()
    dataset = runs.to_dataset().drop_vars(["mapping_mean", "mapping_M2", "left_at"])
    dataset.attrs["facts"] = dataset.attrs["facts"].replace(f'"format": {FORMAT}', '"format": 4')
    dataset.to_netcdf(tmp_path / "older.nc", engine="scipy")
    again = Runs.load(tmp_path / "older.nc")
    assert np.isnan(again.statistics.mapping.mean).all()
    assert again.statistics.mapping.mean.shape == again.times.shape
    np.testing.assert_array_equal(again.statistics.gap.mean, runs.statistics.gap.mean)


@pytest.mark.parametrize("lost", ["mapping_mean", "gap_mean", "left_at"])
def test_what_a_file_of_today_lacks_is_not_made_up(tmp_path, lost):
    make().to_dataset().drop_vars(lost).to_netcdf(tmp_path / "lacks.nc", engine="scipy")
    with pytest.raises(ValueError, match=f"written by Runs.save, got .* KeyError: .*{lost}"):
        Runs.load(tmp_path / "lacks.nc")


def test_a_file_of_another_format_says_so(tmp_path):
    dataset = make().to_dataset()
    dataset.attrs["facts"] = dataset.attrs["facts"].replace(f'"format": {FORMAT}', '"format": 99')
    dataset.to_netcdf(tmp_path / "later.nc", engine="scipy")
    with pytest.raises(ValueError, match=f"format 99 is not format {FORMAT}, which is read here"):
        Runs.load(tmp_path / "later.nc")
