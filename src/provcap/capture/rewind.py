"""The seed that R took by itself, from the state of its Mersenne Twister after any use.

R fills a state that nobody seeded from 32 bits of clock and process number, by steps of x → 69069·x + 1 (R sources,
src/main/RNG.c, Randomize and RNG_Init). A twist of the generator can be undone (Matsumoto & Nishimura 1998,
doi:10.1145/272991.272995), so twist after twist is undone until the state has that form. ``set.seed`` of the seed that
was found gives the same numbers again.
"""

from __future__ import annotations

SIZE, OFFSET = 624, 397
STEP, SCRAMBLES = 69069, 50
INVERSE = pow(STEP, -1, 1 << 32)
MAX_TWISTS = 2000  #: 624 numbers each, about 0.4 ms each
_WORD = 0xFFFFFFFF
_MERSENNE_TWISTER = 3  #: the last two digits of the first number of .Random.seed


def seed_of(state: list[int]) -> int | None:
    """The argument of set.seed that leads to the R state `state` (.Random.seed); None when none can be found."""
    if len(state) != SIZE + 2 or state[0] % 100 != _MERSENNE_TWISTER:
        return None
    words = [number & _WORD for number in state[2:]]
    for _ in range(MAX_TWISTS):
        seed = _seed(words)
        if seed is not None:
            return seed
        _untwist(words)
    return None


def _seed(words: list[int]) -> int | None:
    """The seed, when each word but the first follows from the one before it.

    Of the first word an undone twist knows the highest bit alone.
    """
    if any((STEP * words[i] + 1) & _WORD != words[i + 1] for i in (1, 2, 3)):
        return None
    value = words[1]
    for _ in range(SCRAMBLES + 3):  # the first word of R's array is the position, which takes one step too
        value = (value - 1) * INVERSE & _WORD
    signed = value - (1 << 32) if value >> 31 else value
    return None if signed == -(1 << 31) else signed  # which is NA in R


def _untwist(words: list[int]) -> None:
    """Replace the state by the one before its last twist; of word 0 only the highest bit is right."""
    for i in range(SIZE - 1, -1, -1):
        high = _half(words[i] ^ words[(i + OFFSET) % SIZE]) & 0x80000000
        low = _half(words[i - 1] ^ words[i + OFFSET - 1 if i + OFFSET - 1 < SIZE else i + OFFSET - 1 - SIZE])
        words[i] = high | low & 0x7FFFFFFF


def _half(mixed: int) -> int:
    """Undo y → (y >> 1) ^ (y & 1) * 0x9908B0DF."""
    return ((mixed ^ 0x9908B0DF) << 1 | 1) & _WORD if mixed >> 31 else mixed << 1 & _WORD
