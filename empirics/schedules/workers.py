"""Workers that read, compute for a while, and write: who is late follows from who is slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empirics.problems.base import whole
from empirics.schedules.base import Course, SharedIterate, settle
from empirics.schedules.events import Arrivals, Discarding, Waiters
from empirics.schedules.rules import Asynchronous, Barrier, Waiting
from empirics.schedules.service import Exponential, Service


@dataclass(frozen=True, init=False)
class Workers(SharedIterate):
    """W workers: each reads the current iterate, computes a gradient, sends it, and reads again.

    All begin at time 0 with x_0. Gradients are used in the order of their arrival, ties by the
    number of the worker. Their delays have no bound, and a mean of exactly W - 1 if nobody waits
    and nothing is thrown away, once those in flight at the end are counted too.

    Parameters: count = W; service, the law of the time a gradient takes, or a sequence of W laws
    (count can then be left out); rule, when a worker may begin its next gradient: Asynchronous(),
    BoundedStaleness(slack) or Barrier(); buffer = K, an update applies the mean of K gradients,
    while their workers go on at once; oldest = R, an arriving gradient is thrown away if its
    delay is > R, and its worker begins anew from the current iterate (None: all are used). Both
    together, with R = 0, are Rennala SGD: K gradients at the current iterate.

    Raises ValueError if an argument is not of its kind, or if they do not go together: with a
    barrier the buffer must divide W, and only workers that never wait can throw away.

    >>> slow = [Exponential()] * 7 + [Exponential(10)]
    >>> Workers(service=slow).count, Workers(4, buffer=2).gradients
    (8, 2)
    >>> from empirics.schedules.service import Deterministic
    >>> equal = Workers(3, Deterministic())
    >>> equal.course(np.random.default_rng(0), lanes=1).draw(6).delays
    array([0, 1, 2, 2, 2, 2])

    Source: buffer: Nguyen et al. 2022 (FedBuff); oldest: Maranjyan et al. 2025 (Ringmaster ASGD,
    Algorithm 4, whose R is one more: it uses what has a delay < R); both: Tyurin and Richtarik
    2023 (Rennala SGD).
    """

    count: int
    service: Service | tuple[Service, ...]
    rule: Waiting
    buffer: int
    oldest: int | None

    def __init__(
        self,
        count: int | None = None,
        service: Service | Sequence[Service] = Exponential(),  # noqa: B008  # frozen
        *,
        rule: Waiting = Asynchronous(),  # noqa: B008  # frozen
        buffer: int = 1,
        oldest: int | None = None,
    ) -> None:
        laws = _laws(count, service)
        W = len(laws)
        if not isinstance(rule, Waiting):
            raise ValueError(f"workers need a rule such as BoundedStaleness(slack=3), got {rule!r}")
        K = whole("workers", "buffer", buffer, 1)
        R = None if oldest is None else whole("workers", "oldest", oldest, 0)
        if isinstance(rule, Barrier) and W % K:
            raise ValueError(
                f"workers with a barrier need a buffer that divides their number {W}, got {K}; "
                "an update cannot straddle the barrier"
            )
        if R is not None and rule.slack is not None:
            raise ValueError(
                f"workers that throw gradients away need the rule Asynchronous(), got {rule!r}; "
                "waiting bounds the delays already"
            )
        settle(
            self,
            count=W,
            service=laws[0] if laws.count(laws[0]) == W else laws,
            rule=rule,
            buffer=K,
            oldest=R,
            tau_max=_longest(W, K, rule, R),
        )

    @property
    def workers(self) -> int:
        return self.count

    @property
    def gradients(self) -> int:
        return self.buffer

    @property
    def laws(self) -> tuple[Service, ...]:
        """The law of each worker, W of them."""
        return self.service if isinstance(self.service, tuple) else (self.service,) * self.count

    def course(self, generator: np.random.Generator, lanes: int) -> Course:
        laws, K, slack = self.laws, self.buffer, self.rule.slack
        if self.oldest is not None:
            return Discarding(laws, K, self.oldest, generator, lanes)
        if slack is not None:
            return Waiters(laws, K, slack, generator, lanes)
        return Arrivals(laws, K, generator, lanes)


def _laws(count: int | None, service: Service | Sequence[Service]) -> tuple[Service, ...]:
    """One law a worker."""
    if isinstance(service, Service):
        return (service,) * whole("workers", "count", count, 1)
    laws = tuple(service) if isinstance(service, Sequence) else ()
    wrong = [law for law in laws if not isinstance(law, Service)]
    if not laws or wrong or isinstance(service, str):
        raise ValueError(
            "workers need a law of service times such as Exponential(), or a sequence of them, "
            f"got {service!r}"
        )
    if count is not None and whole("workers", "count", count, 1) != len(laws):
        raise ValueError(f"workers need one law each, got {len(laws)} laws for {count} workers")
    return laws


def _longest(W: int, K: int, rule: Waiting, R: int | None) -> int | None:
    """The largest delay in updates that the rule allows, whatever the service times; else None.

    Throwing away: what is used at update t has a delay of at most R by definition.

    Barrier: the a-th of the W gradients of a round has a before it since all have read, and K of
    them make an update; K divides W, so its delay is floor(a/K) <= floor((W - 1)/K).

    Slack s: while worker w computes, its clock stays at some c. It began when no clock was below
    c - s. Since then the least clock is at most c, so no other worker v may begin with a clock
    above c + s, and v's clock ends at c + s + 1 at most: at most 2s + 1 gradients of each of the
    W - 1 others arrive meanwhile. D gradients span at most ceil(D/K) updates. With K = 1 the bound
    is attained: w is alone s ahead, and then all others overtake it by s + 1.
    """
    if R is not None:
        return R
    if isinstance(rule, Barrier):
        return (W - 1) // K
    return None if rule.slack is None else -(-(W - 1) * (2 * rule.slack + 1) // K)
