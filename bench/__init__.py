"""Measurements: what a request costs against what the database alone would take. See README.md."""
