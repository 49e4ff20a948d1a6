// What lines and colours mean.

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
