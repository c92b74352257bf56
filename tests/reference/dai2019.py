"""Formulas and numbers on Dai et al. 2019, typed from the audit of its Theorem 1, by hand.

Source: the audit (sections 5.1 to 5.4) and the exact worst cases (performance estimation by
semidefinite programming, four to six digits). Never imported by the packages.
"""

from sympy import Sum, log, sqrt

from theory.symbols import Delta, L, T, k, m, mu, n, s, sigma

S_n, H_n = Sum(1 / sqrt(k), (k, 1, n)), Sum(1 / k, (k, 1, n))

# (A), with the multiplicity m in the place of s
SHARP = (m * L * Delta / mu**2 + sigma**2 * H_n / (2 * m)) / (S_n - H_n / 2 + m / (2 * mu**2))

# (C), with n = T - 1
SINGLE_USE = ((1 + mu**2 * Sum(1 / k, (k, 1, s - 1))) * L * Delta / mu**2 + sigma**2 * H_n / 2) / (
    S_n - H_n / 2 + 1 / (2 * mu**2)
)

# section 5.3, before the last gradient is used: T steps, minimum over k = 1..T
REUSE_WITHOUT_TAIL = (s**2 * L * Delta / mu**2 + (2 * s - 1) * sigma**2 * H_n / (2 * s**2)) / (
    S_n - H_n / 2
)

# section 5.4
CONSTANT_STEP = 2 * m * L * Delta / (mu**2 * T) + (2 / mu) * sqrt(2 * L * Delta * sigma**2 / T)

# (*), the printed bound as recalled
PUBLISHED = (s * L * Delta / mu**2 + sigma**2 * log(T) / s) / sqrt(T)

# section 5.2 (c): the least s/mu^2 for which the first term follows from (A), T = 1..5, and the
# noise term at T = 2, 3 (the values are rounded to three digits)
FIRST_TERM_NEEDS = {1: 2.000, 2: 1.828, 3: 1.550, 4: 1.264, 5: 0.987}
NOISE_TERM_NEEDS = {2: 1.040, 3: 0.451}
FROM_ZERO_AT_TWO_NEEDS = 1.146

# section 5.2 (d): exact worst case / (*), noise-free, over all delay patterns; (s, mu): T = 1..6
WORST_CASE_RATIO = {
    (1, "1.0"): (2.000, 1.131, 0.945, 0.860, 0.809, 0.775),
    (1, "0.9"): (1.620, 0.957, 0.810, 0.741, 0.701, 0.673),
    (1, "0.8"): (1.280, 0.794, 0.682, 0.629, 0.598, 0.576),
    (2, "1.0"): (1.000, 0.754, 0.687, 0.655, 0.635, 0.621),
    (2, "0.8"): (0.640, 0.526, 0.495, 0.481, 0.471, 0.464),
    (3, "1.0"): (0.667, 0.585, 0.562, 0.551, 0.544, 0.539),
    (3, "0.6"): (0.240, 0.246, 0.252, 0.256, 0.259, 0.262),
}

# exact worst case with the paper's steps, constant delay s - 1, L = Delta = 1; (s, mu): {T: value}
WORST_CASE = {
    (1, "1"): {2: 0.80000, 6: 0.31637, 11: 0.20882, 31: 0.11005},
    (2, "0.5"): {2: 1.36170, 6: 0.78601, 11: 0.58497, 31: 0.35288},
    (2, "1"): {2: 1.06667, 6: 0.50681, 11: 0.35368, 31: 0.19830},
    (4, "0.5"): {2: 1.61006, 6: 1.11806, 11: 0.89737, 31: 0.59500},
    (4, "1"): {2: 1.36170, 6: 0.78601, 11: 0.58497, 31: 0.35288},
    (7, "1"): {2: 1.56800, 6: 1.05261, 11: 0.83171, 31: 0.54086},
}
