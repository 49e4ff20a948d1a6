// The list of functions, and what is told of the one that is shown.

const list = () => {
  const wanted = $('search').value.trim().toLowerCase();
  const items = [];
  functions.forEach((each, at) => {
    if (!each.name.toLowerCase().includes(wanted)) return;
    const item = make('li');
    const button = make('button', '', each.name);
    button.type = 'button';
    button.dataset.func = at;
    if (at === state.func) button.setAttribute('aria-current', 'true');
    const run = each.captures ? `, ${count(each.captures, 'capture')}` : '';
    button.append(make('br'), make('small', '', `${count(each.blocks, 'block')}, ${count(each.points, 'point')}${each.suspends ? '' : ', never suspends'}${run}`));
    item.append(button);
    items.push(item);
  });
  $('functions-list').replaceChildren(...items);
  $('found').textContent = `${items.length} of ${functions.length}`;
};
// Another function, with nothing selected.
const open = (at) => {
  const anew = state.func !== at;
  Object.assign(state, { func: at, inst: null, line: null, slot: null });
  say('');
  tell('');
  load();
  present();
  remember(anew);
};
// What is told of the function that is shown, and its lines.
const load = () => {
  const at = state.func;
  view = read('view' + at);
  pictures = read('pictures' + at);
  $('name').textContent = view.name;
  $('facts').textContent = `${view.file}:${view.line} – ${functions[at].facts}`;
  $('why').hidden = view.facts.why.length === 0;
  $('chain').replaceChildren(...view.facts.why.map((each) => make('li', '', each)));
  document.title = `${view.name} – vo-jit-cfg`;
  if (!view.code.some((code) => code.form === state.form) && view.code.length) state.form = view.code[0].form;
  list();
  rows();
};
