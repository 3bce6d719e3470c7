"""The last step of a hand-off: the transcript of the agent session, redacted, into the folder that the user named."""
from __future__ import annotations

import os
import time

from daybook.errors import FatalError
from daybook.handoff.request import Request
from daybook.session import transcript
from daybook.session.telemetry import Telemetry


def _keep(request: Request, session_id: str, telemetry: Telemetry) -> str:
    """Return the line of the checklist. Whatever is raised here means that nothing was kept."""
    from daybook.transcripts import archive  # detect-secrets takes a tenth of a second
    from daybook.transcripts.scanner import Scanner

    folder = request.environ.get('TRANSCRIPTS_DIR')
    if not folder:
        raise FatalError('TRANSCRIPTS_DIR names no folder')
    source = transcript.find(telemetry, request.environ)
    if source is None:
        raise FatalError('no transcript of this agent session is at hand')
    deadline = time.monotonic() + request.settings.transcripts_timeout
    kept = archive.keep(source, os.path.join(request.repo.root, os.path.expanduser(folder)), session_id,
                        find=Scanner(deadline).find, deadline=deadline)
    marked = ', '.join(f'{number} {kind}' for kind, number in sorted(kept.counts.items())) or 'nothing'
    return f'  [x] transcript: {kept.path} ({kept.size:,} bytes; marked as secret: {marked})'


def keep_transcript(request: Request, session_id: str, telemetry: Telemetry) -> None:
    """Archive the transcript where that is configured, and say how it ended; nothing of it may stop or fail a hand-off."""
    if not request.settings.transcripts_archive:
        return
    request.step('transcript')
    try:
        request.say(_keep(request, session_id, telemetry))
    except KeyboardInterrupt:
        request.say('  [ ] transcript: not archived: interrupted')
    except Exception as error:  # the scanner is not ours, and the note is committed already: closed, and said
        reason = str(error) if isinstance(error, FatalError) or type(error).__name__ == 'Unclean' else f'{type(error).__name__}: {error}'
        request.say(f'  [ ] transcript: not archived: {reason}')
