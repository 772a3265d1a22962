// Expressions that a browser evaluates in the page.

/**
 * Texts with a contrast below 4.5 to 1 on the background behind them (WCAG 2.2, 1.4.3 AA), each
 * with its contrast.
 */
export const lowContrasts = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const channel = (value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const backOf = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const back = parts(getComputedStyle(one).backgroundColor);
      if (back.length === 3 || back[3] === 1) return back;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => {
      const [some, other] = [parts(getComputedStyle(one).color), backOf(one)].map(luminance);
      const contrast = (Math.max(some, other) + 0.05) / (Math.min(some, other) + 0.05);
      return [one.textContent.slice(0, 40), Math.round(contrast * 100) / 100];
    })
    .filter(([, contrast]) => contrast < 4.5);
})()`;

/** The parts that assistive technology reads. */
export const structure = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    landmarks: ['header', 'nav', 'main', 'footer'].filter((name) => all(name).length === 1),
    headings: all('h2').map((one) => one.textContent),
    tables: all('table').map((one) => one.querySelectorAll('thead th[scope="col"]').length),
    unnamed: all('tbody td').filter((one) => !one.dataset.label).length,
  };
})()`;
