"""A headless Chromium driven over the DevTools protocol through two pipes: nothing to install but the browser."""
from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

_NAMES = ('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome')
_FLAGS = ('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
          '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars', '--remote-debugging-pipe')
_WAIT = 60  # seconds


def find() -> str | None:
    """Return the browser of this machine, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """One tab; `messages` are the errors of its console, `requests` the addresses that it asked for."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.mkdtemp(prefix='daybook-browser-')
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()

        def hand_over() -> None:  # the browser reads from 3 and writes to 4
            first, second = os.dup(to_read), os.dup(to_write)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self._process = subprocess.Popen((program, *_FLAGS, f'--user-data-dir={self._profile}', 'about:blank'), preexec_fn=hand_over,
                                         close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self._rest, self._number, self._session = b'', 0, ''
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._loaded: set[str] = set()
        pages = [target for target in self.call('Target.getTargets')['targetInfos'] if target['type'] == 'page']
        self._session = self.call('Target.attachToTarget', targetId=pages[0]['targetId'], flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')
        self.call('Page.setLifecycleEventsEnabled', enabled=True)

    def _message(self) -> dict[str, Any]:
        limit = time.monotonic() + _WAIT
        while b'\0' not in self._rest:
            if not select.select([self._in], [], [], max(0.0, limit - time.monotonic()))[0]:
                raise TimeoutError('the browser does not answer')
            data = os.read(self._in, 1 << 20)
            if not data:
                raise EOFError('the browser has gone')
            self._rest += data
        text, _, self._rest = self._rest.partition(b'\0')
        return json.loads(text)

    def _note(self, event: dict[str, Any]) -> None:
        name, given = event.get('method', ''), event.get('params', {})
        if name == 'Page.lifecycleEvent' and given['name'] == 'load':
            self._loaded.add(given['loaderId'])
        elif name == 'Runtime.exceptionThrown':
            self.messages.append(str(given['exceptionDetails'].get('exception', given['exceptionDetails']).get('description', given)))
        elif name == 'Runtime.consoleAPICalled' and given['type'] in ('error', 'warning', 'assert'):
            self.messages.append(str([each.get('value') for each in given['args']]))
        elif name == 'Log.entryAdded' and given['entry']['level'] in ('error', 'warning'):
            self.messages.append(given['entry']['text'])
        elif name == 'Network.requestWillBeSent':
            self.requests.append(given['request']['url'])
        elif name == 'Page.javascriptDialogOpening':
            self.messages.append(f'dialog: {given["message"]}')
            self._send('Page.handleJavaScriptDialog', accept=True)

    def _send(self, method: str, **given: Any) -> int:
        self._number += 1
        request = {'id': self._number, 'method': method, 'params': given, **({'sessionId': self._session} if self._session else {})}
        os.write(self._out, json.dumps(request).encode() + b'\0')
        return self._number

    def call(self, method: str, **given: Any) -> Any:
        """Return the answer to one command of the protocol."""
        number = self._send(method, **given)
        while True:
            message = self._message()
            if message.get('id') == number:
                assert 'error' not in message, (method, message['error'])
                return message['result']
            self._note(message)

    def open(self, path: Path | str, fragment: str = '') -> None:
        """Open a file, and wait until it has loaded."""
        self.messages.clear()
        self.requests.clear()
        self.call('Page.navigate', url='about:blank')
        loader = self.call('Page.navigate', url=Path(path).resolve().as_uri() + fragment)['loaderId']
        while loader not in self._loaded:  # the blank page may still tell that it has loaded
            self._note(self._message())
        self.run('new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))')

    def run(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, awaited."""
        answer = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True)
        assert 'exceptionDetails' not in answer, answer
        return answer['result'].get('value')

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        limit = time.monotonic() + _WAIT
        while not self.run(f'Boolean({expression})'):
            assert time.monotonic() < limit, f'never true: {expression}'
            time.sleep(0.05)

    def resize(self, width: int, height: int = 800, *, theme: str = 'light') -> None:
        """Make the window that wide (as a phone below 500 px), for somebody who prefers `theme`."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': theme}])

    def press(self, key: str, code: int) -> None:
        """Press and release a key that is no letter."""
        for kind in ('rawKeyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def screenshot(self, path: Path | str, *, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        data = self.call('Page.captureScreenshot', captureBeyondViewport=whole)['data']
        Path(path).write_bytes(base64.b64decode(data))

    def close(self) -> None:
        """End the browser."""
        try:
            self._session = ''
            self._send('Browser.close')
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for handle in (self._in, self._out):
            os.close(handle)
        shutil.rmtree(self._profile, ignore_errors=True)
