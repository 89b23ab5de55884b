"""Long work that somebody ordered in the office: a line of tasks, and the kinds of them. Knows scans and exports."""

from channel.tasks.kinds import KINDS, Work
from channel.tasks.line import (
    TaskExistsError,
    TaskLine,
    TooManyTasksError,
    UnknownTaskError,
    cancel,
    find_task,
    order,
    task_list,
)
from channel.tasks.working import forget_results, result_path, resume_lost, work, work_until

__all__ = [
    "KINDS",
    "TaskExistsError",
    "TaskLine",
    "TooManyTasksError",
    "UnknownTaskError",
    "Work",
    "cancel",
    "find_task",
    "forget_results",
    "order",
    "result_path",
    "resume_lost",
    "task_list",
    "work",
    "work_until",
]
