r"""The proof of `theory.results.cohen2021`, in three parts.

Notation: a_t = |grad F(x_t)|^2, b_t = |grad F(y_t)|^2 at the point read, theta_t = 4 L eta_t, which
is 1 if the gradient is applied and 0 if it is dropped. As long as no a_t is below eps^2,

* `applied`: such a gradient is close to the present one, so F falls by 3/8 eta_t (a_t + b_t);
* `dropped`: such a gradient has seen the b_j of its window add up to eps^2;
* `rounds`: the second, summed over all windows no longer than W, of which each update meets at most
  W, and the first together say how long this can go on.
"""
