// The panes: source, bytecode, graph, Cranelift's form and machine code.

const row = (className, at, text, insts, more) => {
  const element = make('div', 'row ' + className);
  element.append(make('span', 'at', at));
  if (more) element.append(make('span', more[0], more[1]));
  element.append(text instanceof Node ? text : make('span', '', text));
  if (insts.length) element.dataset.insts = insts.join(' ');
  return element;
};
// An instruction's text, with its slots to be clicked.
const withSlots = (inst) => {
  const out = make('span');
  let end = 0;
  const own = new Set([...inst.reads, ...inst.writes]);
  // Strings are passed over.
  for (const match of inst.text.matchAll(/"(?:[^"\\]|\\.)*"|[^\s,\[\]"]*%(\d+)/g)) {
    if (match[1] === undefined || !own.has(Number(match[1]))) continue;
    out.append(inst.text.slice(end, match.index));
    const slot = make('span', 'slot', match[0]);
    slot.dataset.slot = match[1];
    out.append(slot);
    end = match.index + match[0].length;
  }
  out.append(inst.text.slice(end));
  return out;
};
const rows = () => {
  const byLine = new Map();
  view.insts.forEach((inst, at) => {
    if (!byLine.has(inst.line)) byLine.set(inst.line, []);
    byLine.get(inst.line).push(at);
  });
  const marks = (line) => {
    const kinds = new Set(view.points.filter((p) => p.line === line && p.kind !== 'Entry').map((p) => ({ Call: 'c', Poll: 'p' })[p.kind] ?? 'w'));
    return [...kinds].sort().join('');
  };
  $('source').replaceChildren(...view.source.map((each) => row('', each.line, each.text || ' ', byLine.get(each.line) ?? [], ['mark', marks(each.line)])));
  if (!view.source.length) $('source').replaceChildren(make('p', '', 'The source file could not be read.'));
  const coded = new Set(view.code.flatMap((code) => code.clif.map((line) => line.inst)));
  $('bytecode').replaceChildren(...view.insts.map((inst, at) => {
    const change = inst.line === 0 ? 'added' : view.code.length && !coded.has(at) ? 'gone' : '';
    return row(change, at, withSlots(inst), [at]);
  }));
  codeRows();
};
const codeRows = () => {
  const code = view.code.find((each) => each.form === state.form);
  const clif = code ? code.clif : [];
  const asm = code ? code.asm : [];
  const insts = (line) => (line.inst === null ? [] : [line.inst]);
  const change = (line) => (line.inst === null ? 'added' : '');
  $('clif').replaceChildren(...clif.map((line) => row(change(line) + (line.cold ? ' cold' : ''), '', line.text, insts(line))));
  // What stands before the first block is declarations.
  const first = [...$('clif').children].find((line) => line.textContent.startsWith('block'));
  $('clif').scrollTop = first ? first.offsetTop - $('clif').offsetTop : 0;
  $('asm').replaceChildren(...asm.map((line) => row(change(line), line.offset.toString(16), line.text, insts(line), ['bytes', line.bytes])));
  for (const place of document.querySelectorAll('.forms')) {
    place.replaceChildren(...view.code.map((each) => {
      const button = make('button', '', `${each.form} ${each.bytes} B`);
      button.title = `the ${each.form} form, ${each.bytes} bytes (h)`;
      button.type = 'button';
      button.dataset.form = each.form;
      button.setAttribute('aria-pressed', each.form === state.form);
      return button;
    }));
  }
};
const draw = () => {
  const after = state.stage !== 'cfg' || state.both;
  const wanted = state.both ? ['before', 'after'] : [after ? 'after' : 'before'];
  const parser = new DOMParser();
  $('graph').replaceChildren(...wanted.map((which) => {
    const svg = document.importNode(parser.parseFromString(pictures[which], 'image/svg+xml').documentElement, true);
    svg.dataset.which = which;
    svg.dataset.width = svg.getAttribute('width');
    svg.dataset.height = svg.getAttribute('height');
    return svg;
  }));
  $('h-graph').textContent = state.both ? 'Graph before | after the split' : `Graph ${wanted[0]} the split`;
  const shown = state.func + wanted.join();
  // What is shown for the first time is shown as wide as it can be read.
  if (shown === drawn) zoom(state.zoom);
  else fitWidth();
  drawn = shown;
};
// Shows the stage, the modes and the selection.
const present = () => {
  for (const button of $('stages').children) button.setAttribute('aria-pressed', button.dataset.stage === state.stage);
  for (const pane of document.querySelectorAll('.pane')) pane.classList.toggle('current', pane.dataset.pane === PANE[state.stage]);
  document.body.dataset.stage = state.stage;
  document.body.classList.toggle('alone', state.alone);
  document.body.classList.toggle('changes', state.changes);
  for (const mode of [...MODES, 'changes']) $(mode).setAttribute('aria-pressed', state[mode]);
  draw();
  for (const svg of $('graph').children) {
    svg.classList.toggle('diff', state.changes && svg.dataset.which === 'after' && (state.stage === 'split' || state.both));
  }
  light();
};
const stage = (name) => {
  state.stage = name;
  present();
  tell(`stage ${name}`);
  remember();
};
// Turns a mode on or off.
const turn = (mode) => {
  state[mode] = !state[mode];
  present();
  if (mode === 'alone') { fitWidth(); reveal(); }
  tell({
    both: state.both ? 'graphs before and after the split' : 'one graph',
    alone: state.alone ? 'one pane' : 'all panes',
    changes: state.changes ? 'changes coloured' : 'changes not coloured',
  }[mode]);
  remember();
};
const form = (name) => {
  if (!view.code.some((each) => each.form === name)) return;
  state.form = name;
  codeRows();
  light();
  tell(`${name} form`);
  remember();
};
