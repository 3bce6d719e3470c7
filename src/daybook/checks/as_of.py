"""The option `--as-of`: the day by which a run judges, so that a test, or somebody who looks ahead, can choose it."""
from __future__ import annotations

import argparse
import datetime


def day(text: str) -> str:
    """Return a day as ISO 8601 writes it. Raises argparse.ArgumentTypeError."""
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is no day such as 2026-11-20') from None


def add(parser: argparse.ArgumentParser, meaning: str = 'the day to judge by (default: today)') -> None:
    """Give `parser` the option."""
    parser.add_argument('--as-of', type=day, metavar='DATE', default=datetime.date.today().isoformat(), help=meaning)
