// The texts of pictures and of rows whose contrast with what is behind them is less than 4.5, as
// WCAG 2 computes it: a line each. What is behind a text are the rectangles and bars that are
// painted before it and hold it, one over the other, on the page's background.
((roots, rows) => {
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g)?.map(Number);
    if (!parts || colour === 'none') return [0, 0, 0, 0];
    return [...parts.slice(0, 3), parts[3] ?? 1];
  };
  const over = ([r, g, b, a], behind) => [r, g, b].map((part, at) => part * a + behind[at] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [more, less] = [light(a), light(b)].sort((x, y) => y - x);
    return (more + 0.05) / (less + 0.05);
  };
  // How much of an element is seen, for the opacity of all that it is in.
  const seen = (element) => {
    let all = 1;
    for (let each = element; each instanceof Element; each = each.parentElement) all *= getComputedStyle(each).opacity;
    return all;
  };
  const fill = (element) => {
    const style = getComputedStyle(element);
    const [r, g, b, a] = parse(style.fill);
    return [r, g, b, a * style.fillOpacity * seen(element)];
  };
  const paper = (element) => {
    let behind = [255, 255, 255];
    const around = [];
    for (let each = element; each instanceof Element; each = each.parentElement) around.unshift(each);
    for (const each of around) behind = over(parse(getComputedStyle(each).backgroundColor), behind);
    return behind;
  };
  const found = new Set();
  let count = 0;
  const check = (text, front, behind, what) => {
    count += 1;
    const ratio = contrast(over(front, behind), behind);
    if (ratio < 4.5) found.add(`${ratio.toFixed(2)} ${what}: ${text.trim().slice(0, 40)}`);
  };
  for (const root of roots) {
    const base = paper(root.parentElement ?? root);
    const shapes = [...root.querySelectorAll('rect, path.bar')].map((shape) => [shape, shape.getBoundingClientRect(), fill(shape)]);
    for (const text of root.querySelectorAll('text, tspan')) {
      if (![...text.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim())) continue;
      const box = text.getBoundingClientRect();
      const front = fill(text);
      for (const x of [box.left + 1, (box.left + box.right) / 2, box.right - 1]) {
        const y = (box.top + box.bottom) / 2;
        const behind = shapes
          .filter(([shape, area]) => area.left <= x && x <= area.right && area.top <= y && y <= area.bottom
            && shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)
          .reduce((all, [, , colour]) => over(colour, all), base);
        check(text.textContent, front, behind, text.closest('g').getAttribute('class') + ' / ' + text.getAttribute('class'));
      }
    }
  }
  for (const text of rows.flatMap((row) => [...row.querySelectorAll('span')])) {
    const [r, g, b, a] = parse(getComputedStyle(text).color);
    if (text.textContent.trim()) check(text.textContent, [r, g, b, a * seen(text)], paper(text), text.closest('.row').className + ' / ' + text.className);
  }
  return `${count}\n${[...found].join('\n')}`;
})
