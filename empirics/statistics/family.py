"""A family of limits that have to hold together: what it is made of, and what a member may err."""

from __future__ import annotations

from dataclasses import dataclass

from empirics.problems.base import whole


@dataclass(frozen=True, kw_only=True)
class Family:
    """All verdicts that are to be right together, each at all its recorded times.

    Parameters: theorems, their names; cells, how many sets of runs each is held against; looks, how
    often each may be judged while its runs still grow. By Bonferroni's inequality a member has
    alpha/size, which it divides over its recorded times. Raises ValueError if theorems are not
    different names, or cells or looks not whole numbers >= 1.

    >>> family = Family(theorems=("dai2019.sharp", "dai2019.single_use"), cells=5)
    >>> family.size, family.words
    (10, '2 theorems x 5 cells')
    """

    theorems: tuple[str, ...]
    cells: int = 1
    looks: int = 1

    def __post_init__(self) -> None:
        names = self.theorems
        if not isinstance(names, tuple) or not names or len(set(names)) != len(names):
            raise ValueError(f"family needs a tuple of different names of theorems, got {names!r}")
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f"family needs theorems by their names, got {names!r}")
        for what in ("cells", "looks"):
            whole("family", what, getattr(self, what), 1)

    @property
    def size(self) -> int:
        """The number of verdicts."""
        return len(self.theorems) * self.cells * self.looks

    @property
    def words(self) -> str:
        """What it is made of, to be read."""
        parts = [
            (len(self.theorems), "theorem"),
            (self.cells, "cell"),
            (self.looks, "look"),
        ]
        return " x ".join(
            f"{number} {name}{'s' * (number > 1)}"
            for number, name in parts
            if number > 1 or name == "theorem"
        )
