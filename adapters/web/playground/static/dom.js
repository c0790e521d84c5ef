// The page's few direct dealings with the document: patching HTML in place, times, the clipboard, requests.

import { locale, say } from "../frame/language.js";

const YEAR_SECONDS = 365 * 24 * 3600;

/** Note what this person likes in their browser; the server reads it when it builds the page (visitor.py). */
export function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const noted = `seedling_${name}=${encodeURIComponent(value)}`;
  document.cookie = `${noted}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** The nodes of some HTML; scripts in it do not run. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// ---------------------------------------------------------------- patching

/** Make the children of `node` those of `wanted`, touching only what differs: selections and open details survive. */
export function morphChildren(node, wanted) {
  const next = [...wanted.childNodes];
  next.forEach((child, index) => {
    const current = node.childNodes[index];
    if (!current) node.append(child);
    else if (!morphNode(current, child)) current.replaceWith(child);
  });
  while (node.childNodes.length > next.length) node.lastChild.remove();
}

/** Make `current` like `wanted`; false when they are of different kinds. */
export function morphNode(current, wanted) {
  if (current.nodeType !== wanted.nodeType || current.nodeName !== wanted.nodeName) return false;
  if (current.nodeType !== Node.ELEMENT_NODE) {
    if (current.data !== wanted.data) current.data = wanted.data;
    return true;
  }
  if (current.isEqualNode(wanted)) return true;
  for (const { name } of [...current.attributes]) {
    if (!wanted.hasAttribute(name) && !(name === "open" && current.nodeName === "DETAILS")) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  morphChildren(current, wanted);
  return true;
}

// ---------------------------------------------------------------- times

const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const dayOfYear = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
const dayOfAnyYear = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: "numeric" });

const nearDay = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** "Today" or "Yesterday" in the language of the page. */
function near(days) {
  const word = nearDay.format(days, "day");
  return word[0].toLocaleUpperCase(locale) + word.slice(1);
}

const isToday = (day) => day.toDateString() === new Date().toDateString();

/** "Today", "Yesterday", or the date. */
function dayOf(at) {
  const day = new Date(at);
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (isToday(day)) return near(0);
  if (day.toDateString() === yesterday.toDateString()) return near(-1);
  return (day.getFullYear() === now.getFullYear() ? dayOfYear : dayOfAnyYear).format(day);
}

/** The day of a moment where the reader is, as YYYY-MM-DD. */
export function dayKey(at) {
  const day = new Date(at);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** Write times as clocks show them where the reader is. */
export function localize(within) {
  for (const time of all("time[datetime]", within)) {
    const at = new Date(time.dateTime);
    const isMoment = time.dataset.as === "moment";
    if (!isMoment) time.textContent = clock.format(at);
    else time.textContent = isToday(at) ? say("at {time}", { time: clock.format(at) }) : dayOf(at);
    time.title = full.format(at);
  }
  for (const day of all(".day[data-day]", within)) day.firstElementChild.textContent = dayOf(day.dataset.day + "T12:00");
}

// ---------------------------------------------------------------- asking the server

/** Post a form as scripts do; what the server says, or `{ error }` with a sentence. */
export async function post(action, body) {
  try {
    const response = await fetch(action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (response.headers.get("content-type")?.startsWith("application/json")) return await response.json();
    return { error: (await response.text()).trim().slice(0, 300) || say("That did not work. Try again.") };
  } catch {
    return { error: say("The connection is lost, so that was not sent. Try again in a moment.") };
  }
}

/** What a form would send, pressed by one of its buttons. */
export const fieldsOf = (form, button) => new URLSearchParams(new FormData(form, button));

// ---------------------------------------------------------------- small things

/** Copy a text, also where the page has no access to the clipboard (plain http). */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Copy, and say so on the button for a moment. */
export async function copyBy(button, text) {
  await copyText(text);
  button.focus();
  const before = button.textContent;
  button.textContent = say("Copied");
  setTimeout(() => (button.textContent = before), 1500);
}

/** A name for one sending, the same when it is tried again. */
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Go on writing there; on a touch screen that would only raise the keyboard. */
export function focusOn(element) {
  if (matchMedia("(pointer: fine)").matches) element?.focus();
}
