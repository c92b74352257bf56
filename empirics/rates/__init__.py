r"""Rates of convergence, fitted in the form that theory predicts, as far as replicas tell.

A straight line through a log-log plot has a slope at any window, and a different one at another:
T^{-1/2} + 30/T shows -0.68 over 10^2, ..., 10^5. So a form is fitted, not a slope; the form is
tested against the scatter of the replicas; and wrong forms are fitted beside it.
"""

from empirics.rates.fits import RateFit, fit, forms
from empirics.rates.forms import FORMS, Form
from empirics.rates.slopes import Slope, slope

__all__ = ["FORMS", "Form", "RateFit", "Slope", "fit", "forms", "slope"]
