# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What a memory can hold
#
# A memory stores values under keys. Five rules of how to write one have been proposed between 1949 and 2020. How many pairs
# can each hold, before the answers are noise? We measure it, beside the formulas of [the chapter](../theory/memories.md).
#
# ## Hebb's rule by hand
#
# \( M \leftarrow M + v k^\top \): strengthen what is active together. A stored key brings back its value, and a little of
# every other pair whose key is not orthogonal to it, the *crosstalk*.

# %%
import textwrap

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from fastweights.demos.capacity import Capacity
from fastweights.memories import OuterProduct


def unit_vectors(seed, *shape):
    drawn = np.random.default_rng(seed).standard_normal(shape)
    return jnp.asarray(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True))


keys, values = unit_vectors(0, 3, 16), jnp.asarray([[1.0], [2.0], [3.0]])
memory = OuterProduct.empty(16, 1).store(keys, values)
for key, value in zip(keys, values, strict=True):
    print(f"stored {value[0]:.0f}, recalled {memory.read(key)[0]:.2f}")

# %% [markdown]
# With orthogonal keys all three would be exact. Random keys in \( R \) dimensions overlap by about \( 1/\sqrt R \), and
# the overlaps of \( N - 1 \) other pairs add up: the expected squared error is \( (N-1)/R \), exactly.
#
# ## Five rules
#
# `fastweights demo capacity` has the experiment, for any size; here as a function. Every point is a mean over 20 memories
# with keys and values of their own, and the lines are theory.

# %% alt="Squared error of recall against the number of pairs, for five memories of 48 units, beside theory"
shown = Capacity(units=48, pairs=96, decay=0.95, repeats=20).demonstrate()
graph = shown.graphs[0]


def draw(curves):
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for i, curve in enumerate(curves):
        axes.plot(curve.x, curve.y, "o", color=f"C{i}", markersize=4, label=curve.name)
        axes.plot(curve.x, curve.theory, color=f"C{i}")
    axes.axhline(1, color="0.5", linestyle="--", label="an answer of 0")
    axes.set(xlabel=graph.x_label, ylabel=graph.y_label)
    axes.legend(frameon=False, fontsize=8)
    plt.show()


draw(graph.curves)
print(textwrap.fill(shown.seen, 80))

# %% [markdown]
# From the left to the right:
#
# - **Hebb** (`outer-product`) has an error from the second pair on, and grows in a straight line. At \( N = R + 1 \) the
#   crosstalk is as large as the value.
# - The **decaying** memory, \( M \leftarrow \lambda M + v k^\top \), gives up old pairs, even where there is room. For
#   that its crosstalk ends at \( 1/(R (1 - \lambda^2)) \), where Hebb's grows for ever: so the lines cross.
# - The **delta rule** writes only what the memory gets wrong, \( M \leftarrow M + (v - M k) k^\top \), and halves the error.
# - The **pseudo-inverse** is the best matrix there can be. No error up to \( N = R \), and not one pair more: a matrix of
#   \( R \) columns has no room. Beyond, \( 1 - R/N \) is lost.
# - The **softmax** memory keeps all pairs and compares with each. It is attention; the number of pairs that it tells apart
#   grows exponentially with \( R \), and it pays by growing.
#
# The largest deviation of a point from its line, in standard errors:

# %%
for curve in graph.curves:
    clear = curve.standard_error > 1e-9  # below, there is rounding alone
    off = abs(curve.y - curve.theory)[clear] / curve.standard_error[clear]
    print(f"{curve.name:>16}: {np.max(off):.1f}")

# %% [markdown]
# ## The last few pairs
#
# A mean over all pairs is unfair to the decaying memory: it is meant to know the *last* ones. Which decay is best depends
# on how far back one asks. Here is what each decay makes of the pair that was stored \( a \) pairs ago: the ratio of its
# signal, \( \lambda^{2a} \), to the crosstalk of all others, \( 1/(R (1 - \lambda^2)) \).

# %% alt="Ratio of signal to crosstalk against the age of a pair, for four decays"
ages = np.arange(0, 40)
figure, axes = plt.subplots(figsize=(6.4, 3.4))
for decay in (0.8, 0.9, 0.95, 0.99):
    axes.semilogy(ages, 48 * (1 - decay**2) * decay ** (2 * ages), label=f"λ = {decay}")
axes.axhline(1, color="0.5", linestyle="--", label="signal = crosstalk")
axes.set(xlabel="age a of the pair", ylabel="signal² / crosstalk", ylim=(0.05, 50))
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# No curve is on top everywhere: at age \( a \) the best is \( \lambda^2 = a/(a+1) \). Whoever wants one pair ten steps
# back takes 0.95, which is the value in the paper of [Ba et al.](../theory/fast-weights.md)
#
# ## Something surprising
#
# More units, less crosstalk: \( (N-1)/R \). So a memory of 1,024 units should hold 32 pairs with hardly an error. Now let
# the keys have *no negative entries*, as the outputs of ReLUs do.


# %% alt="Hebb's squared error with 16 pairs against the number of units: it falls for signed keys and does not fall for keys without negative entries"
def hebb_error(keys, values):
    answers = OuterProduct.empty(keys.shape[-1], values.shape[-1]).store(keys, values).read(keys)
    return float(jnp.mean(jnp.sum((answers - values) ** 2, axis=-1)))


sizes, kinds = (16, 64, 256, 1024), {"signed": [], "not negative": [], "not negative, mean subtracted": []}
for size in sizes:
    signed, some = unit_vectors(1, 16, size), unit_vectors(2, 16, 16)
    positive = abs(signed)
    centred = positive - positive.mean(axis=0)
    centred /= jnp.linalg.norm(centred, axis=-1, keepdims=True)
    for name, of_kind in zip(kinds, (signed, positive, centred), strict=True):
        kinds[name].append(hebb_error(of_kind, some))

figure, axes = plt.subplots(figsize=(6.4, 3.4))
for name, errors in kinds.items():
    axes.loglog(sizes, errors, "o-", label=name)
axes.set(xlabel="units R", ylabel="squared error of 16 pairs")
axes.legend(frameon=False, fontsize=8)
plt.show()
for name, errors in kinds.items():
    print(f"{name:>30}: " + ", ".join(f"{error:.2f}" for error in errors))

# %% [markdown]
# The orange line does not fall: a memory sixty-four times as large is no better. Vectors without negative entries all
# point into the same corner of space; any two of them have a cosine of about \( 2/\pi \), however many dimensions there
# are. Subtract their mean, and more units help again. The states of fast weights come out of ReLUs: what follows from
# that is computed in [the chapter](../theory/memories.md#states-are-not-negative).
