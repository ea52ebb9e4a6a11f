"""Identifiers of people, organisations, publications, instruments and software: their forms and check digits."""

from __future__ import annotations
