'use strict';
// The page of vo-jit-cfg. Text of the program is only ever set by textContent; the pictures come
// escaped and are parsed as XML.
(() => {
  const $ = (id) => document.getElementById(id);
  const STAGES = ['source', 'bytecode', 'cfg', 'split', 'clif', 'asm'];
  const PANE = { source: 'source', bytecode: 'bytecode', cfg: 'graph', split: 'graph', clif: 'clif', asm: 'asm' };
  const functions = JSON.parse($('functions').textContent);
  const parsed = new Map();
  // What is shown. All of it but the cache stands in the address.
  const state = { func: 0, stage: 'split', inst: null, marked: [], slot: null, form: 'hot', both: false, zoom: 1 };
  let view = null;
  let pictures = null;
  // Which graphs were drawn last.
  let drawn = '';
  // The smallest type that a graph is opened with.
  const SMALLEST = 0.6;

  const read = (id) => {
    if (!parsed.has(id)) parsed.set(id, JSON.parse($(id).textContent));
    return parsed.get(id);
  };
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const count = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
  const say = (text) => { $('said').textContent = text; };

  // ---- the address ---------------------------------------------------------------------------

  const address = () => {
    const words = new URLSearchParams();
    words.set('f', functions[state.func].name);
    const same = functions.slice(0, state.func).filter((each) => each.name === functions[state.func].name);
    if (same.length) words.set('n', same.length);
    words.set('s', state.stage);
    if (state.inst !== null) words.set('i', state.inst);
    if (state.slot !== null) words.set('slot', state.slot);
    if (state.form !== 'hot') words.set('form', state.form);
    if (state.both) words.set('both', 1);
    return '#' + words;
  };
  const remember = () => {
    const hash = address();
    if (hash !== location.hash) history.replaceState(null, '', hash);
  };
  const number = (text, below) => {
    const value = Number(text);
    return text !== null && text !== '' && Number.isInteger(value) && value >= 0 && value < below ? value : null;
  };
  const follow = () => {
    const words = new URLSearchParams(location.hash.slice(1));
    let skip = number(words.get('n'), functions.length) ?? 0;
    const wanted = functions.findIndex((each) => each.name === words.get('f') && skip-- === 0);
    state.func = Math.max(wanted, 0);
    state.stage = STAGES.includes(words.get('s')) ? words.get('s') : 'split';
    state.form = words.get('form') === 'resume' ? 'resume' : 'hot';
    state.both = words.has('both');
    open(state.func, false);
    select(number(words.get('i'), view.insts.length), false);
    choose(number(words.get('slot'), view.slots.length), false);
  };

  // ---- functions -----------------------------------------------------------------------------

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
  const open = (at, fresh = true) => {
    state.func = at;
    view = read('view' + at);
    pictures = read('pictures' + at);
    if (fresh) { state.inst = null; state.marked = []; state.slot = null; }
    $('name').textContent = view.name;
    $('facts').textContent = `${view.file}:${view.line} – ${functions[at].facts}`;
    $('why').hidden = view.facts.why.length === 0;
    $('chain').replaceChildren(...view.facts.why.map((each) => make('li', '', each)));
    document.title = `${view.name} – vo-jit-cfg`;
    if (!view.code.some((code) => code.form === state.form) && view.code.length) state.form = view.code[0].form;
    list();
    rows();
    stage(state.stage);
  };

  // ---- panes ---------------------------------------------------------------------------------

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
  const stage = (name) => {
    state.stage = name;
    for (const button of $('stages').children) button.setAttribute('aria-pressed', button.dataset.stage === name);
    for (const pane of document.querySelectorAll('.pane')) pane.classList.toggle('current', pane.dataset.pane === PANE[name]);
    document.body.dataset.stage = name;
    document.body.dataset.pane = PANE[name];
    $('both').setAttribute('aria-pressed', state.both);
    draw();
    changes(document.body.classList.contains('changes'));
    light();
    remember();
  };
  const changes = (on) => {
    document.body.classList.toggle('changes', on);
    $('changes').setAttribute('aria-pressed', on);
    for (const svg of $('graph').children) {
      svg.classList.toggle('diff', on && svg.dataset.which === 'after' && (state.stage === 'split' || state.both));
    }
  };
  const form = (name) => {
    if (!view.code.some((each) => each.form === name)) return;
    state.form = name;
    codeRows();
    light();
    remember();
  };

  // ---- selection -----------------------------------------------------------------------------

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
  // Marks what belongs to the selection.
  const light = () => {
    clear('pinned', 'def', 'use', 'carries');
    for (const each of touched(state.marked)) each.classList.add('pinned');
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
  // Selects an instruction; of a line of source all that belong to it are marked.
  const select = (at, keep = true, marked = null) => {
    state.inst = at;
    state.marked = marked ?? (at === null ? [] : [at]);
    light();
    if (at !== null) {
      reveal();
      const inst = view.insts[at];
      say(`${at} ${inst.text}, line ${inst.line}, b${inst.block}`);
    }
    if (keep) remember();
  };
  const slotName = (at) => (view.slots[at].name ? `${view.slots[at].name}%${at}` : `%${at}`);
  const slotType = (slot) => (slot.source_type ? `${slot.boxed ? 'boxed ' : ''}${slot.source_type} (${slot.ty})` : slot.ty);
  const choose = (at, keep = true) => {
    state.slot = at;
    light();
    if (at !== null) {
      const slot = view.slots[at];
      const places = (all) => (all.length ? all.join(' ') : 'nowhere');
      say(`${slotName(at)}: ${slotType(slot)}${slot.param ? ', a parameter' : ''}; defined ${slot.param && !slot.defs.length ? 'by the caller' : 'at ' + places(slot.defs)}; used at ${places(slot.uses)}; carried by ${slot.carried.length ? slot.carried.map((p) => 'p' + p).join(' ') : 'no point'}`);
    }
    if (keep) remember();
  };

  // ---- zoom ----------------------------------------------------------------------------------

  // Keeps the point (x, y) of the pane, else its middle, where it is.
  const zoom = (factor, x = $('graph').clientWidth / 2, y = $('graph').clientHeight / 2) => {
    const pane = $('graph');
    const before = state.zoom;
    state.zoom = Math.min(4, Math.max(0.05, factor));
    for (const svg of pane.children) {
      svg.setAttribute('width', svg.dataset.width * state.zoom);
      svg.setAttribute('height', svg.dataset.height * state.zoom);
    }
    const by = state.zoom / before;
    pane.scrollTo({ left: (pane.scrollLeft + x) * by - x, top: (pane.scrollTop + y) * by - y, behavior: 'instant' });
  };
  const sizes = () => {
    const svgs = [...$('graph').children];
    const width = svgs.reduce((sum, svg) => sum + Number(svg.dataset.width) + 16, 0);
    const height = Math.max(...svgs.map((svg) => Number(svg.dataset.height)));
    return [$('graph').clientWidth / width, $('graph').clientHeight / height];
  };
  const fit = () => zoom(Math.min(...sizes(), 1.5));
  const fitWidth = () => {
    const [width] = sizes();
    zoom(Math.min(Math.max(width, SMALLEST), 1));
    // Where control enters is in the middle.
    const pane = $('graph');
    const nodes = [...pane.querySelectorAll('.node')].map((node) => node.getBoundingClientRect());
    const entry = nodes.reduce((top, each) => (each.top < top.top ? each : top));
    const inner = pane.getBoundingClientRect();
    const left = entry.left + entry.width / 2 - inner.left - pane.clientWidth / 2;
    pane.scrollTo({ left: pane.scrollLeft + left, top: 0, behavior: 'instant' });
  };

  // ---- events --------------------------------------------------------------------------------

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
  const both = () => { state.both = !state.both; stage(state.stage); };
  const alone = (on) => {
    document.body.classList.toggle('alone', on);
    $('alone').setAttribute('aria-pressed', on);
    fitWidth();
    reveal();
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
    'c': () => changes(!document.body.classList.contains('changes')),
    'b': both,
    't': theme,
    '+': () => zoom(state.zoom * 1.25),
    '=': () => zoom(state.zoom * 1.25),
    '-': () => zoom(state.zoom / 1.25),
    '0': fit,
    'w': fitWidth,
    'm': () => alone(!document.body.classList.contains('alone')),
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
    if (insts.length && !slot) select(insts[0], true, event.target.closest('#source') ? insts : null);
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
  $('help').addEventListener('click', () => sheet($('keys')));
  $('theme').addEventListener('click', theme);
  $('changes').addEventListener('click', KEYS.c);
  $('both').addEventListener('click', both);
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
      history.pushState(null, '', link.hash);
      follow();
    });
  }

  // ---- widths of panes -----------------------------------------------------------------------

  // A side's part of the width, in hundredths.
  const widen = (side, to) => {
    const width = Math.min(60, Math.max(8, to));
    document.querySelector('main').style.setProperty('--' + side, width + '%');
    document.querySelector(`[data-side=${side}]`).setAttribute('aria-valuenow', Math.round(width));
  };
  for (const splitter of document.querySelectorAll('.splitter')) {
    const side = splitter.dataset.side;
    const main = document.querySelector('main');
    const width = () => {
      const pane = document.querySelector(side === 'left' ? '[data-pane=source]' : '[data-pane=asm]');
      return 100 * pane.getBoundingClientRect().width / main.getBoundingClientRect().width;
    };
    splitter.addEventListener('pointerdown', (event) => {
      splitter.setPointerCapture(event.pointerId);
      event.preventDefault();
      event.stopPropagation();
    });
    splitter.addEventListener('pointermove', (event) => {
      if (!splitter.hasPointerCapture(event.pointerId)) return;
      const all = main.getBoundingClientRect();
      const at = 100 * (event.clientX - all.left) / all.width;
      widen(side, side === 'left' ? at : 100 - at);
    });
    splitter.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
      if (by) { widen(side, width() + (side === 'left' ? by : -by)); event.preventDefault(); }
    });
    splitter.addEventListener('dblclick', () => main.style.removeProperty('--' + side));
  }

  // ---- the legend ----------------------------------------------------------------------------

  const SVG = 'http://www.w3.org/2000/svg';
  const draws = (tag, attributes, ...children) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const swatch = (...content) => draws('svg', { class: 'vo-graph', width: 46, height: 18, 'aria-hidden': 'true' }, ...content);
  const box = (name, rx = 3) => swatch(draws('g', { class: 'node ' + name }, draws('rect', { x: 2, y: 2, width: 42, height: 14, rx })));
  const edge = (name) => swatch(draws('g', { class: 'edge ' + name }, draws('path', { d: 'M2 9H38', fill: 'none' }), draws('path', { class: 'arrow', d: 'M44 9l-7 -4v8z' })));
  const LEGEND = [
    [box('block'), 'a block, or a part of one (b1@6: from instruction 6 on)'],
    [box('point', 7), 'a resume point, with what it carries in its record'],
    [box('call', 7), 'where the function is called'],
    [box('block cold'), 'cold: whoever comes here will panic'],
    [box('block unreachable'), 'unreachable'],
    [edge('k-fall'), 'falls through'], [edge('k-taken'), 'taken'], [edge('k-not-taken'), 'not taken'],
    [edge('k-case'), 'a case of a switch'], [edge('k-suspend'), 'suspends: into the record'],
    [edge('k-resume'), 'resumes: out of the record'], [edge('k-panic'), 'panics, and lands'],
    [edge('k-defer'), 'to deferred calls'], [edge('k-taken back'), 'thick: back to the head of a loop'],
  ];
  $('legend').append(...LEGEND.map(([picture, text]) => {
    const line = make('tr');
    const cell = make('td');
    cell.append(picture);
    line.append(cell, make('td', '', text));
    return line;
  }));
  addEventListener('hashchange', follow);
  document.body.classList.add('changes');
  follow();
})();
