"""Secrets: what is known by its prefix is marked, what only looks random stays."""
from __future__ import annotations

import time

import pytest

from daybook.rules import secrets

_A = 'a1B2c3D4e5F6g7H8i9J0' * 8

_KEPT = [
    '', 'plain text', 'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b', f'sha256:{"ab12" * 16}',
    'https://example.com/a:b@c', 'https://user@example.com/x', 'https://user:***@example.com', 'https://user:$TOKEN@example.com',
    'postgres://app:{password}@db', 'password: $PASSWORD', 'password=<yours>', 'api_key: [REDACTED]', 'the password is wrong',
    'password: correct-horse-battery', 'token bearer', 'Bearer of bad news', 'Authorization: Bearer $TOKEN', 'sk-short', 'AKIA123',
    'desk-top-computers-and-other-furniture', 'task-a-very-long-branch-name-without-any-end', 'ghp_tooshort', 'xoxb-short',
    'risk-based-testing-of-the-whole-thing', 'feature/sk-lowercase-words-only-here-and-there', 'git@github.com:owner/repo.git',
    'ico-arrow-left-circle-16x16-dark.png', 'squ_are_of_the_hypotenuse_number_2', 'phc_height_of_the_first_20_rows_of_it', 'shippo_live_rates_for_2026_07_21',
    'secret_key = os.environ["KEY"]', 'RT-261120-01k7f', 'eyJ.eyJ.x', 'npm_config_registry', 'hf_transfer', 'AIzaShort',
]
_MARKED = [
    ('github-token', f'ghp_{_A[:36]}'), ('github-token', f'github_pat_{_A[:60]}'), ('gitlab-token', f'glpat-{_A[:20]}'),
    ('anthropic-key', f'sk-ant-api03-{_A[:90]}'), ('openai-key', f'sk-proj-{_A[:60]}'), ('openai-key', f'sk-{_A[:48]}'),
    ('notion-token', f'ntn_{_A[:46]}'), ('notion-token', f'secret_{_A[:43]}'), ('slack-token', 'xoxb-123456789012-abcdefABCDEF'),
    ('slack-webhook', 'https://hooks.slack.com/services/T0/B0/abc123'), ('aws-key', 'AKIAIOSFODNN7EXAMPLE'),
    ('google-key', f'AIza{_A[:35]}'), ('stripe-key', f'sk_live_{_A[:24]}'), ('npm-token', f'npm_{_A[:36]}'),
    ('pypi-token', f'pypi-AgEI{_A[:60]}'), ('huggingface-token', f'hf_{_A[:34]}'), ('sendgrid-key', f'SG.{_A[:22]}.{_A[:43]}'),
    ('service-token', f'ico-{_A[:32]}'), ('service-token', f'fo1_{_A[:43]}'), ('service-token', f'sqp_{"a1B2c3D4e5F6" * 3}a1b2'), ('1password-key', 'A3-A1B2C3-A1B2C3D4E5F-A1B2C-A1B2C-A1B2C'),
    ('jwt', f'eyJ{_A[:20]}.eyJ{_A[:30]}.{_A[:40]}'), ('url-password', 'postgres://app:hunter22@db.example.com/x'),
    ('authorization', f'Authorization: Basic {_A[:20]}'), ('authorization', f'authorization:  Token {_A[:20]}'),
    ('bearer', f'curl -H "x: Bearer {_A[:40]}"'), ('assigned', 'password = "hunter2hunter2"'), ('assigned', "'api_key': 'abcdef123456'"),
    ('assigned', 'DB_PASSWORD=hunter2hunter2'), ('private-key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'),
    ('private-key', '-----BEGIN OPENSSH PRIVATE KEY-----\nMIIE\nand no end'),
]


@pytest.mark.parametrize('text', _KEPT)
def test_keeps_what_is_no_secret(text: str) -> None:
    assert secrets.redact(text) == (text, [])


@pytest.mark.parametrize(('kind', 'text'), _MARKED)
def test_marks_what_is_one(kind: str, text: str) -> None:
    redacted, kinds = secrets.redact(f'before {text} after\n')
    assert kinds == [kind]
    assert f'[REDACTED:{kind}:' in redacted
    assert redacted.startswith('before ') and (redacted.endswith(' after\n') or 'no end' in text)
    assert not any(part in redacted for part in (_A[:20], 'hunter2', 'IOSFODNN7', 'MIIE', '123456'))
    assert secrets.redact(redacted) == (redacted, [])


def test_the_same_secret_has_the_same_mark() -> None:
    first, second = (secrets.redact(f'{word} ghp_{_A[:36]}')[0].split()[1] for word in ('a', 'b'))
    assert first == second


@pytest.mark.parametrize('text', [
    'eyJ-' * 250_000, 'password=' * 100_000, 'password=' + 'x' * 1_000_000, 'Bearer ' * 140_000, '://' * 300_000, '://a' * 250_000,
    'sk-' * 300_000, 'SG.' * 300_000, '-----BEGIN ' * 90_000, 'AKIA' * 250_000, '://' + 'a:' * 400_000, 'a ' * 500_000,
    'Bearer' + ' ' * 900_000, 'ghp_' * 250_000,
], ids=lambda text: text[:10])
def test_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    secrets.redact(text)
    assert time.process_time() - begun < 3
