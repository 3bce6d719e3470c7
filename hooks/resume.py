"""resume: the last note of the operator, what the others are at, and which claims are open."""
from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import timezone

from daybook.documents import config
from daybook.documents.config import Settings
from daybook.repo import files
from daybook.repo import git
from daybook.repo.git import Repo
from daybook.session import claim
from daybook.session import operators
from daybook.session import recall
from daybook.session import resume
from daybook.session.operators import Operator
from daybook.session.recall import Note
from daybook.session.recall import Notes
from daybook.session.resume import LastNote
from daybook.session.resume import OpenClaim
from daybook.session.resume import Peer
from daybook.session.resume import Quote
from daybook.writers import scaffold_texts

# older notes have no resume prompt, but most say what comes next
_SECTIONS = {'Summary': (), 'Resume Prompt': ('Next session', 'Next steps', 'Handoff', 'Hand-off', 'Next')}


def _who(repo: Repo, slug: str | None) -> Operator:
    """Return the operator to answer for. Raises FatalError when the environment tells nobody and no `slug` does."""
    if slug is None:
        return operators.resolve(repo, None, os.environ)
    known = operators.load(repo.root).values()
    word = slug.casefold()
    return next((who for who in known if word in (who.slug, who.initials.casefold(), who.name.casefold())),
                Operator(slug, slug, '', ()))


def _quotes(note: Note, settings: Settings) -> tuple[Quote, ...]:
    text = recall.newest_entry(note)
    aliases = dict(settings.kind('session').section_aliases)
    found = {title: recall.section(text, (title, *aliases.get(title, ()), *others)) for title, others in _SECTIONS.items()}
    given = note.document.meta.get('summary')
    if not found['Summary'] and isinstance(given, str):
        found['Summary'] = given
    if not any(found.values()):
        found = {'It says': text}  # an old note of another shape: its beginning is better than nothing
    return tuple(Quote(title, body) for title, body in found.items())


def _last(note: Note, settings: Settings, now: datetime) -> LastNote:
    author, commit = (note.last.name, note.last.oid) if note.last else ('', '')
    return LastNote(note.id, note.title, note.document.path, now - note.at, author, commit, _quotes(note, settings))


def _peers(found: Notes, mine: str, now: datetime) -> list[Peer]:
    newest: dict[str, Note] = {}
    for note in found.notes:
        newest.setdefault(note.owner.casefold(), note)
    return [Peer(note.owner, note.id, note.title, now - note.at)
            for owner, note in newest.items() if owner != mine.casefold()]


def _claims(repo: Repo, settings: Settings, found: Notes, now: datetime) -> list[OpenClaim]:
    waiting = {one.id: (one.operator, one.created) for one in claim.open_claims(repo, settings)}
    stubs = {doc.identity: (str(doc.meta.get('operator', '')), doc.meta.get('claimed_at')) for doc in found.stubs}
    paths = {doc.identity: doc.path for doc in found.stubs}
    rows = []
    for name, (owner, created) in {**stubs, **waiting}.items():
        draft = f'{files.STATE_DIR}/draft-{name}.md'
        path = draft if os.path.exists(os.path.join(repo.root, draft)) else paths.get(name, claim.note_path(settings, name))
        at = recall.moment(created)
        rows.append(OpenClaim(name, owner, now - at if at else timedelta(0), path))
    return sorted(rows, key=lambda row: (-row.age, row.id))


def _how(environ: Mapping[str, str]) -> str:
    runner = '' if environ.get('PRE_COMMIT') == '1' else 'daybook'
    steps = (scaffold_texts.call('claim-session', runner=runner),
             'fill the draft that it names',
             scaffold_texts.call('handoff', runner=runner, files='DRAFT.md'))
    return '\n'.join(['no notes yet; the first hand-off is:', *(f'  {step}' for step in steps)])


def main(argv: Sequence[str]) -> int:
    """Print the answer; 0 also when there is nothing to go on."""
    parser = argparse.ArgumentParser('daybook resume', description=__doc__)
    parser.add_argument('--operator', metavar='SLUG', help='whose last note (default: who is at work here)')
    args = parser.parse_args(argv)
    repo = git.find_repo()
    settings = config.load(repo.root)
    who = _who(repo, args.operator)
    now = datetime.now(timezone.utc)
    known = {who.slug: who} | operators.load(repo.root)
    found = recall.read(repo, settings, known.values())
    mine = next((note for note in found.notes if note.owner.casefold() == who.slug.casefold()), None)
    view = resume.View(who.slug, who.initials, _last(mine, settings, now) if mine else None,
                       _peers(found, who.slug, now), _claims(repo, settings, found, now), found.problems, _how(os.environ))
    print(resume.compose(view, settings.resume_max_bytes), end='')
    return 0


if __name__ == '__main__':
    import sys

    raise SystemExit(main(sys.argv[1:]))
