// Keys, clicks, the wheel, dragging.

const theme = () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
};
const sheet = (dialog) => (dialog.open ? dialog.close() : dialog.showModal());
const step = (by) => {
  const at = STAGES.indexOf(state.stage) + by;
  if (at >= 0 && at < STAGES.length) stage(STAGES[at]);
};
const move = (x, y) => $('graph').scrollBy({ left: x, top: y, behavior: 'instant' });
const nextSlot = () => {
  if (state.inst === null) return;
  const inst = view.insts[state.inst];
  const slots = [...new Set([...inst.writes, ...inst.reads])];
  if (slots.length) choose(slots[(slots.indexOf(state.slot) + 1) % slots.length]);
};
const KEYS = {
  '/': () => $('search').focus(),
  '?': () => sheet($('keys')),
  '[': () => step(-1),
  ']': () => step(1),
  'n': () => open((state.func + 1) % functions.length),
  'p': () => open((state.func + functions.length - 1) % functions.length),
  'j': () => select(state.inst === null ? 0 : Math.min(state.inst + 1, view.insts.length - 1)),
  'k': () => select(state.inst === null ? 0 : Math.max(state.inst - 1, 0)),
  'h': () => form(state.form === 'hot' ? 'resume' : 'hot'),
  's': nextSlot,
  'c': () => turn('changes'),
  'b': () => turn('both'),
  't': theme,
  '+': () => zoom(state.zoom * 1.25),
  '=': () => zoom(state.zoom * 1.25),
  '-': () => zoom(state.zoom / 1.25),
  '0': fit,
  'w': fitWidth,
  'm': () => turn('alone'),
  'y': () => { $('why').open = !$('why').open; },
  'v': () => { if (!$('waits').hidden) sheet($('waits-dialog')); },
  'ArrowLeft': () => move(-60, 0),
  'ArrowRight': () => move(60, 0),
  'ArrowUp': () => move(0, -60),
  'ArrowDown': () => move(0, 60),
  'Escape': () => { select(null); choose(null); say(''); },
};
STAGES.forEach((name, at) => {
  KEYS[at + 1] = () => stage(name);
  const button = make('button', '', name);
  button.type = 'button';
  button.dataset.stage = name;
  button.title = `stage ${name} (${at + 1})`;
  button.addEventListener('click', () => stage(name));
  $('stages').append(button);
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector('dialog[open]')) return;
  if (event.target === $('search')) {
    const first = $('functions-list').querySelector('button');
    if (event.key === 'Enter' && first) { open(Number(first.dataset.func)); $('name').focus(); }
    if (event.key === 'Escape') { $('search').value = ''; list(); $('search').blur(); }
    return;
  }
  if (event.key === 'Enter' && event.target.closest('#graph [data-node]')) {
    const insts = instsOf(event.target);
    if (insts.length) select(insts[0]);
    return;
  }
  // Panes with lines move by themselves, separators are moved.
  if (event.key.startsWith('Arrow') && event.target.closest('.rows, .splitter, nav')) return;
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (act) { event.preventDefault(); act(); }
});
$('search').addEventListener('input', list);
$('functions-list').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) open(Number(button.dataset.func));
});
document.querySelector('main').addEventListener('click', (event) => {
  const formButton = event.target.closest('[data-form]');
  if (formButton) return form(formButton.dataset.form);
  const slot = event.target.closest('[data-slot]');
  if (slot) choose(Number(slot.dataset.slot));
  const insts = instsOf(event.target);
  if (insts.length && !slot) select(insts[0], event.target.closest('#source') ? view.insts[insts[0]].line : null);
});
document.querySelector('main').addEventListener('mouseover', (event) => {
  clear('lit');
  for (const each of touched(instsOf(event.target))) each.classList.add('lit');
  const node = event.target.closest('#graph [data-node]');
  const edge = event.target.closest('#graph .edge');
  if (edge) edge.classList.add('lit');
  if (node) {
    for (const each of node.closest('svg').querySelectorAll('.edge')) {
      if (each.dataset.from === node.dataset.node || each.dataset.to === node.dataset.node) each.classList.add('lit');
    }
  }
});
document.querySelector('main').addEventListener('mouseleave', () => clear('lit'));
$('graph').addEventListener('wheel', (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  const pane = $('graph').getBoundingClientRect();
  zoom(state.zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event.clientX - pane.left, event.clientY - pane.top);
}, { passive: false });
let drag = null;
$('graph').addEventListener('pointerdown', (event) => {
  if (event.target.closest('[data-node]')) return;
  drag = [event.clientX + $('graph').scrollLeft, event.clientY + $('graph').scrollTop];
  $('graph').classList.add('drag');
});
addEventListener('pointermove', (event) => {
  if (!drag) return;
  $('graph').scrollTo({ left: drag[0] - event.clientX, top: drag[1] - event.clientY, behavior: 'instant' });
});
addEventListener('pointerup', () => { drag = null; $('graph').classList.remove('drag'); });
// To the graph, and not to an address that names no function.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  $('graph').focus();
});
$('help').addEventListener('click', () => sheet($('keys')));
$('theme').addEventListener('click', theme);
$('changes').addEventListener('click', KEYS.c);
$('both').addEventListener('click', KEYS.b);
$('larger').addEventListener('click', KEYS['+']);
$('smaller').addEventListener('click', KEYS['-']);
$('fit').addEventListener('click', fit);
$('alone').addEventListener('click', KEYS.m);
const waits = $('waits-table');
if (waits) {
  $('waits').hidden = false;
  $('waits-body').append(waits.content.cloneNode(true));
  $('waits').addEventListener('click', KEYS.v);
  $('waits-body').addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (!link) return;
    event.preventDefault();
    $('waits-dialog').close();
    go(link.hash);
  });
}
follow();
