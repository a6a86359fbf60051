"""What programmers are drawn from: the distributions of the reference implementations.

PyTorch's own for linear layers and convolutions, ± 1/√inputs; those of fla-org/flash-linear-attention (layers
gla, gated_deltanet and kda) for decays; equation 8 of Sun et al. 2023 for retention's; state-spaces/mamba
(mamba_ssm/modules/mamba2.py) for Mamba-2; NX-AI/xlstm for mLSTM; BlinkDL/RWKV-LM for RWKV-7.
"""

import jax
import numpy as np
import pytest

from cases import EVERY_PROGRAMMER, Case, each
from cells.distributions import assert_normal
from fastweights import registry
from fastweights.cells.programmers.decays import ExponentialDecay, SigmoidDecay, retention

HEADS = 1500
KEY = jax.random.key(3)


def assert_uniform(array, low, high):
    """Within the bounds, up to the bounds, and as many below each number as there should be.

    Of n numbers the least is farther than 14/n of the range from its bound once in 10⁶ draws, and the shares
    below some number are off by 2/√n once in 1500 (Kolmogorov): a bound that is off by 4 % is noticed.
    """
    shares, count = np.sort((np.asarray(array, float).ravel() - low) / (high - low)), array.size
    assert count >= 1000
    assert -1e-6 <= shares[0] < 14 / count and 1 - 14 / count < shares[-1] <= 1 + 1e-6
    expected = np.arange(1, count + 1) / count
    assert np.max(np.abs(shares - expected)) < 2 / count**0.5


def symmetric(array, inputs):
    assert_uniform(array, -1 / inputs**0.5, 1 / inputs**0.5)


# What stands in W has another distribution for each part there.
_OTHERWISE = ("rwkv-7",)


@each(
    [Case(name) for name in dict.fromkeys(case.name for case in EVERY_PROGRAMMER) if name not in _OTHERWISE]
)
def test_matrices_are_uniform_in_one_over_the_root_of_their_inputs(case):
    cell_class = registry.cells[case.name]
    options = cell_class.Options(heads=300, key_size=3, value_size=2)
    cell = cell_class(7, 5, options=options, key=KEY)
    rows = np.asarray(cell.input)
    symmetric(rows[rows.any(axis=1)], 7)  # those of a gate may be 0
    symmetric(cell.output, 600)
    if options.convolution:
        symmetric(cell.convolution, 4)
    if getattr(options, "decay_rank", 0):
        symmetric(cell.decay_expansion, 16)
    if options.output_gate_rank:
        symmetric(cell.gate_expansion, 16)
    if options.output_norm == "rms":
        np.testing.assert_array_equal(cell.gain, np.ones_like(cell.gain))


def test_decays_of_heads_are_those_of_gated_deltanet():
    """A ~ U(0, 16); steps log-uniform from 0.001 to 0.1, the bias being their inverse softplus."""
    decay = ExponentialDecay(HEADS, 1, least_rate=1e-6, key=KEY)
    assert_uniform(np.exp(decay.rate), 0, 16)
    assert_uniform(np.log(np.logaddexp(0, np.asarray(decay.bias, float))), np.log(0.001), np.log(0.1))


def test_decays_of_units_are_those_of_kda():
    """A ~ U(1, 16) for each head; steps log-uniform from 0.001 to 0.1 for each unit."""
    options = registry.cells["kda"].Options(heads=HEADS, key_size=3, value_size=1)
    decay = registry.cells["kda"](2, 3, options=options, key=KEY).decay
    assert_uniform(np.exp(decay.rate), 1, 16)
    assert_uniform(np.log(np.logaddexp(0, np.asarray(decay.bias, float))), np.log(0.001), np.log(0.1))


def test_the_bias_of_a_decay_by_way_of_few_units_is_that_of_their_linear_layer():
    symmetric(SigmoidDecay(HEADS, 3, fan=16, key=KEY).bias, 16)
    case = registry.cells["gla"](7, 4, key=KEY)
    assert float(np.max(np.abs(case.decay.bias))) <= 1 / 16**0.5


def test_which_decays_a_cell_has():
    of_heads = registry.cells["gated-deltanet"](3, 4, key=KEY).decay
    of_units = registry.cells["kda"](3, 4, key=KEY).decay
    assert (of_heads.bias.shape, of_units.bias.shape) == ((1, 1), (1, 4))
    assert float(of_heads.bias[0, 0]) < -2 and float(np.max(of_units.bias)) < -2 and np.ptp(of_units.bias) > 0


def test_mamba_2_is_that_of_its_authors():
    """A ~ U(1, 16), steps as in gated DeltaNet, D = 1, PyTorch's bias of a convolution."""
    cell_class = registry.cells["mamba-2"]
    cell = cell_class(2, 3, options=cell_class.Options(heads=HEADS, value_size=1, key_size=1), key=KEY)
    assert_uniform(np.exp(cell.decay.rate), 1, 16)
    assert_uniform(np.log(np.logaddexp(0, np.asarray(cell.decay.bias, float))), np.log(0.001), np.log(0.1))
    symmetric(cell.convolution_bias, 4)
    np.testing.assert_array_equal(cell.skip, np.ones(HEADS))


def test_mlstm_is_that_of_its_authors():
    """Gates that see nothing at first: b_i ~ N(0, 0.1), b_f from 3 to 6 over the heads."""
    cell_class = registry.cells["mlstm"]
    cell = cell_class(2, 3, options=cell_class.Options(heads=HEADS, value_size=1, key_size=1), key=KEY)
    assert not cell.input[3 * HEADS : 5 * HEADS].any() and cell.input[: 3 * HEADS].all()
    assert_normal(cell.input_gate_bias, 0.1)
    np.testing.assert_allclose(cell.forget_gate_bias, np.linspace(3, 6, HEADS), rtol=1e-6)
    assert cell_class(2, 3, key=KEY).forget_gate_bias == 3


def test_rwkv_7_is_that_of_its_authors():
    """Of 3 heads of 5 units, in the first layer of BlinkDL/RWKV-LM (RWKV-v7/train_temp/src/model.py)."""
    cell_class = registry.cells["rwkv-7"]
    cell = cell_class(400, 12, options=cell_class.Options(heads=3, key_size=5, value_size=4), key=KEY)
    receptance, key, value, rest = np.split(np.asarray(cell.input), [15, 30, 42])
    for matrix, scale in ((receptance, 0.5), (key, 0.05), (value, 0.5)):
        assert_uniform(matrix, -scale / 20, scale / 20)
    assert not rest.any()
    for matrix in (cell.decay_expansion, cell.rate_expansion, cell.gate_expansion):
        product = np.asarray(matrix @ matrix.T if len(matrix) < 32 else matrix.T @ matrix)
        square = 0.01 * max(1, 32 / len(matrix))
        np.testing.assert_allclose(product, square * np.eye(len(product)), atol=1e-6)
    for i in range(15):
        h, n = divmod(i, 5)
        place = [-1, -0.25, 0, 0.25, 1][n]
        assert cell.decay_bias[h, n] == pytest.approx(-5.5 + 6 * i / 14 + 2.5 * place, abs=1e-5)
        assert cell.rate_bias[h, n] == pytest.approx(-0.39 + 0.3 * place + 0.4 * i / 14, abs=1e-6)
        assert cell.removal[h, n] == pytest.approx(0.76 - 0.1 * i / 14, abs=1e-6)
    np.testing.assert_allclose(cell.replacement, np.full((3, 5), 1.02))
    np.testing.assert_allclose(cell.bonus, np.full((3, 5), -0.04))


def test_retention_keeps_all_but_a_power_of_a_half():
    np.testing.assert_array_equal(retention(3), [31 / 32, 63 / 64, 127 / 128])


@pytest.mark.parametrize("low", [-1.04, -0.96])
def test_a_bound_that_is_off_is_noticed(low):
    """By the assertion itself: of 2000 numbers, all in ± 1."""
    numbers = np.random.default_rng(0).uniform(-1, 1, 2000)
    assert_uniform(numbers, -1, 1)
    with pytest.raises(AssertionError):
        assert_uniform(numbers, low, 1)
