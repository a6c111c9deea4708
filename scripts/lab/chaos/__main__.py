"""The command behind `scripts/chaos`. Exits with 1 when a promise did not hold, with 2 when the campaign itself broke."""

import argparse
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from scripts.lab.chaos import report
from scripts.lab.chaos.campaign import SCENARIOS, Outcome, run_scenario, say
from scripts.lab.chaos.cluster import ClusterError, Timing
from scripts.lab.chaos.scenario import Scale
from scripts.lab.processes import ChildError

_SHORT = Timing(lease_s=3, renew_s=1, sweep_s=1)
_FULL = Timing(lease_s=15, renew_s=4, sweep_s=3)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _options(argv)
    scale = Scale(
        full=options.full,
        seed=options.seed,
        timing=_FULL if options.full else _SHORT,
        seconds=100 if options.full else 8,
        workers=3 if options.full else 2,
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        outcomes = _run(options.scenario or list(SCENARIOS), scale, options.lanes or (2 if options.full else 3))
    except (ClusterError, ChildError) as error:
        say(f"the campaign broke: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json is not None:
        options.json.write_text(report.to_json(outcomes, scale) + "\n", encoding="utf-8")
    print(report.table(outcomes, scale), end="", flush=True)
    return 1 if any(outcome.broken for outcome in outcomes) else 0


def _run(names: Sequence[str], scale: Scale, lanes: int) -> list[Outcome]:
    """Several scenarios at once, each on a cluster of its own: most of their time is waiting."""
    with ThreadPoolExecutor(lanes) as pool:
        futures = [pool.submit(run_scenario, SCENARIOS[name], scale) for name in names]
        return [future.result() for future in futures]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/chaos",
        description="Breaks a running Dépêche in every way that its promises cover, and counts what was lost.",
        epilog="Prints a table in Markdown. Exits with 1 when a promise did not hold.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--short", action="store_true", help="some minutes, with short leases (the default)")
    size.add_argument("--full", action="store_true", help="100,000 jobs, with the default lease; about 45 minutes")
    parser.add_argument("--seed", type=int, default=1, help="seed of the articles and of the faults (1)")
    parser.add_argument("--lanes", type=int, metavar="N", help="scenarios at once (3; 2 with --full)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument(
        "--scenario", nargs="+", metavar="NAME", choices=list(SCENARIOS), help=f"only these: {', '.join(SCENARIOS)}"
    )
    return parser.parse_args(argv)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
