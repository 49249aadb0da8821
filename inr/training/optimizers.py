"""A grade and its configuration -> the updates of its weights: Muon for the hidden matrices, Adam for the rest."""

import inspect
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from inr.networks.grade import Grade
from inr.settings.trainings import OptimizerName

# Coefficients (a, b, c) of X <- a X + b (X X^T) X + c (X X^T)^2 X, one triple per iteration: each is the minimax
# polynomial for the interval the one before leaves, as in Amsel et al. 2025 (Polar Express, arXiv 2505.16932,
# section 3), worked out here for singular values between 0.01 and 1. Three bring all of those within 0.27 of 1;
# five with the constant triple of Jordan et al. 2024 come within 0.32, at 5/3 of the cost.
_POLAR = ((8.0934, -23.6204, 17.4462), (3.6366, -2.7219, 0.5365), (2.6613, -1.9772, 0.4526))
_NOTHING = 1e-12
"""Part of a matrix's norm that counts as zero. The momentum of neurons that never fire decays to such numbers, their
products to denormal ones, and with those a processor is up to forty times slower (measured, Xeon, float32)."""
_ADAM_PER_MUON = 0.05
"""Adam's rate beside Muon's: biases and heads move about 1e-3 where the matrices move 0.02."""


def orthogonalise(matrices: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Replace the singular values of each matrix by numbers near 1, keeping its singular vectors.

    Values below a hundredth of the matrix's norm are lifted only in proportion.

    Args:
        matrices: (K, rows, columns), any scale.
        dtype: of the products; the result has the type of `matrices`.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(dtype)
    x = functional.hardshrink(x / (1.01 * torch.linalg.matrix_norm(x, keepdim=True) + 1e-7), _NOTHING)
    for a, b, c in _POLAR:
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


class _Uncompiled(torch.optim.Optimizer):
    """An optimiser whose methods are as they stand in torch, without the wrappers that are for `torch.compile` only.

    Those import torch's compiler at the first call, which takes longer than many a fit.
    """

    add_param_group = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.Optimizer.zero_grad)


class Adam(_Uncompiled, torch.optim.Adam):
    """Adam (Kingma & Ba 2015), torch's."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


class SGD(_Uncompiled, torch.optim.SGD):
    """Plain gradient descent, torch's."""

    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class LBFGS(_Uncompiled, torch.optim.LBFGS):
    """L-BFGS (Liu & Nocedal 1989), torch's."""


class Muon(_Uncompiled):
    """Momentum whose every update is orthogonalised (Jordan et al. 2024); all matrices of one shape in one call.

    torch has a Muon of its own; its products always run in bfloat16, which is many times slower than
    float32 on a processor without such units, and it takes one matrix at a time.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "scale": 1.0})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Update all matrices once; `closure`, part of torch's signature, is not used."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = {}
            for parameter in group["params"]:
                by_shape.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in by_shape.items():
                factor = max(1.0, shape[-2] / shape[-1]) ** 0.5
                updates = torch.stack([self._nesterov(p, group["momentum"]) for p in parameters])
                matrices = orthogonalise(updates.view(-1, *shape[-2:]), self._dtype)  # also those of separate groups
                matrices = matrices.view_as(updates) / group["scale"]
                for parameter, update in zip(parameters, matrices, strict=True):
                    parameter.sub_(update, alpha=group["lr"] * factor)

    def _nesterov(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        state: dict[str, Any] = self.state[parameter]
        gradient = parameter.grad
        assert gradient is not None, "step() follows backward()"
        average: Tensor = state.setdefault("momentum", torch.zeros_like(parameter))
        average.lerp_(gradient, 1.0 - momentum)
        return gradient.lerp(average, momentum)


def make_optimizers(grade: Grade, name: OptimizerName, rate: float, dtype: torch.dtype) -> list[torch.optim.Optimizer]:
    """Return fresh optimisers that together hold every parameter of a grade once.

    `adam` has the published betas (.9, .999), `sgd` is plain gradient descent. Beside Muon, Adam forgets
    gradients' squares sooner (.9, .99),
    because a grade's whole training is only some hundred steps.

    Args:
        grade: whose parameters they update.
        name: `muon`, `adam` or `sgd`.
        rate: learning rate at its highest; of Muon, where there is one.
        dtype: of Muon's products.
    """
    alone = name != "muon"
    matrices = [] if alone else [cast(nn.Parameter, layer.weight) for layer in grade.layers]
    offsets = [] if alone else [cast(nn.Parameter, layer.bias) for layer in grade.layers]
    chosen = {id(p) for p in (*matrices, *offsets)}
    rest = [p for p in grade.parameters() if id(p) not in chosen]
    if alone:
        return [Adam(rest, lr=rate) if name == "adam" else SGD(rest, lr=rate)]
    # What lies behind a gain or a scale moves by as much less: a step of Muon has one size, however small the weights.
    behind = 1.0 if grade.form.slope else 1.0 / grade.form.gain
    slow = rate * _ADAM_PER_MUON
    groups = [{"params": rest, "lr": slow}, {"params": offsets, "lr": slow * behind}]
    scale = 1.0 if grade.scale is None else grade.scale[:, None]
    by_scale: list[dict[str, Any]] = [{"params": matrices[:1], "scale": scale}, {"params": matrices[1:]}]
    return [
        Muon(by_scale[: len(matrices)], lr=rate * behind, momentum=0.95, dtype=dtype),
        Adam(groups, betas=(0.9, 0.99), fused=True),
    ]


def make_finish(grade: Grade) -> LBFGS:
    """Return L-BFGS with a strong Wolfe line search for all parameters of a grade, one iteration a step."""
    return LBFGS(
        grade.parameters(),
        lr=1.0,
        max_iter=1,
        max_eval=26,  # one, and 25 for the line search; by default torch leaves it none
        history_size=100,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )
