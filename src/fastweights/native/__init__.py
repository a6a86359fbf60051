"""Kernels in C++ for what XLA's CPU compiler makes slow, called through JAX's foreign function interface.

Every kernel has a form in pure JAX that it equals to rounding, and that runs where no kernel can.
"""
