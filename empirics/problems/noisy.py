"""Any function with noise of one's choice: added to its gradients, multiplied with them, both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.problems import noise as noises
from empirics.problems.base import Array, Constant, Problem, Provenance, flag, real
from empirics.problems.noiseless import without_noise
from empirics.problems.regions import Ball


def with_noise(
    problem: Problem,
    noise: str = "two-point",
    *,
    sigma: float = 0.0,
    relative: float = 0.0,
    coordinatewise: bool = False,
) -> Problem:
    r"""The problem with this noise instead of its own.

    .. math:: g = (1 + \sqrt{M} \zeta) \nabla f(x) + \frac{\sigma}{\sqrt d} \zeta',
              \qquad E|\xi|^2 = M |\nabla f(x)|^2 + \sigma^2

    zeta and the coordinates of zeta' are independent, of mean 0 and variance 1.

    Parameters: noise, their law, "two-point" (+-1), "gaussian" or "student:DF" with DF > 1 degrees
    of freedom: the fewer, the heavier its tails. For DF <= 2 there is no variance; then sigma and
    sqrt(M) are the scales of Student's law itself. sigma >= 0; relative = M >= 0, the share of
    |grad f|^2 that the noise has; coordinatewise, whether every coordinate of the gradient has a
    zeta of its own. With neither sigma nor M what is left are full gradients.

    Constants: sigma and relative_noise are exact, if the law has a variance. noise_bound, if the
    law is bounded, and second_moment follow, where f has a gradient_bound or M = 0 makes none
    necessary (`satisfied` says which of these there are). Raises ValueError if an argument is not
    of its kind.

    >>> from empirics.problems.quadratic import quadratic
    >>> problem = with_noise(quadratic(dim=2, mu=0.5), "gaussian", sigma=0.3, relative=2.0)
    >>> {name: problem.constants[name].value for name in ("sigma", "relative_noise")}
    {'sigma': 0.3, 'relative_noise': 2.0}
    >>> "sigma" in with_noise(quadratic(dim=2, mu=0.5), "student:1.5", sigma=0.3).constants
    False
    """
    who = "with_noise"
    if not isinstance(problem, Problem):
        raise ValueError(f"{who} needs a Problem, got {problem!r}")
    noises.degrees(who, noise)
    size, share = real(who, "sigma", sigma, 0), real(who, "relative", relative, 0)
    each = flag(who, "coordinatewise", coordinatewise)
    if each and not share:
        raise ValueError(f"{who} needs relative > 0 for coordinatewise = True, got {relative!r}")
    bare = {k: a for k, a in problem.constants.items() if k not in noises.OF_THE_NOISE}
    return Noisy(
        name=f"{problem.name} with {noise.partition(':')[0]} noise",
        dim=problem.dim,
        start=problem.start,
        constants={**bare, **_constants(problem, noise, size, share)},
        settings={
            **problem.settings,
            "with noise": {
                "law": noise,
                "sigma": size,
                "relative": share,
                "coordinatewise": each,
            },
        },
        lanes=problem.lanes,
        sample_size=(problem.dim if size else 0) + ((problem.dim if each else 1) if share else 0),
        minimiser=problem.minimiser,
        within=problem.within,
        region=problem.region,
        penalty=problem.penalty,
        original=problem,
        law=noise,
        size=size,
        share=share,
        each=each,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Noisy(Problem):
    """What `with_noise` makes.

    Fields beyond Problem: original, whose full gradients are taken; law; size = sigma; share = M;
    each, whether coordinates have factors of their own. A sample holds the factors, then what is
    added, both of variance 1 if they have one.
    """

    original: Problem
    law: str
    size: float
    share: float
    each: bool

    def value(self, x: Array) -> Array:
        return self.original.value(x)

    def gradient(self, x: Array, out: Array | None = None) -> Array:
        return self.original.gradient(x, out)

    def steepest_in(self, around: Ball) -> Constant | None:
        return self.original.steepest_in(around)

    def draw(self, generator: np.random.Generator, steps: int, lanes: int) -> Array:
        if not self.sample_size:  # no noise, no numbers
            return np.empty((steps, lanes, 0))
        return noises.draw(self.law, 1.0, generator, steps, (lanes, self.sample_size))

    def stochastic_gradient(self, x: Array, sample: Array, out: Array) -> None:
        self.original.gradient(x, out)
        added = self.dim if self.size else 0
        if self.share:
            out *= 1 + self.share**0.5 * sample[..., : self.sample_size - added]
        if added:
            out += (self.size / self.dim**0.5) * sample[..., -added:]

    def noise_variance(self, x: Array) -> Array:
        varied = np.full(x.shape[:-1], self.size**2)
        if self.share:
            g = self.original.gradient(x)
            varied += self.share * np.vecdot(g, g)
        if not noises.has_variance(self.law):
            return np.where(varied > 0, np.inf, 0.0)
        return varied


def satisfied(problem: Problem) -> tuple[str, ...]:
    """What the noise of a problem is known to satisfy, on its region if it has one, in words.

    >>> from empirics.problems.quadratic import quadratic
    >>> satisfied(quadratic(spectrum=[1.0], sigma=1.0))
    ('bounded variance', 'bounded almost surely')
    >>> satisfied(with_noise(quadratic(spectrum=[1.0]), "gaussian", relative=1.0))
    ('variance bounded relative to |grad f|^2',)
    """
    known = problem.constants
    found = []
    if "sigma" in known:
        grows = "relative_noise" in known and known["relative_noise"].value > 0
        bounded = "bounded variance"
        found.append("variance bounded relative to |grad f|^2" if grows else bounded)
    if "second_moment" in known:
        found.append("bounded second moment")
    if "noise_bound" in known:
        found.append("bounded almost surely")
    return tuple(found)


def _constants(problem: Problem, law: str, sigma: float, M: float) -> dict[str, Constant]:
    """What the noise satisfies, and why."""
    if not sigma and not M:
        return without_noise(problem)
    if not noises.has_variance(law):
        return {}
    found = noises.constants("with_noise", law, sigma)
    steepest = problem.constants.get("gradient_bound")
    if M:
        found.pop("noise_bound", None)  # of what is added
        why = "variance of the factor of the gradient"
        found["relative_noise"] = Constant(value=M, provenance="exact", why=why)
    if steepest is None:
        return found
    why = f"gradient_bound = {steepest.value:.6g} ({steepest.provenance}) and the noise of it"
    second = (1 + M) * steepest.value**2 + sigma**2
    found["second_moment"] = Constant(value=second, provenance=steepest.provenance, why=why)
    if M and law == "two-point":
        most = M**0.5 * steepest.value + sigma
        bound: Provenance = "estimate" if steepest.provenance == "estimate" else "bound"
        found["noise_bound"] = Constant(value=most, provenance=bound, why=why)
    return found
