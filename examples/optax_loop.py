"""Your own training loop. (For an Optax optimiser of your own, `fw.fit(…, optimiser=…)` is enough.)

    python examples/optax_loop.py

`fw.partition` splits a model into the arrays that are trained and the rest. λ and η of fast weights are
arrays, so that a search can vary them without compiling again, but they are not trained: they belong to the
rest.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

import fastweights as fw

task = fw.AssociativeRetrieval(num_pairs=2)
data = task.split("train", 20_000)
cell_key, model_key, batch_key = jax.random.split(jax.random.key(0), 3)
cell = fw.FastWeights(100, 50, options=fw.FastWeights.Options(decay=0.9, write_rate=0.5), key=cell_key)
model = fw.SequenceClassifier(cell, task.num_symbols, task.num_classes, key=model_key)

optimiser = optax.chain(optax.clip_by_global_norm(5.0), optax.lion(3e-4))
trained, rest = fw.partition(model)
opt_state = optimiser.init(trained)


def loss(trained, tokens, targets):
    logits = eqx.combine(trained, rest)(tokens)  # (batch, classes)
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()


@jax.jit
def update(trained, opt_state, key):
    rows = jax.random.randint(key, (128,), 0, len(data.targets))
    tokens, targets = jnp.asarray(data.inputs)[rows], jnp.asarray(data.targets)[rows]
    value, gradients = jax.value_and_grad(loss)(trained, tokens, targets)
    changes, opt_state = optimiser.update(gradients, opt_state, trained)
    return optax.apply_updates(trained, changes), opt_state, value


for step, key in enumerate(jax.random.split(batch_key, 1_500), 1):
    trained, opt_state, value = update(trained, opt_state, key)
    if step % 500 == 0:
        print(f"update {step}: loss {value:.4f} nats")

model = eqx.combine(trained, rest)
print(f"validation error {100 * fw.evaluate(model, task.split('validation', 5_000)).error:.2f} %")
print(f"λ = {model.cell.decay:.2f} and η = {model.cell.write_rate:.2f}, as at the start")
