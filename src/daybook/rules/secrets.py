"""Secrets in what people and agents write: found by their prefixes, shown as a mark, never by entropy."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

# Prefixes that the issuers document; entropy alone would eat commit ids and content hashes.
# Kind, words (lower case) without one of which a line cannot match, pattern; the group `secret`, where there is one, is marked.
_RULES: tuple[tuple[str, str, str], ...] = (
    ('private-key', 'private key', r'-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)'),
    ('private-key', 'private-lines', r'(?m)^Private-Lines: \d+\r?\n(?:[A-Za-z0-9+/=]+(?:\r?\n|\Z))+'),
    ('private-key', 'age-secret-key', r'\bAGE-SECRET-KEY-1[0-9A-Z]{50,}'),
    ('github-token', 'ghp_|gho_|ghu_|ghs_|ghr_|github_pat_', r'\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})\b'),
    ('gitlab-token', 'glpat-|glptt-|gldt-|glrt-|glft-|glsoat-|glcbt-|glagent-|glimt-|gloas-|gr1348941', r'\b(?:gl(?:pat|ptt|dt|rt|ft|soat|cbt|agent|imt|oas)-|GR1348941)[A-Za-z0-9_.=-]{19,}'),
    ('anthropic-key', 'sk-ant-', r'\bsk-ant-[A-Za-z0-9_-]{20,}'),
    ('openai-key', 'sk-', r'\bsk-(?:proj-|svcacct-|admin-)?(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{20,}'),
    ('notion-token', 'ntn_|secret_', r'\b(?:ntn_[A-Za-z0-9]{20,}|secret_[A-Za-z0-9]{40,})'),
    ('slack-token', 'xox|xapp-', r'\b(?:xox[abcdeoprs](?:\.xox[a-z])?-|xapp-)[A-Za-z0-9-]{10,}'),
    ('slack-webhook', 'hooks.slack.com', r'(?:https://)?\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]+'),
    ('teams-webhook', 'webhook.office.com', r'https://[\w-]+\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]+'),
    ('discord-webhook', 'discord', r'https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+'),
    ('discord-token', '.', r'\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}'),
    ('telegram-token', ':aa', r'\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}'),
    ('aws-key', 'akia|asia|abia|acca', r'\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b'),
    ('google-key', 'aiza', r'\bAIza[0-9A-Za-z_-]{35}'),
    ('google-secret', 'gocspx-|ya29.|1//0', r'\b(?:GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,})'),
    ('stripe-key', '_live|_test|_prod|whsec_', r'\b(?:[rsp]k_(?:live|test|prod)|whsec)_[0-9A-Za-z]{16,}'),
    ('npm-token', 'npm_', r'\bnpm_[A-Za-z0-9]{30,}'),
    ('pypi-token', 'pypi-', r'\bpypi-[A-Za-z0-9_-]{40,}'),
    ('huggingface-token', 'hf_|api_org_', r'\b(?:hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z]{34})'),
    ('sendgrid-key', 'sg.', r'\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}'),
    ('twilio-key', 'sk', r'\bSK[0-9a-f]{32}\b'),
    ('mailgun-key', 'key-', r'\bkey-[0-9a-f]{32}\b'),
    ('mailchimp-key', '-us', r'\b[0-9a-f]{32}-us[0-9]{1,2}\b'),
    ('azure-key', 'accountkey|sharedaccesskey', r'(?i)\b(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})'),
    ('azure-secret', 'q~', r'(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}'),
    ('digitalocean-token', '_v1_', r'\bdo[opr]_v1_[0-9a-f]{40,}'),
    ('shopify-token', 'shp', r'\bshp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}'),
    ('vault-token', 'hvs.|hvb.|hvr.', r'\bhv[sbr]\.[A-Za-z0-9_-]{24,}'),
    ('terraform-token', '.atlasv1.', r'\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}'),
    ('databricks-token', 'dapi', r'\bdapi[0-9a-f]{32}'),
    ('airtable-token', 'pat', r'\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}'),
    ('atlassian-token', 'atatt3|atbb|atctt3', r'\bAT(?:ATT3|BB|CTT3)[A-Za-z0-9_=-]{24,}'),
    ('square-token', 'sq0|eaaa', r'\b(?:sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{56,})'),
    ('facebook-token', 'eaa', r'\bEAA[MC][A-Za-z0-9]{100,}'),
    ('cloudflare-key', 'v1.0-', r'\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}'),
    ('1password-key', 'a3-', r'\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b'),
    ('sentry-token', 'sntry', r'\bsntry[su]_[A-Za-z0-9+/=_-]{40,}'),
    # issuers whose tokens are a word of their own, `_` or `-`, and a run of letters and digits
    ('service-token', 'lin_api_|figd_|pmak-|nrak-|glsa_|glc_|gsk_|xai-|pplx-|r8_|sbp_|sb_secret_|pscale_|nfp_|xkeysib-|rubygems_|dop_|dp.|dt0c01.'
                      '|ltai|tskey-|cfut_|vcp_|vck_|flyv1|dckr_|ops_eyj|pul-',
                      r'\b(?:lin_api_|figd_|PMAK-|NRAK-|glsa_|glc_|gsk_|xai-|pplx-|r8_|sbp_|sb_secret_|pscale_(?:tkn|pw|oauth)_|nfp_'
                      r'|xkeysib-|rubygems_|dop_|dp\.(?:pt|st|ct|sa)\.|dt0c01\.|LTAI|tskey-(?:auth|api|client)-|cfut_|vcp_|vck_|FlyV1 fm2_'
                      r'|dckr_(?:pat|oat)_|ops_eyJ|pul-)(?=[A-Za-z0-9_+/=.-]{0,200}[0-9])[A-Za-z0-9_+/=.-]{20,}'),
    # those whose length tells them from names of files and variables
    ('service-token', 'fo1_|fm1|fm2_|clojars_|hrku-|duffel_|dnkey-|ezak|eztk|flwpubk|flwseck|fio-u-|glffct-|ico-|pnu_|rdme_|shippo_|tk-us-|sgp_|squ_|sqp_'
                      '|sqa_|sm_pat_|sm_aat_|sm_sat_|bedrock-api-key-|absk|lsv2_|waka_|sha256~|e2b_|phc_|phx_',
                      r'\b(?:fo1_[\w-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/=]{80,}|CLOJARS_[A-Za-z0-9]{60}|HRKU-AA[\w-]{50,}|duffel_(?:test|live)_[\w=-]{43}|dnkey-[\w=-]{26}-[\w=-]{52}'
                      r'|EZ[AT]K[A-Za-z0-9]{54}|FLW(?:PUB|SEC)K(?:_TEST)?-[0-9a-h]{12,32}(?:-X)?|fio-u-[\w=-]{64}|glffct-[\w-]{20}|ico-[A-Za-z0-9]{32}\b|pnu_[A-Za-z0-9]{36}'
                      r'|rdme_[a-z0-9]{70}|shippo_(?:live|test)_[0-9a-fA-F]{40}|tk-us-[\w-]{48}|sgp_(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}|sq[upa]_[0-9a-fA-F]{40}'
                      r'|sm_(?:pat|aat|sat)_[A-Za-z0-9]{16}\b|bedrock-api-key-[A-Za-z0-9+/=]{20,}|ABSK[A-Za-z0-9+/]{100,}={0,2}|lsv2_(?:pt|sk)_[0-9a-f]{32}|waka_[0-9a-f-]{36}'
                      r'|sha256~[\w-]{43}|e2b_[0-9a-f]{40}|ph[cx]_[A-Za-z0-9]{40,})'),
    ('jwt', 'eyj', r'(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}'),
    ('url-password', '://', r'(?<=://)(?!\[REDACTED:)[^\s/:@<>`]+:(?!\*+@|<|\$|\{)[^\s/@<>`]{3,}(?=@)'),
    ('authorization', 'authorization', r'(?i)authorization: {1,4}(?:bearer|basic|token) +(?!<|\$|\{)(?P<secret>[A-Za-z0-9._~+/=-]{12,})'),
    ('bearer', 'bearer', r'\b[Bb]earer +(?!<|\$|\{)[A-Za-z0-9._~+/=-]{20,}'),
    ('assigned', 'key|secret|token|passw',
                 r"""(?i)(?<!\[REDACTED:url-)(?:api[_-]?key|secret[_-]?(?:access[_-]?)?key|client[_-]?secret|access[_-]?token"""
                 r"""|auth[_-]?token|passwd|password)["']?[ \t]*[:=][ \t]*["']?(?!<|\$|\{|\*|\[)"""
                 r"""(?P<secret>(?=[^\s"'\d]{0,200}\d)[^\s"'`<>]{10,})"""),
)
_TABLE = tuple((kind, words.split('|'), re.compile(pattern)) for kind, words, pattern in _RULES)
_WORDS = tuple((word, number) for number, (_, words, _) in enumerate(_TABLE) for word in words)
_MANY_LINES = 'private-key'


def mark(kind: str, secret: str) -> str:
    """Return what stands for a secret: its kind, and a hash by which two places are known to hold the same one."""
    return f'[REDACTED:{kind}:{hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:8]}]'


def lower_of(text: str) -> str:
    """Return `text` in lower case with every character in its place: the dotted capital I would become two."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.encode('utf-8', 'surrogatepass').lower().decode('utf-8', 'surrogatepass')


def lines_with(lower: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the lines of a text in lower case begin and end that hold one of `words`, in order."""
    found = {}
    for word in words:
        position = lower.find(word)
        while position >= 0:
            end = lower.find('\n', position)
            end = len(lower) if end < 0 else end
            found[lower.rfind('\n', 0, position) + 1] = end
            position = lower.find(word, end)
    return sorted(found.items())


def _rules_with_words(lower: str) -> set[int]:
    return {number for word, number in _WORDS if word in lower}


def redact_told(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what `redact` does, and kind and value of each secret, for who must look for it elsewhere."""
    found: list[tuple[str, str]] = []
    lower = lower_of(text)
    rules = _rules_with_words(lower)
    for number, (kind, words, pattern) in enumerate(_TABLE):
        if number not in rules:
            continue
        pieces, done = [], 0
        for place in [(0, len(text))] if kind == _MANY_LINES else lines_with(lower, words):
            for match in pattern.finditer(text, *place):
                secret = match.groupdict().get('secret') or match.group()
                found.append((kind, secret))
                pieces += [text[done:match.start()], match.group().replace(secret, mark(kind, secret))]
                done = match.end()
        if pieces:
            text = ''.join([*pieces, text[done:]])
            lower = lower_of(text)
            rules = _rules_with_words(lower)
    return text, found


def redact(text: str) -> tuple[str, list[str]]:
    """Return `text` with every known secret as `[REDACTED:kind:sha256-8]`, and the kinds that were found."""
    redacted, found = redact_told(text)
    return redacted, [kind for kind, _ in found]
