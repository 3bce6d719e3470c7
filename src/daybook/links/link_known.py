"""What the catalogue keeps of a baseline: which dead links it knows, and which of its lines are stale."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from daybook.documents.catalogue_content import Catalogue
from daybook.links import link_verdict
from daybook.problem import Problem
from daybook.rules import link_baseline

_MANY = 50  # files, from which on to start over costs no more


def judge_anew(kept: Catalogue, view: int, known: Mapping[str, int]) -> None:
    """Part what was found in a view into what the lines `known` of a baseline hold, and what is new."""
    dated = set(kept.dated(view))
    kept.set_found(view, [link_verdict.row(source, [link_verdict.finding(*judged) for judged in link_verdict.judged_in(source, payload)], known, is_dated=source in dated)
                          for source, payload, *_ in list(kept.found(view)) if source != link_baseline.PATH])


def keep_stale(kept: Catalogue, view: int, known: Mapping[str, int]) -> None:
    """Keep which lines of a baseline stand for no dead link any more."""
    _keep(kept, view, link_baseline.stale(known, _dead_lines(kept, view)) if known else [])


def follow_stale(kept: Catalogue, view: int, known: Mapping[str, int], touched: Collection[str]) -> None:
    """Do as `keep_stale` does where the baseline is the same and only what is wrong with the files `touched` changed."""
    if len(touched) > _MANY:
        keep_stale(kept, view, known)
        return
    starts = tuple(f'{link_baseline.written(path)}: ' for path in touched)
    lines = {text: number for text, number in known.items() if text.startswith(starts)}
    if any('\\' in text or text.startswith('./') for text in lines):  # it may stand for a character that is not printed, or be none of the path
        keep_stale(kept, view, known)
    elif lines:
        # both a path and a target may hold what parts the two
        sources = {text[:place] for text in lines for place in range(len(text)) if text.startswith(': ', place)}
        stale, numbers = link_baseline.stale(lines, _dead_lines(kept, view, sources)), set(lines.values())
        others = [one.problem for source, payload, *_ in list(kept.found(view, [link_baseline.PATH]))
                  for one in link_verdict.judged_in(source, payload) if one.problem.line not in numbers]
        _keep(kept, view, sorted([*stale, *others], key=lambda problem: problem.line))


def _keep(kept: Catalogue, view: int, stale: Collection[Problem]) -> None:
    kept.drop_found(view, [link_baseline.PATH])
    if stale:
        kept.set_found(view, [link_verdict.row(link_baseline.PATH, [link_verdict.finding(wrong, '') for wrong in stale], (), is_dated=False)])


def _dead_lines(kept: Catalogue, view: int, sources: Iterable[str] | None = None) -> set[str]:
    """Return the line of a baseline for each problem of the view, or of some files."""
    return {link_baseline.line(source, judged.target) for source, payload, *_ in kept.found(view, sources)
            if source != link_baseline.PATH for judged in link_verdict.judged_in(source, payload)}
