"""Kernels in C++ for what frameworks make slow on a CPU: JAX calls them through its foreign function
interface, PyTorch as C functions.

Every kernel has a form in pure JAX that it equals to rounding, and that runs where no kernel can.
"""
