// What is selected: an instruction or a line, a slot; and what belongs to it in all panes.

const instsOf = (element) => {
  const at = element.closest('[data-insts], [data-inst], [data-node]');
  if (!at) return [];
  if (at.dataset.insts) return at.dataset.insts.split(' ').map(Number);
  if (at.dataset.inst) return [Number(at.dataset.inst)];
  const node = [...view.before.nodes, ...view.after.nodes].find((each) => each.name === at.dataset.node && nodeIn(at, each));
  if (!node) return [];
  if (node.point !== undefined) return [node.first];
  return Array.from({ length: node.end - node.first }, (_, i) => node.first + i);
};
// Whether a node is of the graph that the element stands in.
const nodeIn = (element, node) => {
  const svg = element.closest('svg');
  return !svg || view[svg.dataset.which].nodes.includes(node);
};
const touched = (insts) => {
  const set = new Set(insts);
  const found = [];
  for (const each of document.querySelectorAll('[data-insts]')) {
    if (each.dataset.insts.split(' ').some((at) => set.has(Number(at)))) found.push(each);
  }
  for (const each of document.querySelectorAll('#graph [data-inst]')) {
    if (set.has(Number(each.dataset.inst))) found.push(each);
  }
  for (const each of document.querySelectorAll('#graph .point')) {
    const node = view.after.nodes.find((node) => node.name === each.dataset.node);
    if (node && set.has(node.first) && view.points[node.point].kind !== 'Entry') found.push(each);
  }
  return found;
};
const clear = (...names) => {
  for (const name of names) for (const each of document.querySelectorAll('main .' + name)) each.classList.remove(name);
};
// The selected instructions: one, or those of a line.
const marked = () => {
  if (state.line === null) return state.inst === null ? [] : [state.inst];
  return [...view.insts.keys()].filter((at) => view.insts[at].line === state.line);
};
// Marks what belongs to the selection.
const light = () => {
  clear('pinned', 'def', 'use', 'carries');
  for (const each of touched(marked())) each.classList.add('pinned');
  if (state.slot !== null) {
    const slot = view.slots[state.slot];
    for (const each of touched(slot.uses)) each.classList.add('use');
    for (const each of touched(slot.defs)) each.classList.add('def');
    for (const each of document.querySelectorAll('#graph .point')) {
      if (slot.carried.some((at) => each.dataset.node === 'p' + at)) each.classList.add('carries');
    }
  }
};
const reveal = () => {
  for (const pane of ['source', 'bytecode', 'clif', 'asm', 'graph']) {
    const first = $(pane).querySelector('.pinned');
    if (!first) continue;
    const [inner, outer] = [first.getBoundingClientRect(), $(pane).getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) {
      $(pane).scrollTop += inner.top - outer.top - outer.height / 3;
    }
  }
};
// Selects an instruction, or a line of source by its first.
const select = (at, line = null) => {
  state.inst = at;
  state.line = line;
  light();
  if (at !== null) {
    reveal();
    say(instText());
  }
  remember();
};
const instText = () => {
  const inst = view.insts[state.inst];
  return `${state.inst} ${inst.text}, line ${inst.line}, b${inst.block}`;
};
const slotName = (at) => (view.slots[at].name ? `${view.slots[at].name}%${at}` : `%${at}`);
const slotType = (slot) => (slot.source_type ? `${slot.boxed ? 'boxed ' : ''}${slot.source_type} (${slot.ty})` : slot.ty);
const choose = (at) => {
  state.slot = at;
  light();
  if (at !== null) say(slotText());
  remember();
};
const slotText = () => {
  const at = state.slot;
  const slot = view.slots[at];
  const places = (all) => (all.length ? all.join(' ') : 'nowhere');
  return `${slotName(at)}: ${slotType(slot)}${slot.param ? ', a parameter' : ''}; defined ${slot.param && !slot.defs.length ? 'by the caller' : 'at ' + places(slot.defs)}; used at ${places(slot.uses)}; carried by ${slot.carried.length ? slot.carried.map((p) => 'p' + p).join(' ') : 'no point'}`;
};
// What is told of the selection.
const selected = () => (state.slot !== null ? slotText() : state.inst !== null ? instText() : '');
