"""The theorems, one paper a file; each file reads like the paper's page.

>>> from theory import results
>>> results.dai2019.sharp.status
'proved'
"""

from theory.results import (
    agarwal2011,
    automatic_coherence,
    cohen2021,
    coherence,
    dai2019,
    desa2015,
    feyzmahdavian2014,
    feyzmahdavian2016,
    free_staleness,
    high_probability,
    ho2013,
    huo2018,
    koloskova2022,
    langford2009,
    lian2015,
    linear_rates,
    mania2017,
    maranjyan2025,
    mishchenko2022,
    pipeline,
    stich2020,
    wu2022,
)
from theory.theorem import Theorem

PAPERS = (
    dai2019,
    agarwal2011,
    automatic_coherence,
    cohen2021,
    coherence,
    desa2015,
    feyzmahdavian2014,
    feyzmahdavian2016,
    free_staleness,
    high_probability,
    ho2013,
    huo2018,
    koloskova2022,
    langford2009,
    lian2015,
    linear_rates,
    mania2017,
    maranjyan2025,
    mishchenko2022,
    pipeline,
    stich2020,
    wu2022,
)


def theorems() -> dict[str, Theorem]:
    """All theorems by name, such as ``"dai2019.sharp"``, in the order of their papers."""
    return {theorem.name: theorem for paper in PAPERS for theorem in paper.THEOREMS}


def find(name: str) -> Theorem:
    """The theorem of that name; ValueError names the ones there are."""
    known = theorems()
    if name not in known:
        raise ValueError(f"there is no theorem {name!r}; there are {', '.join(known)}")
    return known[name]


__all__ = [
    "PAPERS",
    "agarwal2011",
    "automatic_coherence",
    "cohen2021",
    "coherence",
    "dai2019",
    "desa2015",
    "feyzmahdavian2014",
    "feyzmahdavian2016",
    "find",
    "free_staleness",
    "high_probability",
    "ho2013",
    "huo2018",
    "koloskova2022",
    "langford2009",
    "lian2015",
    "linear_rates",
    "mania2017",
    "maranjyan2025",
    "mishchenko2022",
    "pipeline",
    "stich2020",
    "theorems",
    "wu2022",
]
