// The emulator's page: it shows what the control API reports, and offers its actions.

const $ = (id) => document.getElementById(id);

/** The call whose entries are shown; null shows all. */
let chosen = null;

/** One element with its properties and children. */
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Calls the control API. Shows a refusal and returns undefined. */
async function ask(method, path, body) {
  const options = { method };
  if (method === 'POST' || method === 'PUT') {
    options.headers = { 'content-type': 'application/json' };
    options.body = JSON.stringify(body ?? {});
  }
  try {
    const answer = await fetch(`/emulator${path}`, options);
    const told = answer.status === 204 ? null : await answer.json();
    if (!answer.ok) throw new Error(told.error);
    say('');
    return told;
  } catch (error) {
    say(error.message);
    return undefined;
  }
}

function say(text) {
  $('message').textContent = text;
}

function act(label, name, path) {
  const button = make('button', { type: 'button', textContent: label });
  button.setAttribute('aria-label', `${label}: ${name}`);
  button.addEventListener('click', () => ask('POST', path));
  return button;
}

/** Replaces the children of an element if their data has changed; keeps the focus. */
const shown = new Map();
function show(id, data, render) {
  const text = JSON.stringify(data);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  const parent = $(id);
  const focus = parent.contains(document.activeElement)
    ? document.activeElement.getAttribute('aria-label') : null;
  const opened = [...parent.querySelectorAll('details[open]')].map((it) => it.dataset.key);
  parent.replaceChildren(...data.map(render));
  for (const it of parent.querySelectorAll('details')) it.open = opened.includes(it.dataset.key);
  if (focus) parent.querySelector(`[aria-label="${CSS.escape(focus)}"]`)?.focus();
}

function words(behaviour) {
  if (typeof behaviour === 'object') {
    if ('declines_after' in behaviour) return `declines after ${behaviour.declines_after} s`;
    const talks = behaviour.talks === null ? '' : `, talks for ${behaviour.talks} s`;
    return `answers after ${behaviour.answers_after} s${talks}`;
  }
  return { by_hand: 'by hand', ignores: 'lets it ring', absent: 'cannot be called' }[behaviour];
}

const STATES = { on_call: 'live', ringing: 'ring', absent: 'bad' };

function phone(it) {
  const path = `/phones/${encodeURIComponent(it.number)}`;
  const buttons = make('div', { className: 'actions' });
  if (it.ringing.length) {
    buttons.append(act('Answer', it.number, `${path}/answer`), act('Decline', it.number, `${path}/decline`));
  }
  if (it.on_call) buttons.append(act('Hang up', it.number, `${path}/hangup`), speech(it.number, path));
  const ringing = it.ringing.map((leg) => ` from ${leg.from}`).join(',');
  return make('li', {},
    make('span', { className: `state number ${STATES[it.state] ?? ''}`, textContent: it.number }),
    make('div', { className: 'soft', textContent: `${it.state.replace('_', ' ')}${ringing} · ${words(it.behaviour)}` }),
    buttons.childElementCount ? buttons : null);
}

/** A field for what a phone says and presses. */
function speech(name, path) {
  const field = make('input', { placeholder: 'Say, or press 1#', autocomplete: 'off' });
  field.setAttribute('aria-label', `Say or press: ${name}`);
  const form = make('form', { className: 'row' }, field, make('button', { textContent: 'Send' }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    const [what, body] = /^[0-9*#wW]+$/.test(text)
      ? ['digits', { digits: text }] : ['speech', { text }];
    if ((await ask('POST', `${path}/${what}`, body)) !== undefined) field.value = '';
  });
  return form;
}

function device(it) {
  const path = `/devices/${it.id}`;
  const buttons = make('div', { className: 'actions' });
  const name = `${it.identity} (${it.id})`;
  if (it.ringing.length && !it.is_page) {
    buttons.append(act('Answer', name, `${path}/answer`), act('Decline', name, `${path}/decline`));
  }
  if (it.on_call && !it.is_page) buttons.append(act('Hang up', name, `${path}/hangup`));
  if (it.registered) buttons.append(act('Drop connection', name, `${path}/drop`));
  const state = it.on_call ? 'on call' : it.ringing.length ? 'ringing' : it.registered ? 'registered' : 'not registered';
  const colour = it.on_call ? 'live' : it.ringing.length ? 'ring' : it.registered ? 'live' : 'bad';
  const kind = it.is_page ? 'a real browser' : `virtual, ${words(it.behaviour)}`;
  return make('li', {},
    make('span', { className: `state ${colour}`, textContent: it.identity }),
    make('div', { className: 'soft', textContent: `${state} · ${kind}` }),
    buttons.childElementCount ? buttons : null);
}

function fault(it) {
  const what = it.api ? `REST: ${it.api.replaceAll('_', ' ')}` : `webhooks: ${it.mishap}`;
  const on = it.notices_only ? 'status callbacks' : [it.kind, it.progress].filter(Boolean).join(' ') || 'all';
  const times = it.times === null ? 'always' : `${it.times} more`;
  return make('li', { textContent: it.api ? `${what} · ${times}` : `${what} · ${on} · ${times}` });
}

function account(it) {
  const key = it.keys[0];
  const secrets = make('dl', {}, ...pairs([
    ['auth token', it.auth_token],
    ...it.keys.flatMap((each) => [['API key', each.sid], ['secret', each.secret]]),
    ...it.apps.flatMap((each) => [['TwiML App', each.sid], ['its URL', each.voice_url]]),
  ]));
  const details = make('details', {}, make('summary', { textContent: key || it.apps.length ? 'Credentials and apps' : 'Credentials' }), make('div', {}, secrets));
  details.dataset.key = it.sid;
  return make('li', {},
    make('span', { className: 'number', textContent: it.sid }),
    ...it.numbers.map((number) => make('div', { className: 'soft', textContent: `${number.number} → ${number.voice_url || 'no URL'}` })),
    ...it.caller_ids.map((each) => make('div', { className: 'soft', textContent: `${each.number} is verified` })),
    details);
}

function pairs(list) {
  return list.flatMap(([name, value]) => [make('dt', { textContent: name }), make('dd', { textContent: value })]);
}

function colour(status) {
  return { 'in-progress': 'live', ringing: 'ring', queued: 'ring', failed: 'bad' }[status] ?? '';
}

function call(it) {
  const row = make('tr');
  if (it.call_sid === chosen) row.setAttribute('aria-current', 'true');
  const legs = it.legs.map((leg) => make('div', { className: `state ${colour(leg.status)}`, textContent: `${leg.to} ${leg.status}` }));
  const showing = make('button', { type: 'button', textContent: 'Show' });
  showing.setAttribute('aria-label', `Show what happens in the call from ${it.from} at ${clock(it.placed_at)}`);
  showing.addEventListener('click', () => choose(it));
  const ends = it.ended_at === null ? act('Hang up', `call from ${it.from} at ${clock(it.placed_at)}`, `/calls/${it.call_sid}/hangup`) : null;
  row.append(
    make('td', { className: 'number', textContent: clock(it.placed_at).slice(0, 8) }),
    make('td', { className: 'number', textContent: it.from }),
    make('td', { className: 'number', textContent: it.to || '–' }),
    make('td', {}, make('span', { className: `state ${colour(it.status)}`, textContent: it.status }),
      it.application_error ? make('div', { className: 'bad', textContent: 'application error' }) : null),
    make('td', { className: 'legs' }, ...(legs.length ? legs : ['–'])),
    make('td', {}, showing, ' ', ends));
  return row;
}

function clock(moment) {
  const text = new Date(moment).toISOString();
  return text.slice(11, 23);
}

function choose(it) {
  chosen = it?.call_sid ?? null;
  $('filter').hidden = chosen === null;
  if (it) $('filter').firstElementChild.textContent = `Only the call from ${it.from} to ${it.to || 'nobody'}.`;
  for (const entry of $('timeline').children) entry.hidden = hides(entry.dataset.root);
  shown.delete('calls');
  refresh();
}

const hides = (root) => chosen !== null && root !== chosen;

/** One entry of the timeline. */
function entry(it) {
  const item = make('li', { className: it.type });
  item.dataset.id = it.id;
  item.dataset.root = it.root_sid ?? '';
  item.hidden = hides(item.dataset.root);
  if (it.call_sid !== it.root_sid) item.classList.add('leg');
  if (it.problem?.severity === 'warning') item.classList.add('warning');
  const line = (text, verdict) => make('span', { className: 'line' },
    make('time', { dateTime: it.at, textContent: clock(it.at) }),
    make('span', { className: 'what' }, ...text), verdict ?? '');
  if (it.webhook) item.append(webhook(it, line));
  else if (it.problem) item.append(line([`${it.text} `, make('a', { href: it.problem.more_info, textContent: 'what it means', rel: 'noreferrer', target: '_blank' })]));
  else item.append(line([it.text]));
  return item;
}

function webhook(it, line) {
  const { request, signature, answer, kind, progress, ms, problem, attempts } = it.webhook;
  const title = [make('strong', { textContent: [kind, progress].filter(Boolean).join(' ') }), ` ${request.method} ${request.url}`];
  const good = answer && answer.status < 400;
  const result = answer ? `${answer.status}, ${ms.toFixed(1)} ms` : problem ? `no answer (${problem.code})` : 'waiting …';
  const verdict = make('span', { className: !answer && !problem ? 'soft' : good ? 'good' : 'bad', textContent: result });
  const details = make('details', {}, make('summary', {}, line(title, verdict)));
  details.dataset.key = it.id;
  const verdicts = { accepted: 'accepted by the server', refused: 'refused by the server', 'no answer': 'not checked', unknown: 'not known from the answer', waiting: 'not checked yet' };
  details.append(make('div', {},
    make('h3', { textContent: 'Request' }), make('dl', {}, ...pairs(request.params)),
    make('h3', { textContent: 'Signature' }),
    make('dl', {}, ...pairs([
      ['X-Twilio-Signature', `${signature.value}: ${verdicts[signature.verdict]}`],
      ['signed URL', signature.signed_url],
      ...(request.sent_to ? [['sent to', request.sent_to]] : []),
      ['idempotency token', request.idempotency_token],
      ...(attempts > 1 ? [['attempts', String(attempts)]] : []),
    ])),
    make('h3', { textContent: 'Answer' }),
    answer ? make('pre', { textContent: `${answer.status} ${answer.content_type ?? ''}\n${answer.body}`.trim(), tabIndex: 0 })
      : make('p', { className: 'soft', textContent: problem ? problem.text : 'none yet' })));
  return details;
}

/** Adds entries, newest first. A changed entry replaces its older version. */
function add(entries) {
  const list = $('timeline');
  for (const it of entries) {
    const made = entry(it);
    const old = list.querySelector(`li[data-id="${it.id}"]`);
    if (!old) {
      list.prepend(made);
      continue;
    }
    const [before, after] = [old.querySelector('details'), made.querySelector('details')];
    if (before && after) after.open = before.open;
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(made);
    if (hadFocus) made.querySelector('summary')?.focus();
  }
  while (list.childElementCount > MOST) list.lastElementChild.remove();
  $('no-entries').hidden = list.childElementCount > 0;
}

const MOST = 2000;

/** Loads everything but the timeline; never two loads at once. */
let asking = null;
let again = false;
async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = (async () => {
    const paths = ['/calls', '/phones', '/devices', '/faults', '/accounts', '/clock'];
    const [calls, phones, devices, faults, accounts, time] =
      await Promise.all(paths.map((path) => fetch(`/emulator${path}`).then((it) => it.json())));
    show('calls', calls, call);
    show('phones', phones, phone);
    show('devices', devices, device);
    show('faults', faults, fault);
    show('accounts', accounts, account);
    const option = (value) => make('option', { value });
    show('people', [...phones.map((it) => it.number), ...devices.map((it) => `client:${it.identity}`)], option);
    show('numbers', accounts.flatMap((it) => it.numbers.map((number) => number.number)), option);
    showClock(time.clock);
    $('no-devices').hidden = devices.length > 0;
    $('no-calls').hidden = calls.length > 0;
    $('calls-scroll').hidden = calls.length === 0;
    $('clear-faults').hidden = faults.length === 0;
  })().catch(() => {});
  await asking;
  asking = null;
  if (again) {
    again = false;
    setTimeout(refresh, 100);
  }
}

/** Chooses the clock in the list; a clock that is not in it is added. */
function showClock(clock) {
  const list = $('clock');
  if (![...list.options].some((it) => it.value === clock)) {
    list.append(make('option', { value: clock, textContent: clock }));
  }
  if (document.activeElement !== list) list.value = clock;
}

$('clock').addEventListener('change', async (event) => {
  await ask('PUT', '/clock', { clock: event.target.value });
  refresh();
});

function filled(form) {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
}

$('place').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = filled(event.target);
  for (const name of ['hangs_up_after', 'gives_up_after']) if (name in body) body[name] = Number(body[name]);
  const answers = (body.answers ?? '').split(',').map((it) => it.trim()).filter(Boolean);
  delete body.answers;
  const isKeys = (text) => /^[0-9*#]+$/.test(text);
  if (answers.length) {
    body.presses = answers.filter(isKeys);
    body.says = answers.filter((it) => !isKeys(it));
  }
  await ask('POST', '/calls', body);
  refresh();
});

$('phone').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { number, behaviour } = filled(event.target);
  const body = { behaviour: behaviour === 'answers' ? { answers_after: 2 } : behaviour };
  await ask('PUT', `/phones/${encodeURIComponent(number)}`, body);
  refresh();
});

$('fault').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { what, times } = filled(event.target);
  await ask('POST', '/faults', { ...JSON.parse(what), times: times ? Number(times) : null });
  refresh();
});

$('clear-faults').addEventListener('click', async () => {
  await ask('DELETE', '/faults');
  refresh();
});

$('all').addEventListener('click', () => choose(null));

const stream = new EventSource('/emulator/events?after=0');
stream.addEventListener('open', () => {
  $('connection').textContent = 'live';
  refresh();
});
stream.addEventListener('error', () => { $('connection').textContent = 'the emulator does not answer; trying again …'; });
stream.addEventListener('entries', (event) => {
  add(JSON.parse(event.data));
  refresh();
});
