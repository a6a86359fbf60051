"""Siems et al. 2025, equations 3 and 4: several steps of gradient descent for each token.

H_{i,j} = H_{i,j−1} − β_{i,j} (H_{i,j−1} k_{i,j} − v_{i,j}) k_{i,j}ᵀ for j = 1 … n, from H_{i,0} = H_{i−1,n},
o_i = H_{i,n} q_i / √d,  β = 2 σ(W x);  q, k and v as in DeltaNet. The gated one has H_{i,0} = H_{i−1,n} α_i,
with α as in gated DeltaNet, or one for each unit, as in KDA. `key_map` dpfp stands in SiLU's place.
"""

import numpy as np

from references.pieces import double, dpfp, of_unit_length, root_mean_square, sigmoid, silu, softplus
from references.slow_weights import slow


def outputs(cell, options, x):
    def features(vector):
        mapped = dpfp(vector, options.dpfp_order) if options.key_map == "dpfp" else silu(vector)
        return of_unit_length(mapped)

    def decay(now, h):
        """A number, or one for each feature."""
        if options.decay == "none":
            return 1.0
        steps = now.decay if cell.decay_expansion is None else double(cell.decay_expansion) @ now.decay
        steps = steps.reshape(options.heads, -1)[h] + double(cell.decay.bias)[h]
        return np.exp(-np.exp(double(cell.decay.rate)[h]) * softplus(steps))

    memories, states = {}, []
    for now in slow(cell, options, x):
        answers = []
        for h in range(options.heads):
            query = features(now.query[h])
            memory = memories.get(h, np.zeros((now.value.shape[-1], len(query)))) * decay(now, h)
            for j in range(options.writes):
                key, value = features(now.key[j, h]), silu(now.value[j, h])
                rate = options.max_write_rate * sigmoid(now.rate[j, h])
                memory = memory - rate * np.outer(memory @ key - value, key)
            memories[h] = memory
            answers.append(root_mean_square(memory @ query / np.sqrt(len(query)), double(cell.gain)))
        answer = np.concatenate(answers)
        if options.output_gate != "none":
            gate = now.gate if cell.gate_expansion is None else double(cell.gate_expansion) @ now.gate
            answer = answer * {"sigmoid": sigmoid, "silu": silu}[options.output_gate](gate)
        states.append(double(cell.output) @ answer)
    return np.array(states)
