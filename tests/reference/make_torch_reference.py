"""Writes torch_optimisers.json: iterates of PyTorch's optimisers, to compare ours with.

    python tests/reference/make_torch_reference.py > tests/reference/torch_optimisers.json

It needs PyTorch, which this project does not: the file in the repository was made with 2.13.0 (CPU,
double precision). Twenty steps on f(x) = sum h_i x_i^2/2, whose curvatures differ by 10^4, with
step sizes eta/sqrt(t + 1), so that a step size that is taken up at the wrong time shows.
"""

import json
import math

SPECTRUM = [1e-3, 0.1, 1.0, 10.0]
START = [1.0, -2.0, 0.5, 1.5]
STEPS = 20

# our name, our parameters, and PyTorch's
OPTIMISERS = [
    ("SGD", {}, 0.05, "SGD", {}),
    ("Momentum", {}, 0.05, "SGD", {"momentum": 0.9}),
    ("Momentum", {"beta": 0.5}, 0.05, "SGD", {"momentum": 0.5}),
    ("Momentum", {"nesterov": True}, 0.05, "SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adagrad", {}, 0.5, "Adagrad", {}),
    (
        "Adagrad",
        {"epsilon": 0.1, "initial": 0.25},
        0.5,
        "Adagrad",
        {"eps": 0.1, "initial_accumulator_value": 0.25},
    ),
    ("RMSProp", {}, 0.05, "RMSprop", {}),
    ("RMSProp", {"decay": 0.9, "epsilon": 1e-3}, 0.05, "RMSprop", {"alpha": 0.9, "eps": 1e-3}),
    ("RMSProp", {"momentum": 0.9}, 0.05, "RMSprop", {"momentum": 0.9}),
    ("Adam", {}, 0.1, "Adam", {}),
    (
        "Adam",
        {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.01},
        0.1,
        "Adam",
        {"betas": (0.5, 0.75), "eps": 0.01},
    ),
    ("AMSGrad", {}, 0.1, "Adam", {"amsgrad": True}),
    ("AMSGrad", {"beta2": 0.75}, 0.1, "Adam", {"betas": (0.9, 0.75), "amsgrad": True}),
    ("AdamW", {}, 0.1, "AdamW", {}),
    ("AdamW", {"weight_decay": 0.5}, 0.1, "AdamW", {"weight_decay": 0.5}),
]


def iterates(kind: str, options: dict, eta: float) -> list[list[float]]:
    """x_0, ..., x_20."""
    import torch

    h = torch.tensor(SPECTRUM, dtype=torch.float64)
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, kind)([x], lr=eta, **options)
    path = [x.tolist()]
    for t in range(STEPS):
        optimiser.param_groups[0]["lr"] = eta / math.sqrt(t + 1)
        optimiser.zero_grad()
        (h * x * x / 2).sum().backward()
        optimiser.step()
        path.append(x.tolist())
    return path


def write() -> None:
    """One case a line."""
    import torch

    cases = [
        json.dumps({"kind": ours, "options": given, "eta": eta, "iterates": iterates(kind, o, eta)})
        for ours, given, eta, kind, o in OPTIMISERS
    ]
    facts = {"torch": torch.__version__, "spectrum": SPECTRUM, "start": START}
    rows = ",\n".join(cases)
    print(json.dumps(facts)[:-1] + ', "cases": [\n' + rows + "\n]}")


if __name__ == "__main__":
    write()
