"""A greedy training on its way <-> a table of tensors, from which it goes on to the same bits after an interruption."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.training.greedy.pool import Pool
from inr.training.greedy.stopping import Best
from inr.training.result import GradeLog

Table = dict[str, Tensor]

_LISTS = ("old_dirs", "old_stps", "ro")
"""Of torch's L-BFGS, over its last steps: changes of the gradient, of the weights, and 1 over their products."""


class Keeper(Protocol):
    """What keeps the table of a training, in a place of its own."""

    def load(self) -> Table:
        """Return the table that was kept, or an empty one."""

    def due(self) -> bool:
        """Return whether it is time to keep another."""

    def save(self, table: Table) -> None:
        """Keep a table in the place of the one before."""


def frozen_table(grades: Sequence[Grade], logs: Sequence[GradeLog]) -> Table:
    """Return trained grades, and for each `log1`, `log2`, ...: the fields of its `GradeLog` in order, NaN for None."""
    table: Table = {}
    for number, (grade, log) in enumerate(zip(grades, logs, strict=True), start=1):
        table |= {f"grade{number}.{name}": value for name, value in grade.state_dict().items()}
        facts = [math.nan if fact is None else float(fact) for fact in dataclasses.astuple(log)]
        table[f"log{number}"] = torch.tensor(facts, dtype=torch.float64)
    return table


def restored(table: Table, number: int, empty: Callable[[], Grade]) -> tuple[Grade, GradeLog] | None:
    """Return a grade that is kept as trained, and its log; None if it is not.

    Args:
        table: that was kept.
        number: of the grade, from 1.
        empty: makes such a grade, its numbers to be overwritten.
    """
    if f"log{number}" not in table:
        return None
    grade = empty()
    grade.load_state_dict(_part(table, f"grade{number}."))
    kept = zip(dataclasses.fields(GradeLog), table[f"log{number}"].tolist(), strict=True)
    facts: dict[str, Any] = {field.name: None if math.isnan(fact) else fact for field, fact in kept}
    kept_step = None if facts["kept_step"] is None else int(facts["kept_step"])
    return grade, GradeLog(**facts | {"steps": int(facts["steps"]), "kept_step": kept_step})


def times_table(whole: float, grade: float) -> Table:
    """Return the seconds of a training so far, and of its grade in training."""
    return {"now.times": torch.tensor([whole, grade], dtype=torch.float64)}


def seconds_before(table: Table, *, whole: bool = False) -> float:
    """Return the seconds that an interrupted training took in its grade, or on the whole."""
    return float(table["now.times"][0 if whole else 1]) if "now.times" in table else 0.0


def step_table(
    grade: Grade,
    optimizers: Sequence[torch.optim.Optimizer],
    pool: Pool,
    done: int,
    recent: float,
    rate: float,
    *,
    best: Best | None = None,
    finish: int = 0,
    ended: bool = False,
) -> Table:
    """Return a grade in training, after so many steps: its numbers, its optimisers', and the order of visits.

    Args:
        grade: in training.
        optimizers: of its parameters.
        pool: that it is trained on.
        done: steps, without those of the finish.
        recent: mean of the recent losses.
        rate: its learning rate at its highest.
        best: the grade as it was best on what is not trained on; None where nothing is held out.
        finish: steps of the finish; if there are any, `optimizers` are the finish's.
        ended: this was the grade's last step.
    """
    table = {f"now.grade.{name}": value for name, value in grade.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for place, parameter in enumerate(_parameters(optimizer)):
            state = _tensors(optimizer.state[parameter])
            table |= {f"now.{number}.{place}.{name}": value for name, value in state.items()}
    table |= {f"now.pool.{name}": value for name, value in pool.order.items()}
    table["now.facts"] = torch.tensor([done, recent, rate, ended], dtype=torch.float64)
    if best is not None:
        table |= {f"now.best.{name}": value for name, value in best.table.items()}
    if finish:
        table["now.finish"] = torch.tensor(finish)
    return table


def restore_step(
    table: Table, grade: Grade, optimizers: Sequence[torch.optim.Optimizer], pool: Pool, best: Best | None = None
) -> tuple[int, float]:
    """Put a training back to where `step_table` found it, and return the steps done and the mean recent loss.

    Args:
        table: that was kept.
        grade: to be overwritten.
        optimizers: of its parameters, fresh: the finish's if `kept_finish` says that it has begun.
        pool: that it is trained on.
        best: to be put back too.
    """
    grade.load_state_dict(_part(table, "now.grade."))
    if best is not None:
        best.go_on(_part(table, "now.best."))
    for number, optimizer in enumerate(optimizers):
        for place, parameter in enumerate(_parameters(optimizer)):
            there, state = parameter.device, _part(table, f"now.{number}.{place}.")
            if isinstance(optimizer, torch.optim.LBFGS):
                optimizer.state[parameter].update(_searching(state, there))
                continue
            for name, value in state.items():  # a count may stay on the processor
                moved = value.ndim or optimizer.defaults.get("fused")
                optimizer.state[parameter][name] = value.to(there) if moved else value
    pool.order = _part(table, "now.pool.")
    done, recent, *_ = table["now.facts"].tolist()
    return int(done), recent


def kept_rate(table: Table) -> float | None:
    """Return the learning rate of the grade in training, or None."""
    return float(table["now.facts"][2]) if "now.facts" in table else None


def kept_ended(table: Table) -> bool:
    """Return whether the grade in training has done its last step."""
    return bool(table["now.facts"][3]) if "now.facts" in table else False


def kept_finish(table: Table) -> int:
    """Return the steps that the grade in training has done of its finish."""
    return int(table.get("now.finish", 0))


def _tensors(state: dict[str, Any]) -> Table:
    """Return what an optimiser keeps of a parameter; lists of L-BFGS as tables, its plain numbers in float64."""
    table: Table = {}
    for name, value in state.items():
        if isinstance(value, Tensor):
            table[name] = value
        elif name in _LISTS:
            table[name] = torch.stack(value) if value else torch.empty(0)
        elif not isinstance(value, list):  # one more list, `al`, is filled anew in every step
            table[name] = torch.tensor(value, dtype=torch.float64)
    return table


def _searching(table: Table, there: torch.device) -> dict[str, Any]:
    """Return what L-BFGS keeps, from what `_tensors` made of it."""
    state: dict[str, Any] = {}
    for name, value in table.items():
        if name in _LISTS:  # each in memory of its own, as it was: L-BFGS drops the oldest
            state[name] = [each.clone() for each in value.to(there)]
        else:
            state[name] = value.to(there, copy=True) if value.ndim else value.item()
    return state


def _part(table: Table, prefix: str) -> Table:
    return {name.removeprefix(prefix): value for name, value in table.items() if name.startswith(prefix)}


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
