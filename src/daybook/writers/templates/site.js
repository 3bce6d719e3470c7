(() => {
  'use strict';
  const root = document.documentElement;
  const kept = 'daybook.theme';
  try {
    const theme = localStorage.getItem(kept);
    if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
  } catch { /* storage may be forbidden */ }
  const isDark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('daybook.theme');
    const say = () => button.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} theme`);
    say();
    button.hidden = false;
    button.addEventListener('click', () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      say();
      try { localStorage.setItem(kept, root.dataset.theme); } catch { /* this page only */ }
    });
  });
})();
