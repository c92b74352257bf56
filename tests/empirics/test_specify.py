"""One line for one record: what is understood, what is refused in which words, and the way back."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import named, optimisers, schedules, stepsizes
from empirics.optimisers.base import Correction, Optimiser
from empirics.schedules.base import Schedule
from empirics.schedules.rules import Waiting
from empirics.specify import Kind, Language, usage

Size = Literal["small", "large"]


@dataclass(frozen=True)
class Wheel:
    """A wheel. It turns.

    And more about it.
    """

    spokes: int = 8
    size: Size = "small"


@dataclass(frozen=True)
class Cart:
    """A cart on wheels."""

    load: float
    wheel: Wheel | None = None
    spare: tuple[Wheel, ...] = ()
    open: bool = False
    label: str | None = None


@dataclass(frozen=True)
class Fleet:
    cart: Cart
    wheels: Wheel | Sequence[Wheel] = ()
    most: int | Wheel = 3
    seats: Sequence[int] = ()


WHEELS = Kind(noun="wheel", makes=Wheel, table={"wheel": Wheel, "big-wheel": lambda: Wheel(20)})
CARTS = Kind(noun="cart", makes=Cart, table={"cart": Cart})
FLEETS = Kind(noun="fleet", makes=Fleet, table={"fleet": Fleet})
LANGUAGE = Language([WHEELS, CARTS, FLEETS])


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("cart:2", Cart(2.0)),
        (" cart : load = 2 , open = yes ", Cart(2.0, open=True)),
        ("cart:load=2,open=yes", Cart(2.0, open=True)),
        ("cart:1e1,wheel", Cart(10.0, Wheel())),
        ("cart:1,wheel=wheel:4", Cart(1.0, Wheel(4))),
        ("cart:1,wheel=[wheel:4,size=large],open=true", Cart(1.0, Wheel(4, "large"), open=True)),
        ("cart:1,wheel=none", Cart(1.0)),
        ("cart:1,wheel=big_wheel", Cart(1.0, Wheel(20))),
        ("[cart:1]", Cart(1.0)),
        ("cart:1,spare=wheel:3,wheel:4", Cart(1.0, spare=(Wheel(3), Wheel(4)))),
        ("cart:1,spare=[wheel:3,wheel:4],open=no", Cart(1.0, spare=(Wheel(3), Wheel(4)))),
        ("cart:1,spare=[[wheel:3,size=large]]", Cart(1.0, spare=(Wheel(3, "large"),))),
        ("cart:1,label=/a/b=c.csv", Cart(1.0, label="/a/b=c.csv")),
        ("cart:1,label=none", Cart(1.0)),
    ],
)
def test_what_is_written_is_what_is_made(text, record):
    assert LANGUAGE.make(CARTS, text) == record


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("fleet:cart:1", Fleet(Cart(1.0))),
        ("fleet:[cart:1,open=yes],wheel:5", Fleet(Cart(1.0, open=True), Wheel(5))),
        ("fleet:cart:1,wheels=[wheel:5,size=large]", Fleet(Cart(1.0), Wheel(5, "large"))),
        ("fleet:cart:1,wheels=[wheel:5,wheel:6]", Fleet(Cart(1.0), (Wheel(5), Wheel(6)))),
        ("fleet:cart:1,most=7", Fleet(Cart(1.0), most=7)),
        ("fleet:cart:1,most=wheel", Fleet(Cart(1.0), most=Wheel())),
        ("fleet:cart:1,seats=1,2,3", Fleet(Cart(1.0), seats=(1, 2, 3))),
        ("fleet:cart:[1],seats=[1]", None),
        (
            "fleet:[cart:1,wheel=[wheel:2,size=large],label=x],seats=4,most=2",
            Fleet(Cart(1.0, Wheel(2, "large"), label="x"), most=2, seats=(4,)),
        ),
    ],
)
def test_records_within_records(text, record):
    if record is None:
        with pytest.raises(ValueError, match=r"cart needs a number for load, got '\[1\]'"):
            LANGUAGE.make(FLEETS, text)
        return
    assert LANGUAGE.make(FLEETS, text) == record


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("car:2", "there is no cart 'car'; there are cart"),
        ("", "there is no cart ''; there are cart"),
        ("cart", "cart cart needs load, got none; write cart:load=..."),
        ("cart:open=yes", "cart cart needs load, got none; write cart:load=..."),
        ("cart:", "cart cart needs a value between its commas, got none"),
        ("cart:1,,open=yes", "needs a value between its commas, got none"),
        ("cart:1,colour=red", "takes no 'colour'; it takes load, wheel, spare, open, label"),
        ("cart:two", "cart cart needs a number for load, got 'two'"),
        ("cart:1,open=perhaps", "needs true or false for open, got 'perhaps'"),
        ("cart:1,load=2", "cart cart needs one load, got two"),
        ("cart:load=", "cart cart needs a value for load, got none"),
        (
            "cart:load=1,5",
            "needs a key for each value that follows a key, got '5'; put what",
        ),
        ("cart:1,wheel,wheel,wheel,wheel", None),
        ("cart:1,wheel=[wheel:4", r"needs as many [ as ], got '1,wheel=[wheel:4'"),
        ("cart:1,wheel=wheel:4.5", "wheel wheel needs a whole number for spokes, got '4.5'"),
        ("cart:1,wheel=wheel:4,size=large", "cart cart takes no 'size'; it takes load"),
        ("cart:1,wheel=hub", "there is no wheel 'hub'; there are wheel, big-wheel"),
        ("cart:1,wheel=[wheel:4,size=tiny]", "needs one of small, large for size, got 'tiny'"),
        ("cart:1,spare=wheel:3,hub", "there is no wheel 'hub'; there are wheel, big-wheel"),
    ],
)
def test_every_mistake_has_its_sentence(text, sentence):
    if sentence is None:  # a list takes all the values there are
        assert len(LANGUAGE.make(CARTS, text).spare) == 3
        return
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        LANGUAGE.make(CARTS, text)
    assert "\n" not in str(caught.value)


def test_too_many_values():
    with pytest.raises(ValueError, match=r"wheel wheel takes no more than 2 values, got '5' too"):
        LANGUAGE.make(WHEELS, "wheel:3,large,5")


def test_usage_and_words_come_from_the_constructor():
    assert usage("cart", Cart) == "cart:load (wheel, spare, open, label)"
    assert usage("wheel", Wheel) == "wheel (spokes, size)"
    assert WHEELS.about("wheel") == "A wheel. It turns."


# ------------------------------------------------------------------ the names of the project


def test_a_lone_number_a_list_and_a_sentence_of_the_constructor():
    assert named.schedule("constant:4") == schedules.Constant(4)
    assert named.schedule("constant:1e1") == schedules.Constant(10)
    assert named.schedule("uniform:tau_max=8") == schedules.Uniform(8)
    assert named.schedule("uniform:tau-max=8") == schedules.Uniform(8)
    assert named.schedule("cyclic:0,1,2") == schedules.Cyclic(range(3))
    assert named.schedule("pmf:probabilities=[0.5,0,0.5]") == schedules.Pmf([0.5, 0, 0.5])
    mean = schedules.Geometric(mean=3, tau_max=20)
    assert named.schedule("geometric:mean=3,tau_max=20") == mean
    for text, sentence in (
        ("constant:-1", "constant delay needs a whole number tau >= 0, got -1"),
        ("geometric:20", "geometric delay needs mean or p, got mean = None, p = None"),
        ("pmf:0.5,0.4", "pmf delay needs a sum of 1, got 0.9"),
        ("pmf:0.5,half", "schedule pmf needs a list of numbers for probabilities, got '0.5,half'"),
        ("cyclic:0,1.5", "schedule cyclic needs a list of numbers for pattern, got '0,1.5'"),
        ("unifrom:3", "there is no schedule 'unifrom'; there are constant, uniform"),
    ):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            named.schedule(text)


def test_step_sizes():
    for text, rule in (
        ("0.1", stepsizes.constant(0.1)),
        ("constant:0.1", stepsizes.constant(0.1)),
        ("inverse-sqrt:0.1", stepsizes.inverse_sqrt(0.1)),
        ("cosine:0.1,least=0.01", stepsizes.cosine(0.1, least=0.01)),
        ("table:0.3,0.2,0.1", stepsizes.table([0.3, 0.2, 0.1])),
        ("warm_up:inverse:0.2,length=2", stepsizes.warm_up(stepsizes.inverse(0.2), 2)),
        ("warm_up:0.2,2", stepsizes.warm_up(0.2, 2)),
    ):
        assert np.array_equal(named.step(text)(3), rule(3)), text
    with pytest.raises(ValueError, match="there is no step size 'fast'; there are constant, inve"):
        named.step("fast")


def test_problems_with_other_numbers():
    assert named.problem("quadratic").settings == named.problem("quadratic:10").settings
    assert named.problem("quadratic:dim=3,sigma=0").sigma == 0
    assert named.problem("quadratic:L=4").mu_sc == 0.4
    assert named.problem("quadratic:1").mu_sc == 1
    assert named.problem("quadratic:mu=0.5").mu_sc == 0.5
    assert named.problem("quadratic:condition=4").mu_sc == 0.25
    assert named.problem("quadratic:spectrum=1,2,4").dim == 3
    assert named.problem("quadratic:spectrum=1,2,start=3,4").start.tolist() == [3, 4]
    assert named.problem("digits:1,7,batch=4").settings["classes"] == [1, 7]
    quiet = named.problem("noiseless:[quadratic:dim=3,mu=0.5]")
    assert (quiet.dim, quiet.sigma, quiet.mu_sc) == (3, 0, 0.5)
    for text, sentence in (
        ("quadratic:spectrum=1,2,dim=2", "quadratic needs either a spectrum or dim with mu and L"),
        (
            "quadratic:noise=loud",
            "quadratic needs noise among two-point, gaussian, student:DF, got 'loud'",
        ),
        ("digits:sigma=seen", "problem digits needs one of bound, estimate for sigma, got 'seen'"),
        ("mnist", "there is no problem 'mnist'; there are digits, digits-multinomial"),
    ):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            named.problem(text)


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("workers:8", schedules.Workers(8)),
        ("workers:8,exponential:2", schedules.Workers(8, schedules.Exponential(2))),
        ("workers:8,service=pareto:shape=3", schedules.Workers(8, schedules.ParetoService(1, 3))),
        (
            "workers:service=[exponential,[lognormal:2,cv=0.5]]",
            schedules.Workers(service=[schedules.Exponential(), schedules.Lognormal(2, 0.5)]),
        ),
        (
            "workers:4,rule=bounded-staleness:3",
            schedules.Workers(4, rule=schedules.BoundedStaleness(3)),
        ),
        (
            "workers:4,rule=barrier,buffer=2",
            schedules.Workers(4, rule=schedules.Barrier(), buffer=2),
        ),
        ("workers:4,oldest=3", schedules.Workers(4, oldest=3)),
        (
            "straggler:3,5,service=deterministic",
            schedules.Workers(service=[schedules.Deterministic(a) for a in (1, 1, 5)]),
        ),
        ("caches:8,law=uniform:4", schedules.Caches(8, schedules.Uniform(4))),
        ("caches:8,uniform:4,destinations=shared,own=immediate,evaluate=mean", schedules.Caches(
            8, schedules.Uniform(4), destinations="shared", own="immediate", evaluate="mean")),
        ("ring:8", schedules.Caches(8, topology=schedules.ring(8))),
        ("grid:2,3,constant:1", schedules.Caches(
            6, schedules.Constant(1), topology=schedules.grid(2, 3))),
        ("star:4,own=immediate", schedules.Caches(
            4, own="immediate", topology=schedules.star(4))),
        ("caches:3,topology=[network:3,links=[[0,1],[1,2]]]", schedules.Caches(
            3, topology=schedules.network(3, [(0, 1), (1, 2)]))),
    ],
)  # fmt: skip
def test_workers_and_caches(text, schedule):
    assert named.schedule(text) == schedule


def test_what_the_command_knows_need_not_be_written():
    bowl = named.problem("quadratic:1")
    found = named.schedule("adversarial:tau_max=2", problem=bowl, step=0.6, steps=20)
    assert len(found.delays) == 20
    whole = named.schedule("adversarial:quadratic:1,step=0.6,steps=20,tau_max=2")
    assert whole == found
    with pytest.raises(ValueError, match="schedule adversarial needs problem, got none"):
        named.schedule("adversarial:tau_max=2")


def test_files(tmp_path):
    past = schedules.history(schedules.Workers(3), steps=40)
    past.save(tmp_path / "h.csv")
    for text in (f"history:{tmp_path}/h.csv", f"trace:{tmp_path}/h.csv"):
        assert np.array_equal(named.schedule(text).delays.ravel(), past.delays)
    assert named.schedule(f"history:{tmp_path}/h.csv,repeat=yes").repeat
    (tmp_path / "d.csv").write_text("1\n1\n2\n")
    trace = named.schedule(f"trace:{tmp_path}/d.csv,kind=delays,current=1")
    assert trace.delays.ravel().tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="needs none or one of delays, ages, history for kind"):
        named.schedule(f"trace:{tmp_path}/d.csv,kind=words")
    sent = schedules.messages(schedules.Caches(2, schedules.Uniform(3)), steps=5)
    sent.save(tmp_path / "m.csv")
    assert named.schedule(f"messages:{tmp_path}/m.csv").workers == 2


def _made(kind):
    """The names of the types that the constructors of a kind make."""
    return {
        maker.__name__
        if isinstance(maker, type)
        else str(inspect.signature(maker).return_annotation)
        for maker in kind.table.values()
    }


@pytest.mark.parametrize(
    ("module", "base", "kind"),
    [
        (schedules, Schedule, named.SCHEDULES),
        (optimisers, Optimiser, named.OPTIMISERS),
        (optimisers, Correction, named.CORRECTIONS),
        (schedules, schedules.Service, named.SERVICES),
        (schedules, Waiting, named.RULES),
    ],
)
def test_every_class_has_a_name(module, base, kind):
    exported = {
        name
        for name in module.__all__
        if isinstance(thing := getattr(module, name), type)
        and issubclass(thing, base)
        and not inspect.isabstract(thing)
        and thing not in (Schedule, Optimiser, Correction, Waiting)
    }
    assert len(exported) >= 3
    assert exported <= _made(kind)


def test_every_step_size_has_a_name():
    public = {
        name
        for name, thing in vars(stepsizes).items()
        if inspect.isfunction(thing)
        and thing.__module__ == stepsizes.__name__
        and not name.startswith("_")
    }
    assert public - {"step_sizes", "from_function"} == set(named.STEPS.table)


def test_every_name_says_what_it_is():
    for kind in named.LANGUAGE.kinds:
        for name, maker in kind.table.items():
            assert len(kind.about(name)) > 3, name
            assert usage(name, maker).startswith(name)


COUNTS, SHARES = st.integers(0, 50), st.floats(0.01, 1)
POSITIVE = st.floats(1e-3, 1e3)
RECORDS = {
    "constant": st.builds(schedules.Constant, COUNTS),
    "uniform": st.builds(schedules.Uniform, COUNTS),
    "geometric": st.builds(schedules.Geometric, tau_max=COUNTS, p=SHARES),
    "poisson": st.builds(schedules.Poisson, tau_max=COUNTS, rate=POSITIVE),
    "zipf": st.builds(schedules.Zipf, tau_max=COUNTS, exponent=SHARES),
    "pareto": st.builds(schedules.Pareto, tau_max=COUNTS, shape=SHARES, scale=SHARES),
    "pmf": st.lists(SHARES, min_size=1, max_size=5).map(
        lambda a: schedules.Pmf(np.array(a) / np.sum(a))
    ),
    "cyclic": st.builds(schedules.Cyclic, st.lists(COUNTS, min_size=1, max_size=5)),
    "workers": st.builds(
        schedules.Workers,
        st.integers(1, 9),
        st.builds(schedules.Exponential, POSITIVE) | st.builds(schedules.Lognormal, cv=SHARES),
        rule=st.builds(schedules.BoundedStaleness, COUNTS) | st.just(schedules.Asynchronous()),
        buffer=st.integers(1, 4),
    )
    | st.builds(
        schedules.Workers,
        service=st.lists(
            st.builds(schedules.Pausing, st.just(schedules.ParetoService(2.0)), SHARES, POSITIVE)
            | st.builds(schedules.Deterministic, POSITIVE),
            min_size=1,
            max_size=3,
        ),
        oldest=COUNTS,
    ),
    "caches": st.builds(
        schedules.Caches,
        st.just(3),
        st.builds(schedules.Uniform, COUNTS)
        | st.lists(st.builds(schedules.Constant, COUNTS), min_size=3, max_size=3),
        own=st.sampled_from(["delayed", "immediate"]),
        topology=st.none() | st.just(schedules.ring(3)) | st.just(schedules.star(3)),
    ),
    "momentum": st.builds(optimisers.Momentum, st.floats(0, 0.99), nesterov=st.booleans()),
    "adam": st.builds(optimisers.Adam, beta1=st.floats(0, 0.99), epsilon=POSITIVE),
    "adamw": st.builds(optimisers.AdamW, weight_decay=SHARES),
    "picky": st.builds(optimisers.Picky, POSITIVE),
    "delay_adaptive": st.builds(optimisers.DelayAdaptive, POSITIVE, beyond=COUNTS),
}


@pytest.mark.parametrize("name", RECORDS)
def test_there_and_back(name):
    maker = {**named.OPTIMISERS.table, **named.CORRECTIONS.table, **named.SCHEDULES.table}[name]
    kind = next(k for k in named.LANGUAGE.kinds if k.table.get(name) is maker)

    @settings(max_examples=25, deadline=None, database=None)
    @given(RECORDS[name])
    def there_and_back(record):
        text = named.spell(record.settings)
        assert text.partition(":")[0] == name
        back = named.LANGUAGE.make(kind, text)
        if name == "pmf":  # divides by a sum that is 1 but for rounding
            assert np.allclose(back.probabilities, record.probabilities, rtol=1e-15)
        else:
            assert back == record

    there_and_back()


def test_the_way_back_is_short():
    for text in (
        "constant:4", "uniform:8", "cyclic:0,1,2", "pmf:0.5,0.5", "adam:beta2=0.99", "sgd",
        "momentum:nesterov=true", "delay_adaptive:limit=0.5,beyond=3", "scaled_by_delay",
    ):  # fmt: skip
        for kind in (named.SCHEDULES, named.OPTIMISERS, named.CORRECTIONS):
            if text.partition(":")[0] in kind.table:
                assert named.spell(named.LANGUAGE.make(kind, text).settings) == text


def test_the_way_back_within_another():
    cart = {
        "kind": "Cart",
        "load": 1.0,
        "wheel": {"kind": "Wheel", "spokes": 4, "size": "large"},
        "spare": [{"kind": "Wheel", "spokes": 8, "size": "small"}],
        "open": True,
        "label": None,
    }
    text = LANGUAGE.spell(CARTS, cart)
    assert text == "cart:load=1.0,wheel=[wheel:spokes=4,size=large],spare=[wheel],open=true"
    assert LANGUAGE.make(CARTS, text) == Cart(1.0, Wheel(4, "large"), (Wheel(),), open=True)


def test_a_list_loses_its_brackets_and_another_record_keeps_them():
    cart = {"kind": "Cart", "load": 1.0, "open": True}
    assert LANGUAGE.spell(FLEETS, {"kind": "Fleet", "cart": cart}) == (
        "fleet:[cart:load=1.0,open=true]"
    )


def test_what_has_no_name_cannot_be_spelled():
    with pytest.raises(ValueError, match="there is no name for 'Spiral'"):
        named.spell({"kind": "Spiral"})
    with pytest.raises(ValueError, match="schedule constant takes no colour"):
        named.spell({"kind": "Constant", "tau": 1, "colour": "red"})


PIECES = (
    *("constant", "uniform", "cyclic", "pmf", "workers", "caches", "ring", "trace", "exponential"),
    *("count", "service", "law", "tau", "rule", "barrier", "own", "delayed", "x", "none", "nan"),
    *("-1", "0", "2", "0.5", "1e3", ":", ":", ",", ",", "=", "=", "[", "]", " "),
)


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.sampled_from(list(named.SCHEDULES.table)),
    st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
)
def test_whatever_is_written_is_a_schedule_or_one_sentence(name, rest):
    try:
        found = named.schedule(f"{name}:{rest}")
    except ValueError as reason:
        found = str(reason)
    assert isinstance(found, Schedule) or (found and "\n" not in found)
