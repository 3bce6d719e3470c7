"""The commit of a hand-off: exactly its paths, or everything put back."""
from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from daybook.errors import FatalError
from daybook.errors import KilledError
from daybook.handoff import journal as journals
from daybook.handoff import made
from daybook.handoff import note
from daybook.handoff import settling
from daybook.handoff.journal import Journal
from daybook.handoff.journal import Write
from daybook.handoff.request import Request
from daybook.repo import files
from daybook.repo import git
from daybook.repo import git_objects
from daybook.session import preflight
from daybook.session.claim import Claim
from daybook.session.draft import Draft
from daybook.session.preflight import Refused


def message_of(request: Request, claim: Claim, draft: Draft) -> str:
    """Return the message of the commit, as `handoff.message` of the settings words it, with its line end."""
    fields = {'id': claim.id, 'title': note.title_of(draft), 'operator': request.operator.slug,
              'summary': note.summary_of(draft)}
    # in one pass: a title may hold `{summary}` itself
    text = re.sub(r'\{(id|title|operator|summary)\}', lambda found: fields[found[1]], request.settings.handoff_message)
    return text + '\n'


def _env() -> dict[str, str]:
    return git.clean_env({'DAYBOOK_HANDOFF': '1'})


def _entries(request: Request, journal: Journal) -> dict[str, str]:
    """Return the object ids that the index has of the paths of the journal."""
    return {entry.path: entry.oid for entry in git_objects.index_entries(request.repo, *git.pathspec(journal.paths))}


def _add(request: Request, journal: Journal) -> git.Result:
    """Stage what the hand-off wrote; it fails, and stages nothing, where somebody has saved other words there meanwhile."""
    added = git.git('add', '--', *git.pathspec(journal.paths), cwd=request.repo.root, env=_env())
    now = _entries(request, journal) if added.is_ok else {}
    theirs = [write for write in journal.writes if added.is_ok and not write.is_stored_as(now.get(write.path))]
    for write in theirs:
        journals.restore_entry(request.repo, write)
    words = f'somebody has saved {", ".join(write.path for write in theirs)} while the hand-off was being made'
    return git.Result(1, b'', words) if theirs else added


def _commit(request: Request, journal: Journal) -> git.Result:
    return git.git('commit', '--quiet', '--cleanup=whitespace', '--file=-', '--', *git.pathspec(journal.paths),
                   cwd=request.repo.root, env=_env(), stdin=journal.message.encode())


def _rewritten_by_hooks(request: Request, journal: Journal) -> Journal | None:
    """Return the journal with what the user's fixers made of our files; None when they changed nothing, or too much."""
    rows = []
    for write in journal.writes:
        data = files.read_bytes(os.path.join(request.repo.root, write.path))
        if data and not made.may_be_fixed(write, git_objects.read_blobs(request.repo, [write.after])[0] or b'', data):
            return None
        rows.append(write._replace(after=journals.store(request.repo, data),
                                   cleaned=git_objects.write_blob(request.repo, write.path, data)) if data else write)
    return None if tuple(rows) == journal.writes else journal._replace(writes=tuple(rows))


def _settle_index(request: Request, journal: Journal) -> None:
    """Give the index what the commit holds where it still has our text: else it would take a hook's rewriting back."""
    repo = request.repo
    held = {entry.path: entry for entry in git_objects.tree_entries(repo, str(journal.commit), *journal.paths)}
    now = _entries(request, journal)
    for write in journal.writes:
        entry = held.get(write.path)
        if entry and not write.is_stored_as(entry.oid) and write.is_stored_as(now.get(write.path)):
            git.expect('update-index', '--cacheinfo', f'{entry.mode},{entry.oid},{write.path}', cwd=repo.root,
                       env=git.clean_env())
            request.say(f'a hook of yours rewrote {write.path}; committed as it left it')


def _in_draft(request: Request, journal: Journal, draft_path: str, words: str) -> str:
    """Return what hooks said with the lines of the note, which is gone again, as those of the draft; what is not in it stays."""
    written, given = git_objects.read_blobs(request.repo, [journal.note.after])[0], files.read_bytes(draft_path)
    note, draft = ([line.strip() for line in (data or b'').splitlines()] for data in (written, given))

    def placed(found: re.Match[str]) -> str:
        line = note[int(found[1]) - 1] if 0 < int(found[1]) <= len(note) else b''
        places = [number for number, text in enumerate(draft, 1) if line and text == line]
        if not places:
            return found[0]
        earlier = note[:int(found[1]) - 1].count(line)  # a line may stand there twice
        return f'{os.path.relpath(draft_path, request.repo.root)}:{places[min(earlier, len(places) - 1)]}'
    return re.sub(rf'{re.escape(journal.note.path)}:([0-9]{{1,9}})(?![0-9])', placed, words)


def _keep_aside(request: Request, write: Write, journal: Journal, data: bytes) -> None:
    """Keep a text with words that are not ours: whoever wrote them, they would go with what is taken back."""
    name = f'refused-{journal.id}-{journals.oid_of(request.repo, data)[:10]}{os.path.splitext(write.path)[1]}'
    path = os.path.join(files.state_dir(request.repo.root), name)
    files.write_atomic(path, data)
    whose = 'the draft' if write.role == 'note' else 'the hand-off'
    request.say(f'{write.path} has got words that are not of {whose}; they are kept: {os.path.relpath(path, request.repo.root)}')


def _has_more(write: Write, ours: bytes, data: bytes) -> bool:
    """Whether a file that is taken back holds what nobody can make again: other words, or in people's files another layout."""
    if write.is_made:
        return made.words(data) != made.words(ours)
    lines = ([line.rstrip() for line in text.splitlines() if line.strip()] for text in (data, ours))
    return next(lines) != next(lines)


def _as_left(request: Request, journal: Journal, written: Journal) -> Journal:
    """Return the journal with what was `written` as hooks that refused have left it, so that it is taken back; none that somebody may have saved."""
    rows = []
    for write, first in zip(journal.writes, written.writes):
        data, ours = files.read_bytes(os.path.join(request.repo.root, write.path)), git_objects.read_blobs(request.repo, [first.after])[0] or b''
        if data not in (None, ours) and made.may_be_fixed(write, ours, data):
            if data and _has_more(write, ours, data):
                _keep_aside(request, write, journal, data)
            write = write._replace(after=journals.store(request.repo, data))
        rows.append(write)
    return journals.save(request.repo, journal._replace(writes=tuple(rows)))


def _undone(request: Request, journal: Journal, result: git.Result) -> Refused:
    left = journals.undo(request.repo, journal)
    # marked as what others said: it may hold a last line of a hand-off that hooks tried to make
    said = f'{result.err}\n{result.text}'.strip() or ('' if result.is_ok else 'git said nothing: a hook of yours may have refused')
    said = _in_draft(request, journal, journal.draft, said) if journal.draft else said
    words = '\n'.join(f'  | {line}' for line in said[-4000:].splitlines())
    kept = f', but for what changed meanwhile: {", ".join(left)}' if left else ''
    authored = [path for path in left if path != journal.note.path]
    kept += f'; include it: git add -- {shlex.join(authored)}' if authored else ''
    what = 'git committed, and a hook of yours took the note out; see: git show --stat\n' if result.is_ok else 'git did not commit; '
    return Refused('commit-failed', f'{what}everything was put back{kept}; mend this and run the '
                   f'hand-off again (the id {journal.id} stays reserved)\n{words}', is_untouched=not left and not result.is_ok)


def _attempt(request: Request, journal: Journal) -> tuple[Journal, git.Result]:
    """Commit the paths of the journal, and once more what hooks that refused have made of them; return that, and how it ended."""
    result = _add(request, journal)
    if not result.is_ok:
        return journal, result
    result = _commit(request, journal)
    # Prettier, end-of-file-fixer and their like fail the commit once and leave a better file
    fixed = None if result.is_ok else _rewritten_by_hooks(request, journal)
    if fixed is None:
        return journal, result
    journal = journals.save(request.repo, fixed)
    result = _add(request, journal)
    return journal, _commit(request, journal) if result.is_ok else result


def _lain_about(request: Request, journal: Journal) -> list[str]:
    """Return what is not committed yet beside the hand-off; a folder that git does not know ends with `/`."""
    return preflight.dirty_bystanders(request.repo, journal.paths, request.environ)


def _taken_along(request: Request, journal: Journal, commit: str, about: Sequence[str]) -> list[str]:
    """Return what of the commit just made is somebody's: what lay `about`, as a hook that runs `git add -u` takes it, and
    what was saved in our files when git read them, before the hooks; of that the index tells.
    """
    more = made.changed(request.repo, commit).difference(journal.paths)
    lay = {path for path in more if path in about or any(each.endswith('/') and path.startswith(each) for each in about)}
    now = _entries(request, journal)
    return sorted(lay.union(write.path for write in journal.writes if not write.is_stored_as(now.get(write.path))))


def _tell_foreign(request: Request, journal: Journal, commit: str, taken: Sequence[str]) -> None:
    """Say why a commit that holds the note is not the hand-off's own, and what it lacks."""
    if taken:
        request.say(f'the commit {commit[:10]} took along what was not committed, or was saved meanwhile: {", ".join(taken)}; '
                    'it stays here, for you to look at and to push')
    else:
        request.say(f'the note is in {commit[:10]}, a commit that this hand-off did not make as it stands: '
                    'it was made meanwhile, and stays as it is')
    tell_missing(request, journal, 'HEAD')


def commit_or_undo(request: Request, journal: Journal) -> tuple[Journal, bool]:
    """Commit the paths of the journal; undo every write when git or a hook of the user refuses.

    Returns the journal with the commit, and whether the hand-off made it and it alone: somebody's own commit may have
    taken the note along, or a hook somebody's work.
    """
    written, about = journal, _lain_about(request, journal)
    try:
        journal, result = _attempt(request, journal)
        found = made.find_commit(request.repo, journal)
        is_made = found is not None and result.is_ok and made.is_just_made(request.repo, journal, found)
        taken = _taken_along(request, journal, found.oid, about) if found and is_made else []
        is_own = found is not None and (is_made and not taken or made.is_own(request.repo, journal, found))
    except (FatalError, OSError) as error:  # whether it was committed is not known: the next run undoes or completes it
        raise KilledError(str(error)) from error
    if found is None:
        raise _undone(request, _as_left(request, journal, written), result)
    done = journal._replace(stage='committed', commit=found.oid)
    if is_made:
        settling.settle_beside(request.repo, done)
    if not is_own:
        _tell_foreign(request, journal, found.oid, taken)
        return done, False
    if journal is not written:
        request.say('a hook of yours rewrote what hand-off had written; committed as it left it')
    if not result.is_ok:
        request.say(f'warning: git complained after the commit: {result.err.strip()[-500:]}')
    try:
        journals.save(request.repo, done)
        _settle_index(request, done)
    except (FatalError, OSError) as error:  # nothing may hide that the commit exists
        request.say(f'warning: committed as {found.oid[:10]}, but the index or the journal could not be written: {error}')
    return done, True


def tell_missing(request: Request, journal: Journal, commit: str) -> None:
    """Say what the hand-off wrote and nobody has committed up to `commit`."""
    left = made.missing(request.repo, journal, commit)
    if left:
        request.say(f'warning: that commit lacks what the hand-off wrote in {", ".join(left)}: commit it too')


def verify(request: Request, journal: Journal) -> None:
    """Say where the commit holds more than the hand-off wrote."""
    try:
        extra = sorted(made.changed(request.repo, str(journal.commit)).difference(journal.paths))
    except FatalError:
        request.say(f'warning: git does not tell whether a hook of yours put more into the commit; see: git show --stat {str(journal.commit)[:10]}')
        return
    if extra:
        request.say(f'warning: a hook of yours put more into the commit: {", ".join(extra)}')
