import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inr.training import optimizers
from inr.training.optimizers import Muon, make_finish, orthogonalise


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(2, 40), columns=st.integers(2, 40), count=st.integers(1, 3), scale=st.floats(1e-6, 1e6),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_singular_vectors_stay_and_values_come_near_one(rows, columns, count, scale, seed):
    g = torch.randn(count, rows, columns, generator=torch.Generator().manual_seed(seed)) * scale
    result = orthogonalise(g)
    u, s, vh = torch.linalg.svd(g, full_matrices=False)
    inner = u.mT @ result @ vh.mT
    diagonal = inner.diagonal(dim1=1, dim2=2)
    strong = s > 0.0101 * torch.linalg.matrix_norm(g)[:, None]
    assert result.shape == g.shape
    assert ((diagonal > 0.72) & (diagonal < 1.28))[strong].all()
    assert (diagonal < 1.28).all()
    assert float((inner - torch.diag_embed(diagonal)).abs().max()) < 1e-3


def test_zero_gradient_moves_nothing():
    assert torch.equal(orthogonalise(torch.zeros(2, 4, 6)), torch.zeros(2, 4, 6))


def test_what_decayed_to_nothing_counts_as_zero():
    """Else the products are of denormal numbers, and the updates of a grade with silent neurons many times slower."""
    g = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    g[:, :, 5:] *= 1e-30
    g[:, 3] *= 1e-30
    gone = (g[0] == 0) | (g[0].abs() < 1e-20)
    result = orthogonalise(g)[0]
    assert (result[gone] == 0).all() and float(result[~gone].abs().min()) > 0
    assert torch.equal(result, orthogonalise(torch.where(gone, 0.0, g))[0])


def test_many_matrices_at_once_equal_one_by_one():
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(6, 6, generator=generator) for _ in range(3)]
    gradients = [torch.randn(6, 6, generator=generator) for _ in range(3)]
    together = [torch.nn.Parameter(p.clone()) for p in start]
    apart = [torch.nn.Parameter(p.clone()) for p in start]
    optimizers = [Muon(together, lr=0.1, momentum=0.9, dtype=torch.float32)]
    optimizers += [Muon([p], lr=0.1, momentum=0.9, dtype=torch.float32) for p in apart]
    for _ in range(3):
        for parameters in (together, apart):
            for p, g in zip(parameters, gradients, strict=True):
                p.grad = g.clone()
        for optimizer in optimizers:
            optimizer.step()
    for a, b in zip(together, apart, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)


def test_update_has_unit_scale_whatever_the_gradient():
    p = torch.nn.Parameter(torch.zeros(8, 8))
    p.grad = torch.randn(8, 8, generator=torch.Generator().manual_seed(0)) * 1e-7
    Muon([p], lr=0.1, momentum=0.9, dtype=torch.float32).step()
    assert float(p.detach().norm()) == pytest.approx(0.1 * 8**0.5, rel=0.25)


def test_lbfgs_one_iteration_a_step_is_lbfgs_at_once():
    """With its line search, which torch cuts short where a step has one iteration."""
    x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    reached = []
    for step_by_step in (True, False):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
        at_once = torch.optim.LBFGS(
            network.parameters(), max_iter=60, history_size=100, tolerance_grad=0, tolerance_change=0,
            line_search_fn="strong_wolfe",
        )  # fmt: skip
        optimizer = make_finish(network) if step_by_step else at_once

        def loss(network=network, optimizer=optimizer):
            optimizer.zero_grad()
            error = (network(x) - torch.sin(3 * x)).square().mean()
            error.backward()
            return error

        for _ in range(60 if step_by_step else 1):
            optimizer.step(loss)
        reached.append(float(loss().detach()))
    assert reached[0] < 1e-3 and reached[0] == pytest.approx(reached[1], rel=1e-6)


@pytest.mark.parametrize(
    ("ours", "torchs", "options"),
    [
        (optimizers.Adam, torch.optim.Adam, {"lr": 0.1, "fused": True}),
        (optimizers.SGD, torch.optim.SGD, {"lr": 0.1}),
        (optimizers.LBFGS, torch.optim.LBFGS, {"lr": 0.5, "line_search_fn": "strong_wolfe"}),
    ],
)
def test_those_of_torch_are_torchs_to_the_bit(ours, torchs, options):
    ends = []
    for kind in (ours, torchs):
        place = torch.tensor([2.0, -3.0], requires_grad=True)
        optimizer = kind([place], **options)

        def loss(optimizer=optimizer, place=place):
            optimizer.zero_grad()
            value = (place**4 + place.sum()).sum()
            value.backward()
            return value

        for _ in range(5):
            optimizer.step(loss)
        ends.append(place.detach())
    assert torch.equal(*ends) and not torch.equal(ends[0], torch.tensor([2.0, -3.0]))


def test_a_fit_leaves_torchs_compiler_alone():
    """Importing it takes longer than a small fit."""
    program = (
        "import sys, numpy, inr\n"
        "image = inr.image_from_array(numpy.zeros((4, 4)))\n"
        "for wishes in ({'method': 'mgdl-fourier', 'steps': 2}, {'steps': 2, 'quality': 50}):\n"
        "    inr.fit(image, inr.configure(inr.FitOptions(grades=1, **wishes)))\n"
        "assert 'torch.optim' in sys.modules and 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
