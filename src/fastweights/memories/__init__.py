"""Associative memories: `memory.write(key, value)` gives a new memory, `memory.read(query)` a value."""

from fastweights.memories.base import EnergyMemory, Memory
from fastweights.memories.decaying import DecayingMatrix, DecayingStates
from fastweights.memories.delta_rule import DeltaRule
from fastweights.memories.gated import GatedDeltaRule, GatedMatrix, GeneralisedDeltaRule
from fastweights.memories.hopfield import Hopfield
from fastweights.memories.linear_attention import LinearAttentionMemory
from fastweights.memories.outer_product import OuterProduct
from fastweights.memories.pseudo_inverse import PseudoInverse
from fastweights.memories.softmax_hopfield import SoftmaxHopfield
from fastweights.memories.writes import Write, written

__all__ = [
    "DecayingMatrix",
    "DecayingStates",
    "DeltaRule",
    "EnergyMemory",
    "GatedDeltaRule",
    "GatedMatrix",
    "GeneralisedDeltaRule",
    "Hopfield",
    "LinearAttentionMemory",
    "Memory",
    "OuterProduct",
    "PseudoInverse",
    "SoftmaxHopfield",
    "Write",
    "written",
]
