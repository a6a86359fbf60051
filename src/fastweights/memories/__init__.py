"""Associative memories: `memory.write(key, value)` gives a new memory, `memory.read(query)` a value."""

from fastweights.memories.base import Memory
from fastweights.memories.decaying import DecayingMatrix, DecayingStates, attend

__all__ = ["DecayingMatrix", "DecayingStates", "Memory", "attend"]
