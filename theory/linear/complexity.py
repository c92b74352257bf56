r"""Complexity against staleness

Deep linear chains (w_D ... w_1 - c)^2/2 and two layers of a width, near a minimum, where they are
quadratics; and the law that takes the share of the stable interval, a_0 = eta_0 lambda_max at the
step tuned without delay, for all that matters of a problem.
"""

from sympy import Integer, Max, Rational, Symbol, asin, diff, hessian, pi, sin, sqrt, symbols

from theory.claims import le, lt
from theory.latex import minus, power, ratio, shown, terms, times
from theory.linear.constant_delay import MODEL, SYMBOLS, a, largest_delay, stability_limit
from theory.linear.formula import Formula
from theory.linear.steps import Identity, Limit, Positive, Step
from theory.linear.two_modes import slowdown
from theory.symbols import eta0 as eta
from theory.symbols import tau_max as tau
from theory.symbols import theta

D = Symbol("D", integer=True, positive=True)
w = Symbol("w", positive=True)
target = Symbol("c", positive=True)
CHAIN = r"f(w) = \frac{1}{2} (w_D \cdots w_1 - c)^2"


def _sharpness(formula: Formula) -> tuple[Step, ...]:
    slope = w ** (D - 1)
    return (
        Identity(
            shows="with all weights w = c^(1/D), its eigenvalue |J|^2 is D times the slope squared",
            left=formula["sharpness"].subs(target, w**D).expand(power_base=True),
            right=D * slope**2,
        ),
    )


def _whole_hessians(formula: Formula) -> tuple[Step, ...]:
    steps: list[Step] = []
    for depth in range(1, 5):
        names = symbols(f"w1:{depth + 1}")
        product = Integer(1)
        for name in names:
            product = product * name
        H = hessian((product - target) ** 2 / 2, names).subs(dict.fromkeys(names, w))
        H = H.subs(target, w**depth)
        steps += [
            Identity(
                shows=f"a row of the Hessian of {depth} weights sums to the eigenvalue",
                left=sum(H.row(0)),
                right=formula["sharpness"].subs(D, depth).subs(target, w**depth),
            ),
            Identity(
                shows="and all its entries are equal: the other eigenvalues are 0",
                left=sum(entry**2 for entry in H),
                right=(depth * H[0, 0]) ** 2,
            ),
        ]
    return tuple(steps)


chain_sharpness = Formula(
    name="complexity.chain_sharpness",
    title="the sharpness of a deep linear chain at its balanced minimum",
    model=CHAIN,
    expressions={"sharpness": times(D, power(target, 2 - 2 / D))},
    symbols={D: "the depth", target: "the target"},
    argue=_sharpness,
    instances=_whole_hessians,
    reading=(
        "At a minimum the residual is 0, so that the Hessian is J J' with the gradient J of the "
        "product, and its only eigenvalue beside 0 is |J|^2, D equal squares."
    ),
    remark="It is the largest curvature lambda_max, and in a network of matrices that of its top.",
)


def _fixed(formula: Formula) -> tuple[Step, ...]:
    return (
        Identity(
            shows="the sharpness at the target 1",
            left=chain_sharpness["sharpness"].subs(target, 1),
            right=D,
        ),
        Identity(
            shows="what the step tolerates",
            left=formula["bound"],
            right=largest_delay["bound"].subs(a, eta * D),
        ),
    )  # fmt: skip


fixed_step = Formula(
    name="complexity.fixed_step",
    title="one step for all depths, target 1: stable exactly for tau < bound",
    model=CHAIN,
    expressions={
        "bound": terms(ratio(pi, times(4, shown(asin(eta * D / 2)))), minus(Rational(1, 2))),
    },
    symbols={D: "the depth", eta: "the step"},
    conditions=(lt(eta * D, 2),),
    argue=_fixed,
    reading="`constant_delay.largest_delay` at a = eta D. As asin increases, deeper fails earlier.",
    uses=("monotone sine",),
    remark="Of the linearised chain: that is, for starts close enough to the minimum.",
)

S = Symbol("S", positive=True)
p = Symbol("p", real=True)
residual = Symbol("r", real=True)
Q = Symbol("Q", nonnegative=True)


def _layers(formula: Formula) -> tuple[Step, ...]:
    grows, turns = -4 * residual * p, -residual * S
    return (
        Identity(
            shows="S = |u|^2 + |v|^2 and p = u'v move so that Q = S^2 - 4 p^2 does not",
            left=2 * S * grows,
            right=8 * p * turns,
        ),
        Identity(
            shows="where p = c, S is the formula",
            left=formula["sharpness"] ** 2,
            right=S**2,
            definitions=((Q, S**2 - 4 * target**2),),
        ),
    )


two_layers = Formula(
    name="complexity.two_layers",
    title="the sharpness that gradient flow comes to with two layers of any width",
    model=r"f(u, v) = \frac{1}{2} (u \cdot v - c)^2",
    expressions={"sharpness": shown(sqrt(Q + 4 * target**2))},
    symbols={
        Q: "(|u|^2 + |v|^2)^2 - 4 (u.v)^2 at the start, which the flow keeps",
        target: "the target",
    },
    argue=_layers,
    reading=(
        "With the residual r = u.v - c the flow is u' = -r v, v' = -r u. At a minimum r = 0, and "
        "the Hessian's eigenvalue is the squared length of the gradient (v, u) of the product."
    ),
    remark=(
        "It is 2c if Q = 0, as of balanced starts (u = v), and grows with the width from a "
        "standard start, where |u|^2 is about the width and v short."
    ),
)


def _onset(formula: Formula) -> tuple[Step, ...]:
    angle = ((asin(a / 2), theta / 2), (a, 2 * sin(theta / 2)))
    return (
        Identity(
            shows="a is the limit of stability at this delay",
            left=stability_limit["limit"].subs(tau, formula["delay"]),
            right=a,
            definitions=angle,
        ),
        Limit(
            shows="for small a it is pi/(2 a) - 1/2",
            expression=(formula["delay"] + Rational(1, 2)) * a,
            variable=a,
            to=0,
            value=pi / 2,
        ),
        Positive(
            shows="the limit falls as the delay grows: its angle does",
            expression=-diff(pi / (2 * (2 * tau + 1)), tau),
        ),
    )


onset = Formula(
    name="complexity.onset",
    title="the delay at which a step reaches its limit of stability",
    model=MODEL,
    expressions={
        "delay": terms(ratio(pi, times(4, shown(asin(a / 2)))), minus(Rational(1, 2))),
    },
    symbols={a: SYMBOLS[a]},
    conditions=(lt(a, 2),),
    argue=_onset,
    reading=(
        "Up to this delay the step that was tuned without delay is stable under it, beyond it is "
        "not: there the slack law begins to say that delay costs."
    ),
    uses=("monotone sine",),
    remark="A real number; `constant_delay.largest_delay` is the statement about whole ones.",
)


def _edge(formula: Formula) -> tuple[Step, ...]:
    return (
        Identity(
            shows="what the law says where all of the interval is used",
            left=2 / stability_limit["limit"],
            right=formula["slowdown"],
        ),
        Identity(
            shows="is what two modes lose for kappa to infinity",
            left=slowdown["slowdown"],
            right=formula["slowdown"],
        ),
    )


edge = Formula(
    name="complexity.edge",
    title="where the slack law is exact: tuned without noise, for kappa to infinity",
    model=MODEL,
    expressions={"slowdown": ratio(1, shown(sin(pi / (2 * (2 * tau + 1)))))},
    symbols={tau: SYMBOLS[tau]},
    argue=_edge,
    reading=(
        "Without noise the step tuned without delay tends to a_0 = 2, the end of the interval, and "
        "`two_modes.slowdown` is a_0 over the limit."
    ),
)

a_0 = Symbol("a_0", positive=True)

slack_law = Formula(
    name="complexity.slack_law",
    title="the slack law: updates to a goal over those without delay, each at its best step",
    model=MODEL,
    expressions={"slowdown": shown(Max(1, a_0 / (2 * sin(pi / (2 * (2 * tau + 1))))))},
    symbols={
        a_0: "the best step without delay, times the largest curvature",
        tau: SYMBOLS[tau],
    },
    conditions=(le(a_0, 2),),
    reading=(
        "As long as the best step stays stable it is kept, and delay costs nothing; from then on "
        "the step shrinks with the limit, and the time grows as the step shrinks."
    ),
    remark=(
        "Its onset and its edge are proved (`complexity.onset`, `complexity.edge`). Depth, width "
        "and data act through a_0 alone. How far it is off: `docs/slack_law.md`."
    ),
    lacks=(
        "an argument: it is a conjecture about the best step of each delay, within a factor, and "
        "it speaks of runs much longer than the delay"
    ),
)

FORMULAS = (chain_sharpness, fixed_step, two_layers, onset, edge, slack_law)
