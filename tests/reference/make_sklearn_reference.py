"""Writes sklearn_training.json: what scikit-learn reaches on data that problems here use, too.

    python tests/reference/make_sklearn_reference.py > tests/reference/sklearn_training.json

It imports nothing of this project: data are standardised by scikit-learn, and losses computed from
its predictions. What has to start where ours starts does so at w_k = 0.2 sin(k^2), k = 0, 1, ....
The file in the repository was made with scikit-learn 1.9.1 and NumPy 2.4.6, in about a minute.
"""

import json
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import HuberRegressor, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

WIDTH, BATCH, STEP, EPOCHS, SEEDS = 32, 32, 0.1, 20, 5
NETWORKS = [(depth, "relu") for depth in range(7)] + [(1, "tanh"), (6, "tanh")]
DESCENT = 20  # updates with all rows
L2 = 1e-2

# weight of a row whose residual is s, for scale 1: phi'(s)/s; and the loss phi(s)
ROBUST = {
    "geman-mcclure": (lambda s: (1 + s**2) ** -2, lambda s: s**2 / (1 + s**2) / 2),
    "welsch": (lambda s: np.exp(-(s**2)), lambda s: (1 - np.exp(-(s**2))) / 2),
    "tukey": (
        lambda s: np.where(abs(s) < 1, (1 - s**2) ** 2, 0),
        lambda s: np.where(abs(s) < 1, 1 - (1 - s**2) ** 3, 1) / 6,
    ),
}


def standardised(X):
    """Columns that vary, with mean 0 and variance 1."""
    return StandardScaler().fit_transform(X[:, np.ptp(X, axis=0) > 0])


def network(depth, activation, **options):
    return MLPClassifier(
        hidden_layer_sizes=(WIDTH,) * depth,
        activation=activation,
        solver="sgd",
        alpha=0,
        learning_rate_init=STEP,
        momentum=0,
        nesterovs_momentum=False,
        **options,
    )


def descent(X, y, depth, activation):
    """Losses before each of some updates with all rows, from the start that is given by a formula.

    The first `partial_fit` makes the arrays; they are then filled, and updated in place.
    """
    model = network(depth, activation, batch_size=len(X), shuffle=False)
    model.partial_fit(X, y, classes=np.unique(y))
    taken = 0
    for W, b in zip(model.coefs_, model.intercepts_, strict=True):
        layer = np.arange(taken, taken + W.size + b.size)
        taken += layer.size
        values = (0.2 * np.sin(layer.astype(float) ** 2)).reshape(W.shape[0] + 1, W.shape[1])
        W[...], b[...] = values[:-1], values[-1]  # our layers: the biases are the last row
    losses = []
    for _ in range(DESCENT):
        losses.append(log_loss(y, model.predict_proba(X)))
        model.partial_fit(X, y)
    return losses


def training(X, y, depth, activation):
    """Loss and accuracy of each seed after some epochs of minibatches, from its own start."""
    losses, accuracies = [], []
    for seed in range(SEEDS):
        model = network(
            depth,
            activation,
            batch_size=BATCH,
            max_iter=EPOCHS,
            n_iter_no_change=EPOCHS + 1,
            random_state=seed,
        ).fit(X, y)
        losses.append(log_loss(y, model.predict_proba(X)))
        accuracies.append(model.score(X, y))
    return losses, accuracies


def networks():
    X, y = load_digits(return_X_y=True)
    X = standardised(X)
    for depth, activation in NETWORKS:
        losses, accuracies = training(X, y, depth, activation)
        yield {
            "depth": depth,
            "activation": activation,
            "descent": descent(X, y, depth, activation),
            "losses": losses,
            "accuracies": accuracies,
        }


def logistics():
    """The intercept is the weight of a column of ones and regularised like the others."""
    digits, labels = load_digits(return_X_y=True)
    two = np.isin(labels, (3, 8))
    data = {
        "digits": (digits[two], labels[two]),
        "breast-cancer": load_breast_cancer(return_X_y=True),
        "digits-multinomial": (digits, labels),
    }
    for name, (raw, y) in data.items():
        X = np.column_stack([standardised(raw), np.ones(len(raw))])
        model = LogisticRegression(
            C=1 / (L2 * len(X)), fit_intercept=False, solver="newton-cg", tol=1e-10, max_iter=1000
        ).fit(X, y)
        penalty = L2 / 2 * float(np.square(model.coef_).sum())
        loss = log_loss(y, model.predict_proba(X)) + penalty
        yield {"data": name, "l2": L2, "loss": loss, "accuracy": model.score(X, y)}


def robust():
    """Least squares with weights that the residuals give, again and again, from Huber's fit."""
    raw, y = load_diabetes(return_X_y=True)
    X, y = np.column_stack([standardised(raw), np.ones(len(raw))]), (y - y.mean()) / y.std()
    for name, (weight, phi) in ROBUST.items():
        w = HuberRegressor(fit_intercept=False, max_iter=1000).fit(X, y).coef_
        for _ in range(2000):
            model = LinearRegression(fit_intercept=False)
            w = model.fit(X, y, sample_weight=weight(X @ w - y)).coef_
        yield {"loss": name, "value": float(phi(X @ w - y).mean()), "weights": w.tolist()}
    w = LinearRegression(fit_intercept=False).fit(X, y).coef_
    yield {
        "loss": "squares",
        "value": float(np.square(X @ w - y).mean() / 2),
        "weights": w.tolist(),
    }


def convex():
    """Fits of the diabetes data, and the support vector machine of two digits.

    HuberRegressor chooses a scale, too; at that scale its weights are those of Huber's loss of
    width epsilon times scale.
    """
    raw, y = load_diabetes(return_X_y=True)
    X, y = np.column_stack([standardised(raw), np.ones(len(raw))]), (y - y.mean()) / y.std()
    huber = HuberRegressor(alpha=0, fit_intercept=False, tol=1e-12, max_iter=10000).fit(X, y)
    yield {
        "problem": "huber",
        "width": huber.epsilon * huber.scale_,
        "weights": huber.coef_.tolist(),
    }
    ridge = Ridge(alpha=L2 * len(X), fit_intercept=False).fit(X, y)
    yield {"problem": "ridge", "l2": L2, "weights": ridge.coef_.tolist()}
    raw, y = load_digits(return_X_y=True)
    two = np.isin(y, (3, 8))
    X = np.column_stack([standardised(raw[two]), np.ones(two.sum())])
    s = np.where(y[two] == 8, 1.0, -1.0)
    machine = LinearSVC(
        loss="hinge",
        C=1 / (L2 * len(X)),
        fit_intercept=False,
        tol=1e-10,
        max_iter=10**7,
        random_state=0,
    )
    w = machine.fit(X, s).coef_[0]
    value = np.maximum(1 - s * (X @ w), 0).mean() + L2 / 2 * w @ w
    yield {"problem": "hinge", "l2": L2, "value": float(value)}


def factors():
    """The first rows of the digits as a matrix of ratings: all of them, and two in three."""
    R = load_digits().data[:60] / 16
    for rank in (2, 3):
        svd = TruncatedSVD(rank, algorithm="arpack", tol=1e-12).fit(R)
        left = R - svd.inverse_transform(svd.transform(R))
        yield {"rank": rank, "l2": 0.0, "known": "all", "value": float(np.square(left).mean() / 2)}
    i, j = np.indices(R.shape)
    known = (i + 2 * j + i * j) % 3 != 0
    yield {"rank": 2, "l2": 1e-3, "known": "two in three", "value": alternating(R, known, 2, 1e-3)}


def alternating(R, known, rank, l2):
    """Least squares for users and items in turn until nothing changes; best of some starts."""
    N, best = known.sum(), np.inf
    for seed in range(5):
        rng = np.random.default_rng(seed)
        U, V = rng.standard_normal((R.shape[0], rank)), rng.standard_normal((R.shape[1], rank))
        value = np.inf
        for _ in range(3000):
            for mine, other, S, here in ((U, V, R, known), (V, U, R.T, known.T)):
                for row in range(len(mine)):
                    ridge = Ridge(alpha=l2 * N, fit_intercept=False, solver="cholesky")
                    mine[row] = ridge.fit(other[here[row]], S[row, here[row]]).coef_
            before, error = value, (U @ V.T - R)[known]
            value = float(error @ error / (2 * N) + l2 / 2 * (np.square(U).sum() + (V**2).sum()))
            if before - value < 1e-13:
                break
        best = min(best, value)
    return best


def write():
    """One case a line."""
    facts = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
    setting = {"width": WIDTH, "batch": BATCH, "step": STEP, "epochs": EPOCHS}
    tables = {
        "networks": networks,
        "logistics": logistics,
        "robust": robust,
        "convex": convex,
        "factors": factors,
    }
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases()) + "\n]"
        for name, cases in tables.items()
    ]
    print(json.dumps({**facts, **setting})[:-1] + ",\n" + ",\n".join(parts) + "}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a network that has not converged says so every time
    write()
