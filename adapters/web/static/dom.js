// The page's few direct dealings with the document: patching HTML in place, times, the clipboard.

const MONTH_SECONDS = 30 * 24 * 3600;

/** Note what this person likes in their browser; the server reads it when it builds the page (visitors.py). */
export function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const noted = `seedling_${name}=${encodeURIComponent(value)}`;
  document.cookie = `${noted}; Path=/; Max-Age=${MONTH_SECONDS}; SameSite=Lax${secure}`;
}

/** Make the children of `node` those of `html`, touching only what differs: selections and open details survive. */
export function morph(node, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  morphChildren(node, wanted.content);
}

function morphChildren(node, wanted) {
  const next = [...wanted.childNodes];
  next.forEach((child, index) => {
    const current = node.childNodes[index];
    if (!current) node.append(child);
    else if (!morphNode(current, child)) current.replaceWith(child);
  });
  while (node.childNodes.length > next.length) node.lastChild.remove();
}

function morphNode(current, wanted) {
  if (current.nodeType !== wanted.nodeType || current.nodeName !== wanted.nodeName) return false;
  if (current.nodeType !== Node.ELEMENT_NODE) {
    if (current.data !== wanted.data) current.data = wanted.data;
    return true;
  }
  if (current.isEqualNode(wanted)) return true;
  for (const { name } of [...current.attributes]) if (!wanted.hasAttribute(name)) current.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  morphChildren(current, wanted);
  return true;
}

/** `v-html` that patches. */
export const vMorph = {
  mounted: (element, { value }) => (element.innerHTML = value),
  updated: (element, { value, oldValue }) => value !== oldValue && morph(element, value),
};

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const dayOfAnyYear = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric" });

export const timeOf = (at) => clock.format(new Date(at));
export const fullTimeOf = (at) => full.format(new Date(at));
export const dayKey = (at) => new Date(at).toDateString();

/** "Today", "Yesterday", or the date. */
export function dayOf(at) {
  const day = new Date(at);
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (day.getFullYear() === now.getFullYear() ? dayOfYear : dayOfAnyYear).format(day);
}

/** Copy the code beside a copy button, also where the page has no access to the clipboard (plain http). */
export async function copyCode(button) {
  const text = button.closest(".code").querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

/** A name for one sending, the same when it is tried again. */
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
