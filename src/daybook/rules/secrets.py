"""Secrets in what people and agents write: found by their prefixes, shown as a mark, never by entropy."""
from __future__ import annotations

import hashlib
import re

# Prefixes that the issuers document; entropy alone would eat commit ids and content hashes.
_RULES: tuple[tuple[str, str], ...] = (
    ('private-key', r'-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)'),
    ('github-token', r'\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})\b'),
    ('gitlab-token', r'\bgl(?:pat|ptt|dt|rt|ft|soat)-[A-Za-z0-9_-]{20,}'),
    ('anthropic-key', r'\bsk-ant-[A-Za-z0-9_-]{20,}'),
    ('openai-key', r'\bsk-(?:proj-|svcacct-|admin-)?(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{20,}'),
    ('notion-token', r'\b(?:ntn_[A-Za-z0-9]{20,}|secret_[A-Za-z0-9]{40,})'),
    ('slack-token', r'\bxox[abeoprs]-[A-Za-z0-9-]{10,}'),
    ('slack-webhook', r'https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+'),
    ('aws-key', r'\b(?:AKIA|ASIA)[0-9A-Z]{16}\b'),
    ('google-key', r'\bAIza[0-9A-Za-z_-]{35}'),
    ('stripe-key', r'\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}'),
    ('npm-token', r'\bnpm_[A-Za-z0-9]{36}'),
    ('pypi-token', r'\bpypi-[A-Za-z0-9_-]{40,}'),
    ('huggingface-token', r'\bhf_[A-Za-z0-9]{30,}'),
    ('sendgrid-key', r'\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}'),
    ('jwt', r'(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}'),
    ('url-password', r'(?<=://)(?!\[REDACTED:)[^\s/:@<>`]+:(?!\*+@|<|\$|\{)[^\s/@<>`]{3,}(?=@)'),
    ('authorization', r'(?i)authorization: {1,4}(?:bearer|basic|token) +(?!<|\$|\{)(?P<secret>[A-Za-z0-9._~+/=-]{12,})'),
    ('bearer', r'\b[Bb]earer +(?!<|\$|\{)[A-Za-z0-9._~+/=-]{20,}'),
    ('assigned', r"""(?i)(?<!\[REDACTED:url-)(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|client[_-]?secret|access[_-]?token"""
                 r"""|auth[_-]?token|passwd|password)["']?[ \t]*[:=][ \t]*["']?(?!<|\$|\{|\*|\[)"""
                 r"""(?P<secret>(?=[^\s"'\d]{0,200}\d)[^\s"'`<>]{10,})"""),
)
_TABLE = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)


def _mark(kind: str, secret: str) -> str:
    return f'[REDACTED:{kind}:{hashlib.sha256(secret.encode()).hexdigest()[:8]}]'


def redact(text: str) -> tuple[str, list[str]]:
    """Return `text` with every known secret as `[REDACTED:kind:sha256-8]`, and the kinds that were found."""
    found: list[str] = []
    for kind, pattern in _TABLE:
        def replace(match: re.Match[str], kind: str = kind) -> str:
            found.append(kind)
            secret = match.groupdict().get('secret') or match.group()
            return match.group().replace(secret, _mark(kind, secret))
        text = pattern.sub(replace, text)
    return text, found
