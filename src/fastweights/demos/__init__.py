"""Demonstrations: what a chapter of the theory says, at sizes of one's own, as a figure to project.

One file each: a `Demo` under `register_demo`, whose fields are its knobs. `fastweights demo` lists them.
"""

from fastweights.demos.base import Curve, Demo, Demonstration, Graph
from fastweights.registry import register_demo

__all__ = ["Curve", "Demo", "Demonstration", "Graph", "register_demo"]
