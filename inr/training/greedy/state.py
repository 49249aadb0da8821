"""A greedy training on its way <-> a table of tensors, from which it goes on to the same bits after an interruption."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.training.greedy.pool import Pool
from inr.training.result import GradeLog

Table = dict[str, Tensor]


class Keeper(Protocol):
    """What keeps the table of a training, in a place of its own."""

    def load(self) -> Table:
        """Return the table that was kept, or an empty one."""

    def due(self) -> bool:
        """Return whether it is time to keep another."""

    def save(self, table: Table) -> None:
        """Keep a table in the place of the one before."""


def frozen_table(grades: Sequence[Grade], logs: Sequence[GradeLog]) -> Table:
    """Return trained grades and how their training went."""
    table: Table = {}
    for number, (grade, log) in enumerate(zip(grades, logs, strict=True), start=1):
        table |= {f"grade{number}.{name}": value for name, value in grade.state_dict().items()}
        table[f"log{number}"] = torch.tensor([log.steps, log.seconds, log.learning_rate or 0.0], dtype=torch.float64)
    return table


def restored(table: Table, number: int, empty: Callable[[], Grade]) -> tuple[Grade, int, float, float] | None:
    """Return a grade that is kept as trained, its steps, learning rate and seconds; None if it is not.

    Args:
        table: that was kept.
        number: of the grade, from 1.
        empty: makes such a grade, its numbers to be overwritten.
    """
    if f"log{number}" not in table:
        return None
    grade = empty()
    grade.load_state_dict(_part(table, f"grade{number}."))
    steps, seconds, rate = table[f"log{number}"].tolist()
    return grade, int(steps), rate, seconds


def times_table(whole: float, grade: float) -> Table:
    """Return the seconds of a training so far, and of its grade in training."""
    return {"now.times": torch.tensor([whole, grade], dtype=torch.float64)}


def seconds_before(table: Table, *, whole: bool = False) -> float:
    """Return the seconds that an interrupted training took in its grade, or on the whole."""
    return float(table["now.times"][0 if whole else 1]) if "now.times" in table else 0.0


def step_table(
    grade: Grade, optimizers: Sequence[torch.optim.Optimizer], pool: Pool, done: int, recent: float, rate: float
) -> Table:
    """Return a grade in training, after so many steps: its numbers, its optimisers', and the order of visits.

    Args:
        grade: in training.
        optimizers: of its parameters.
        pool: that it is trained on.
        done: steps.
        recent: mean of the recent losses.
        rate: its learning rate at its highest.
    """
    table = {f"now.grade.{name}": value for name, value in grade.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for place, parameter in enumerate(_parameters(optimizer)):
            table |= {f"now.{number}.{place}.{name}": value for name, value in optimizer.state[parameter].items()}
    table |= {f"now.pool.{name}": value for name, value in pool.order.items()}
    table["now.facts"] = torch.tensor([done, recent, rate], dtype=torch.float64)
    return table


def restore_step(
    table: Table, grade: Grade, optimizers: Sequence[torch.optim.Optimizer], pool: Pool
) -> tuple[int, float]:
    """Put a training back to where `step_table` found it, and return the steps done and the mean recent loss."""
    grade.load_state_dict(_part(table, "now.grade."))
    for number, optimizer in enumerate(optimizers):
        for place, parameter in enumerate(_parameters(optimizer)):
            there = parameter.device
            for name, value in _part(table, f"now.{number}.{place}.").items():  # a count may stay on the processor
                moved = value.ndim or optimizer.defaults.get("fused")
                optimizer.state[parameter][name] = value.to(there) if moved else value
    pool.order = _part(table, "now.pool.")
    done, recent, _ = table["now.facts"].tolist()
    return int(done), recent


def kept_rate(table: Table) -> float | None:
    """Return the learning rate of the grade in training, or None."""
    return float(table["now.facts"][2]) if "now.facts" in table else None


def _part(table: Table, prefix: str) -> Table:
    return {name.removeprefix(prefix): value for name, value in table.items() if name.startswith(prefix)}


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
