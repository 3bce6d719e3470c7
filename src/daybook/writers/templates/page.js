addEventListener('DOMContentLoaded', () => {
  'use strict';
  const contents = document.getElementById('daybook.contents');
  if (contents && matchMedia('(min-width: 68rem)').matches) contents.open = true;
  const unfold = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { /* as it stands */ }
    const target = name && document.getElementById(name);
    for (let up = target; up; up = up.parentElement) if (up.localName === 'details') up.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener('hashchange', unfold);
  if (location.hash) unfold();
  const now = new Date();
  const today = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
  const due = document.getElementById('daybook.due');
  if (due && due.dateTime < today) {
    const late = document.createElement('span');
    late.className = 'badge late';
    late.textContent = 'overdue';
    due.after(' ', late);
  }
});
