// The look of a supplier on the map: the symbols of img/icons.svg, coloured by their class.

const SPRITE = new URL("../img/icons.svg", import.meta.url).pathname;
const SHAPES = { handicap: "triangle", insertion: "square", innovation: "star", ess: "diamond", other: "circle" };
const SVG = "http://www.w3.org/2000/svg";

/** The shape of a mark, coloured by its class. */
export function shape(mark, size = 16) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${SHAPES[mark] ?? SHAPES.other}`);
  use.setAttribute("class", "shape");
  svg.append(use);
  return svg;
}

/** An element with a class and text: names of suppliers only ever enter the page this way. */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// As Intl writes them in French, without the 20 ms it takes to be made.
export const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value < 2 ? one : many}`;
