"""Trained models that a run used or made: what their files say, found out after the run and never by loading them."""
