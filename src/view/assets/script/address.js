// The address: it leads back to what is shown. Another function is a new entry of the browser's
// history; whatever else changes, changes the entry.

const MODES = ['both', 'alone'];
// How often a function's name was there before it.
const sameName = (func) => functions.slice(0, func).filter((each) => each.name === functions[func].name).length;
const address = () => {
  const words = new URLSearchParams();
  words.set('f', functions[state.func].name);
  const same = sameName(state.func);
  if (same) words.set('n', same);
  words.set('s', state.stage);
  if (state.inst !== null) words.set('i', state.inst);
  if (state.line !== null) words.set('line', state.line);
  if (state.slot !== null) words.set('slot', state.slot);
  if (state.form !== 'hot') words.set('form', state.form);
  for (const mode of MODES) if (state[mode]) words.set(mode, 1);
  if (!state.changes) words.set('changes', 0);
  return '#' + words;
};
const remember = (anew = false) => {
  const hash = address();
  if (hash === location.hash) return;
  if (anew) history.pushState(null, '', hash);
  else history.replaceState(null, '', hash);
};
const number = (text, below) => {
  const value = Number(text);
  return text !== null && text !== '' && Number.isInteger(value) && value >= 0 && value < below ? value : null;
};
// Text from the address; that of the program comes so already.
const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
// Shows what the address says. What is not there is not followed.
const follow = () => {
  if (view && location.hash === address()) return;
  const words = new URLSearchParams(location.hash.slice(1));
  let skip = number(words.get('n'), functions.length) ?? 0;
  const name = words.get('f');
  const wanted = functions.findIndex((each) => each.name === name && skip-- === 0);
  state.func = Math.max(wanted, 0);
  state.stage = STAGES.includes(words.get('s')) ? words.get('s') : 'split';
  state.form = words.get('form') === 'resume' ? 'resume' : 'hot';
  for (const mode of MODES) state[mode] = words.has(mode);
  state.changes = words.get('changes') !== '0';
  tell('');
  load();
  const found = wanted >= 0;
  state.inst = found ? number(words.get('i'), view.insts.length) : null;
  const line = number(words.get('line'), Infinity);
  state.line = state.inst !== null && view.insts[state.inst].line === line ? line : null;
  state.slot = found ? number(words.get('slot'), view.slots.length) : null;
  present();
  reveal();
  say(found || name === null ? selected() : `There is no function ${visible(name)} here; this is ${view.name}.`);
  remember();
};
// A link within the page. The modes stay as they are.
const go = (hash) => {
  const words = new URLSearchParams(hash.slice(1));
  const now = new URLSearchParams(address().slice(1));
  for (const mode of [...MODES, 'changes']) if (now.has(mode)) words.set(mode, now.get(mode));
  if ('#' + words === location.hash) return;
  history.pushState(null, '', '#' + words);
  follow();
};
// Going back and forth, and an address that was written by hand: a browser tells of some by both.
addEventListener('popstate', follow);
addEventListener('hashchange', follow);
