"""Capture: what runs inside Snakemake's processes and, through the probe, inside the jobs.

Nothing in here may fail a job. Every entry from Snakemake is fenced by `provcap.capture.fence`.
"""
