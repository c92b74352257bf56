"""Proofs too long for the page that states their theorems, a folder for each paper."""
