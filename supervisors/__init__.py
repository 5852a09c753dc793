"""The trees: who restarts whom, when to give up, who must wait for budget."""

from supervisors._budget import Allowance, Budget, Ceiling, Rate
from supervisors._dynamic import DynamicSupervisor
from supervisors._overseer import ChildCount, ChildInfo
from supervisors._partition import Partitions, PartitionSupervisor
from supervisors._pool import pool
from supervisors._resources import Allotment, ResourceSupervisor
from supervisors._specs import ChildSpec, child
from supervisors._supervisor import Supervisor
from supervisors._tasks import TaskSupervisor
from supervisors._tree import render
from supervisors._values import Backoff, Intensity
from supervisors.errors import BudgetExhaustedError, GaveUpError, SpecError, SupervisorError

__fork_safe__ = True

__all__ = [
    "Allotment",
    "Allowance",
    "Backoff",
    "Budget",
    "BudgetExhaustedError",
    "Ceiling",
    "ChildCount",
    "ChildInfo",
    "ChildSpec",
    "DynamicSupervisor",
    "GaveUpError",
    "Intensity",
    "PartitionSupervisor",
    "Partitions",
    "Rate",
    "ResourceSupervisor",
    "SpecError",
    "Supervisor",
    "SupervisorError",
    "TaskSupervisor",
    "child",
    "pool",
    "render",
]
