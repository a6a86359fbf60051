"""The recurrences of the kernels in NumPy, step by step; every one gives outputs and last states."""

import numpy as np

Results = tuple[np.ndarray, np.ndarray]


def remember(query, key, value, decay, lookup, erase, state) -> Results:
    """S ← S Diag(a) − (S r) eᵀ + v wᵀ,  y = S q, for one sequence; e = w where there is no e."""
    state, outputs = state.copy(), np.zeros_like(value)
    for t in range(query.shape[1]):
        for head, memory in enumerate(state[0]):
            now = (0, t, head)
            after = memory * (1 if decay is None else decay[now])
            if lookup is not None:
                after = after - np.outer(memory @ lookup[now], (key if erase is None else erase)[now])
            memory[:] = after + np.outer(value[now], key[now])
            outputs[now] = memory @ query[now]
    return outputs, state


def attend(table, state, recurrent, gains, biases, weights, *, chunk: int) -> Results:
    """Method 1 with two inner steps, each with its normalisation inside; see attending_steps.h."""
    units = recurrent.shape[1]
    projections = table.reshape(len(state), -1, units)
    outputs = np.zeros_like(projections)
    for out, given, inputs in zip(outputs, state, projections, strict=True):
        past, memory = [given[:units]], given[units:].reshape(units, units)
        for t, projection in enumerate(inputs):
            if t and t % chunk == 0:
                m, *written = weights[chunk, : chunk + 1]
                memory = m * memory + sum(w * np.outer(h, h) for w, h in zip(written, past, strict=False))
                past = past[-1:]
            summed = recurrent @ past[-1] + projection
            hidden = np.maximum(summed, 0)
            m, *matched = weights[t % chunk]
            for gain, bias in zip(gains, biases, strict=True):
                answer = m * memory @ hidden
                answer += sum(w * (h @ hidden) * h for w, h in zip(matched, past, strict=False))
                hidden = np.maximum(_normalised(summed + answer, gain, bias), 0)
            past.append(hidden)
            out[t] = hidden
    return outputs, outputs[:, -1]


def lstm(table, state, recurrent, gains, biases) -> Results:
    """With layer normalisation of the gates i, f, o, g and of the cell, whose gain and bias come last."""
    units = recurrent.shape[1]
    projections = table.reshape(len(state), -1, 4 * units)
    outputs, last = np.zeros((*projections.shape[:2], units)), np.zeros_like(state)
    for sequence, inputs in enumerate(projections):
        cell, hidden = np.split(state[sequence], 2)
        for t, projection in enumerate(inputs):
            sums = (recurrent @ hidden + projection).reshape(4, units)
            i, f, o, g = (_normalised(*one) for one in zip(sums, gains[:4], biases[:4], strict=True))
            cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
            hidden = _sigmoid(o) * np.tanh(_normalised(cell, gains[4], biases[4]))
            outputs[sequence, t] = hidden
        last[sequence] = np.concatenate([cell, hidden])
    return outputs, last


def associate(table, state, recurrent, *, orders: np.ndarray, heads: int) -> Results:
    """The associative LSTM with the mean over heads; see associative_lstm.h."""
    rows, units = recurrent.shape
    half, copies = units // 2, len(orders)
    projections = table.reshape(len(state), -1, rows)
    outputs, last = np.zeros((*projections.shape[:2], units)), np.zeros_like(state)
    for sequence, inputs in enumerate(projections):
        given = state[sequence]
        hidden, memory = given[-units:], _complex(given[:-units].reshape(copies, 2, half))
        for t, projection in enumerate(inputs):
            sums = (recurrent @ hidden + projection).reshape(-1, half)
            f, i, o = np.split(_sigmoid(sums[: 1 + 2 * heads]), [1, 1 + heads])
            u, k, q = np.split(_bounded(_complex(sums[1 + 2 * heads :].reshape(-1, 2, half))), 3)
            memory = f * memory + sum(k[n][orders] * (i[n] * u[n]) for n in range(heads))
            answers = [o[n] * _bounded(np.mean(q[n][orders] * memory, axis=0)) for n in range(heads)]
            answer = np.mean(answers, axis=0)
            hidden = np.concatenate([answer.real, answer.imag])
            outputs[sequence, t] = hidden
        last[sequence] = np.concatenate([np.stack([memory.real, memory.imag], axis=1).ravel(), hidden])
    return outputs, last


def _normalised(x, gain, bias):
    return gain * (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5) + bias


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _complex(parts):
    return parts[..., 0, :] + 1j * parts[..., 1, :]


def _bounded(z):
    return z / np.maximum(1, np.abs(z))
