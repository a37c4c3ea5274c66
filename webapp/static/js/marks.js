// The look of a supplier on the map; the same shapes as img/icons.svg.

const SHAPES = {
  handicap: "M8 .7l7.700 13.800H.3z",
  insertion: "M1.500 1.500h13v13h-13z",
  innovation: "M8 0l2.400 5.200 5.600.6-4.200 3.900 1.200 5.700-5-2.900-5 2.900 1.200-5.700L0 5.800l5.600-.6z",
  ess: "M8 0l8 8-8 8-8-8z",
  other: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z",
};
const SVG = "http://www.w3.org/2000/svg";

/** The shape of a mark, coloured by its class. */
export function shape(mark, size = 16) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[mark] ?? SHAPES.other);
  path.setAttribute("class", "shape");
  svg.append(path);
  return svg;
}

/** An element with a class and text: names of suppliers only ever enter the page this way. */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const NUMBER = new Intl.NumberFormat("fr-FR");
export const number = (value) => NUMBER.format(value);
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value < 2 ? one : many}`;
