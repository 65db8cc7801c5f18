"""How far a search is, in lines for people: what it has, and what its workers are at."""

from hwnas.core.durations import duration
from hwnas.runs.search_state import SearchState
from hwnas.search.executors.executor import WorkerState

# Of more workers a screen shows those that have been at something for longest.
_MOST_WORKERS = 12


def search_lines(state: SearchState, *, running: bool = True) -> list[str]:
    """The lines of a search.

    Args:
        state: of it.
        running: whether it is under way, so that there is time left and workers are busy.
    """
    lines = [_speed(state, running)]
    if state.best is not None and state.best_cost is not None:
        lines.append(f"best so far: {state.score} {state.best:.6g} at {state.best_cost:.4g} ms")
    if state.stopped:
        lines.append(f"{state.stopped:,} trainings stopped early")
    if state.failed:
        lines.append(f"{state.failed:,} evaluations failed")
    return [*lines, *(_worker_lines(state.workers) if running else ())]


def _speed(state: SearchState, running: bool) -> str:
    if state.per_hour is None or state.seconds_left is None:
        return "nothing evaluated yet"
    text = f"{state.evaluated:,} evaluated, {state.per_hour:,.0f} an hour"
    return f"{text}, at most {duration(state.seconds_left)} left" if running else text


def _worker_lines(workers: tuple[WorkerState, ...]) -> list[str]:
    shown = workers
    if len(workers) > _MOST_WORKERS:
        busy = sorted(workers, key=lambda one: (not one.at, -one.seconds))
        shown = tuple(busy[:_MOST_WORKERS])
    lines = [f"{one.name}{f' on {one.host}' if one.host else ''}: {_at(one)}" for one in shown]
    if left := len(workers) - len(shown):
        lines.append(f"and {left:,} further workers")
    return lines


def _at(worker: WorkerState) -> str:
    if worker.at:
        return f"{worker.at}, for {duration(worker.seconds)}"
    return "waits" if worker.host else "is being started"
