"""Sections of the page: one file for each kind of product, and for what is true of the whole run."""
