window.daybook = (() => {
  'use strict';
  // a row: href, kind, title, status, people, workstreams, tags, date, due, summary
  const rows = [];
  const texts = new Map();
  const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  // letter by letter, so that places in it are places in the text
  const foldInPlace = (text) => Array.from(text, (letter) => { const plain = fold(letter); return plain.length === letter.length ? plain : letter; }).join('');
  const byId = (name) => document.getElementById(`daybook.${name}`);
  const fields = { q: 'query', kind: 'kind', who: 'who', workstream: 'workstream', status: 'status' };
  const page = 12;
  let limit = page, wanted = false, month = '', loaded = 0, begun = false;
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const today = () => {
    const now = new Date();
    return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
  };
  const loadTexts = () => {
    if (wanted) return;
    wanted = true;
    const parts = Number(byId('list').dataset.parts);
    for (let n = 0; n < parts; n += 1) document.head.append(make('script', { src: `data/text-${n}.js` }));
  };
  const options = (name, values) => {
    const select = byId(name);
    const counts = new Map();
    for (const value of values) if (value) counts.set(value, (counts.get(value) || 0) + 1);
    for (const value of [...counts.keys()].sort((a, b) => a.localeCompare(b))) select.append(make('option', { value, textContent: `${value} (${counts.get(value)})` }));
    select.parentElement.hidden = counts.size === 0;
  };
  const score = (row, words) => {
    let sum = 0;
    for (const word of words) {
      const text = texts.get(row.key) || '';
      const own = (row.title.includes(word) ? 8 : 0) + (row.others.includes(word) ? 3 : 0) + (text.includes(word) ? 1 : 0);
      if (!own) return 0;
      sum += own;
    }
    return sum;
  };
  const marked = (text, words) => {
    const folded = foldInPlace(text);
    const parts = [];
    let at = 0;
    while (at < text.length) {
      let first = -1, length = 0;
      for (const word of words) {
        const found = folded.indexOf(word, at);
        if (found >= 0 && (first < 0 || found < first)) { first = found; length = word.length; }
      }
      if (first < 0) break;
      parts.push(text.slice(at, first), make('mark', { textContent: text.slice(first, first + length) }));
      at = first + length;
    }
    return [...parts, text.slice(at)];
  };
  const snippet = (row, words) => {
    const summary = row.data[9];
    const text = words.length && !words.some((word) => fold(summary).includes(word)) ? texts.get(row.key) || '' : '';
    const folded = text ? foldInPlace(row.text) : '';
    const at = Math.min(...words.map((word) => folded.indexOf(word)).filter((n) => n >= 0), folded.length);
    if (at >= folded.length) return summary;
    const start = Math.max(0, folded.lastIndexOf(' ', Math.max(0, at - 60)));
    return `${start ? '…' : ''}${row.text.slice(start, at + 160).trim()}${at + 160 < row.text.length ? '…' : ''}`;
  };
  const badge = (status) => make('span', { className: /^(active|open|in[ _-]progress|accepted|current)$/i.test(status) ? 'badge open' : 'badge', textContent: status });
  const line = (row, words) => {
    const [href, kind, title, status, people, streams, , date, due] = row.data;
    const head = make('div', {}, make('a', { className: 'title', href }, ...marked(title, words)));
    if (status) head.append(' ', badge(status));
    if (due && due < today()) head.append(' ', make('span', { className: 'badge late', textContent: `review due ${due}` }));
    const item = make('li', {}, head);
    const words2 = snippet(row, words);
    if (words2) item.append(make('p', { className: 'snippet' }, ...marked(words2, words)));
    const meta = [kind, people.join(', '), streams.join(', ')].filter(Boolean).join(' · ');
    const last = make('p', { className: 'meta' }, meta);
    if (date) last.append(' · ', make('time', { dateTime: date, textContent: date }));
    item.append(last);
    return item;
  };
  const chosen = () => Object.fromEntries(Object.entries(fields).map(([key, name]) => [key, byId(name).value]));
  const show = () => {
    const { q, kind, who, workstream, status } = chosen();
    const words = fold(q).split(/\s+/).filter(Boolean);
    if (words.length) loadTexts();
    const found = [];
    for (const row of rows) {
      const [, k, , s, people, streams, , date] = row.data;
      if ((kind && k !== kind) || (who && !people.includes(who)) || (workstream && !streams.includes(workstream))
        || (status && s !== status) || (month && !date.startsWith(month))) continue;
      const points = words.length ? score(row, words) : 1;
      if (points) found.push([points, row]);
    }
    if (words.length) found.sort((a, b) => b[0] - a[0] || a[1].order - b[1].order);
    byId('list').replaceChildren(...found.slice(0, limit).map(([, row]) => line(row, words)));
    const parts = Number(byId('list').dataset.parts);
    const still = words.length && loaded < parts ? `, reading part ${loaded} of ${parts}` : '';
    byId('count').textContent = `${found.length} of ${rows.length} documents${month ? ` of ${month}` : ''}${still}`;
    byId('more').hidden = found.length <= limit;
    byId('clear').hidden = !(q || kind || who || workstream || status || month);
  };
  const keep = () => {
    const query = new URLSearchParams(Object.entries({ ...chosen(), month }).filter(([, value]) => value));
    history.replaceState(null, '', `#${query}`);
  };
  const read = () => {
    const query = new URLSearchParams(location.hash.slice(1));
    for (const [key, name] of Object.entries(fields)) byId(name).value = query.get(key) || '';
    for (const name of Object.values(fields)) if (byId(name).value === '' && byId(name).localName === 'select') byId(name).selectedIndex = 0;
    month = /^\d{4}-\d{2}$/.test(query.get('month') || '') ? query.get('month') : '';
    limit = page;
    show();
  };
  const reviews = () => {
    const day = new Date();
    const now = today();
    day.setDate(day.getDate() + Number(byId('reviews').dataset.days));
    const last = `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`;
    const due = rows.filter((row) => row.data[8] && row.data[8] <= last).sort((a, b) => (a.data[8] < b.data[8] ? -1 : 1));
    byId('due-list').replaceChildren(...due.slice(0, page).map((row) => make('li', {}, make('a', { href: row.data[0], textContent: row.data[2] }), ' ',
      make('span', { className: row.data[8] < now ? 'badge late' : 'badge', textContent: row.data[8] }))));
    byId('reviews').hidden = due.length === 0;
  };
  const begin = () => {
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    rows.sort((a, b) => compare(b.data[7], a.data[7]) || compare(b.data[0], a.data[0]));
    rows.forEach((row, order) => { row.order = order; });
    options('kind', rows.map((row) => row.data[1]));
    options('who', rows.flatMap((row) => row.data[4]));
    options('workstream', rows.flatMap((row) => row.data[5]));
    options('status', rows.map((row) => row.data[3]));
    byId('find').hidden = false;
    byId('find').addEventListener('input', () => { month = ''; limit = page; keep(); show(); });
    byId('find').addEventListener('submit', (event) => event.preventDefault());
    byId('query').addEventListener('focus', loadTexts);
    byId('clear').addEventListener('click', () => { history.replaceState(null, '', '#'); read(); byId('query').focus(); });
    byId('more').addEventListener('click', () => {
      const first = limit;
      limit += 5 * page;
      show();
      byId('list').children[first]?.querySelector('a').focus();
    });
    addEventListener('hashchange', read);
    addEventListener('keydown', (event) => {
      if (event.key === '/' && !/^(input|select|textarea)$/.test(document.activeElement.localName) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        byId('query').focus();
      }
    });
    const calendar = byId('calendar');
    if (calendar) calendar.scrollLeft = calendar.scrollWidth;
    begun = true;
    read();
    reviews();
  };
  addEventListener('DOMContentLoaded', begin);
  return {
    rows: (number, list) => list.forEach((data, n) => rows.push({
      data, key: `${number}/${n}`, title: fold(data[2]), text: '', order: 0,
      others: fold([...data[4], ...data[5], ...data[6], data[9], data[0]].join(' ')),
    })),
    text: (number, list) => {
      const own = new Map(rows.map((row) => [row.key, row]));
      list.forEach((text, n) => {
        const row = own.get(`${number}/${n}`);
        if (!row) return;
        texts.set(row.key, fold(text));
        row.text = text;
      });
      loaded += 1;
      if (begun) show();
    },
  };
})();
