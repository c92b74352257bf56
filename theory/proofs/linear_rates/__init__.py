"""Rates under the Polyak-Lojasiewicz inequality: constant steps, and steps that adapt."""
