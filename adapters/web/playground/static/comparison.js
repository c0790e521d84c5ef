// Two answers beside each other: while one is being written, the page is read anew as often as somebody can read it.
import { all, localize, morphNode, one } from "./dom.js";

const PACE_MS = 700;
const page = one(".comparison");
const sources = new Map();
let due = 0;

/** Listen to the thread of each side that is being answered. */
function listen() {
  for (const side of all(".side[data-open]")) {
    const { thread } = side.dataset;
    const query = new URLSearchParams({ thread, after: page.dataset.position });
    const source = new EventSource(`${page.dataset.events}?${query}`);
    for (const kind of ["message", "patch", "gone", "reset"]) source.addEventListener(kind, readSoon);
    sources.set(side.id, source);
  }
}

function readSoon() {
  due ||= setTimeout(read, PACE_MS);
}

async function read() {
  due = 0;
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response) return readSoon();
  if (!response.ok) return location.reload(); // which says what is wrong
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const side of all(".side")) {
    const other = one(`#${side.id}`, next);
    localize(other);
    morphNode(side, other);
    if (side.dataset.open) continue;
    sources.get(side.id)?.close();
    sources.delete(side.id);
  }
}

document.documentElement.classList.add("js");
localize(page);
listen();
