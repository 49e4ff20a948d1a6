// The widths of the panes: lines between them that can be dragged, or moved by keys.

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
