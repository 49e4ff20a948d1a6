// The size of the graph, and where it stands in its pane.

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
