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
# # First steps
#
# A string such as `c9k8j3??k` names some letters with a digit each, and then asks for one of them: `k`, so the answer is
# `8`. A network reads it one symbol at a time. When the question comes, the pairs are gone from its input: it must have
# *bound* each digit to its letter. We train a small network that can, look at what it attends to, and put an LSTM beside
# it.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import fastweights as fw

task = fw.AssociativeRetrieval(num_pairs=3)
train, validation, test = (
    task.split("train", 30_000),
    task.split("validation", 2_000),
    task.split("test", 5_000),
)
for i in range(3):
    print(task.decode(test.inputs[i]), "→", task.class_name(int(test.targets[i])))

# %% [markdown]
# How well can a model do that remembers *which* digits there were, but not behind which letters? It names the one that
# occurred most often. That error is the floor; below it, a network has learned to associate.

# %%
print(f"guessing: {100 * task.floor():.1f} % wrong")


# %% [markdown]
# ## Two networks
#
# Both have 50 units, and get the same training: 1,000 updates on 128 strings each. An LSTM keeps what it knows in 100
# numbers. Fast weights have, beside their state \( h \), a matrix \( A \) that every step changes:
#
# \[ A(t) = \lambda A(t-1) + \eta\, h(t)\, h(t)^\top . \]
#
# What the matrix adds to the next state is \( A h \), a sum over all earlier states, each as strong as it is similar to
# \( h \). So a state that has seen `k` calls back the state that saw `k8`.


# %%
def trained(cell):
    model = fw.SequenceClassifier(cell, task.num_symbols, task.num_classes, key=jax.random.key(1))
    options = fw.TrainingOptions(updates=1_000, evaluate_every=100, learning_rate=6e-3)
    return fw.fit(model, train, validation, options=options)


runs = {
    "LSTM": trained(fw.LSTM(50, 50, key=jax.random.key(0))),
    "fast weights": trained(fw.FastWeights(50, 50, key=jax.random.key(0))),
}
for name, run in runs.items():
    parameters = sum(leaf.size for leaf in jax.tree.leaves(run.model.cell))
    error = 100 * fw.evaluate(run.model, test).error
    print(f"{name}: {error:.1f} % wrong, {parameters:,} parameters in the cell")

# %% alt="Validation error against updates: the LSTM stays near the floor, fast weights fall below it"
figure, axes = plt.subplots(figsize=(6, 3.2))
for name, run in runs.items():
    updates = [point.update for point in run.curve]
    axes.plot(updates, [100 * point.validation_error for point in run.curve], label=name)
axes.axhline(100 * task.floor(), color="0.5", linestyle="--", label="guessing")
axes.set(xlabel="updates", ylabel="validation error, %", ylim=(0, 100))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## What it looks at
#
# Unrolled, \( A h \) is a weighted sum over earlier states, so the weights can be looked at: they are the network's
# attention, although nobody built attention into it. Rows of the picture are the steps that read, columns the states that
# are read, named by the symbol that they came after.

# %% alt="Attention of each step to each earlier state, for one string"
question = "c9k8j3??k"
model = runs["fast weights"].model
attention = np.array(model.attention(jnp.asarray(task.encode(question))))
answer = task.class_name(int(model(jnp.asarray(task.encode(question))).argmax()))
print(f"{question} → {answer}")

figure, axes = plt.subplots(figsize=(4.4, 3.8))
image = axes.imshow(attention, cmap="cividis")
axes.set_xticks(range(len(question)), question)
axes.set_yticks(range(len(question)), question)
axes.set(xlabel="state after", ylabel="read after")
figure.colorbar(image, label="weight")
plt.show()

# %% [markdown]
# The last row is the question. Its largest weights belong to the states after `k` and after `8`: to the pair that was
# asked for. And the second `?` finds the first one, which is what it is most like.
#
# ## Something surprising
#
# \( \lambda \) is not trained: it is a number that we chose, 0.9 or so, and it can be changed *after* training. What does
# the same network answer with another one?

# %% alt="Test error against the decay λ that the trained network is run with"
decays = [0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0]
errors = []
for decay in decays:
    changed = eqx.tree_at(lambda model: model.cell.decay, model, jnp.asarray(decay))
    errors.append(100 * fw.evaluate(changed, test).error)

figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(decays, errors, "o-")
axes.axhline(100 * task.floor(), color="0.5", linestyle="--", label="guessing")
axes.set(xlabel="λ at test time", ylabel="test error, %", ylim=(0, 100))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# With \( \lambda = 0 \) the matrix forgets everything but the last state, and the network is worse than a guesser who
# counts. So what it knows of a string is in the matrix, and not in its 50 units: the weights that training found only
# know *how to use* a memory.
#
# Next: [a cell of one's own](a-cell-of-ones-own.md), or [what a memory can hold](what-a-memory-can-hold.md). The
# derivations are in [Fast weights](../theory/fast-weights.md).
