"""Tamper evidence: chains over what was recorded, a manifest of what was packed, signatures, a statement for others.

docs/sealing.md says what each of them proves, and what none of them can.
"""
