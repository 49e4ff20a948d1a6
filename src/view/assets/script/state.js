// What is shown, and what every part of the page's script uses. Text of the program is only ever
// set by textContent; the pictures come escaped and are parsed as XML.

const $ = (id) => document.getElementById(id);
const STAGES = ['source', 'bytecode', 'cfg', 'split', 'clif', 'asm'];
const PANE = { source: 'source', bytecode: 'bytecode', cfg: 'graph', split: 'graph', clif: 'clif', asm: 'asm' };
const functions = JSON.parse($('functions').textContent);
const parsed = new Map();
// All of it but the zoom stands in the address. `line` is a line of source of which all
// instructions are marked, beginning with `inst`.
const state = { func: 0, stage: 'split', inst: null, line: null, slot: null, form: 'hot', both: false, alone: false, changes: true, zoom: 1 };
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
// What is selected, in the footer.
const say = (text) => { $('selected').textContent = text; };
// What has changed, for those who do not see it.
const tell = (text) => { $('told').textContent = text; };
