// Lists of messages: where a message goes, days and names between them, the reader's place, and older messages.
import { say } from "../frame/language.js";
import { all, dayKey, localize, one, parse } from "./dom.js";

const GROUP_MS = 5 * 60 * 1000;
const NEAR_PX = 80;
const EDGE_PX = 240;
const MOST = 200; // messages in the page; what is farther away leaves it
const places = new WeakMap();

export const messagesIn = (scroller) => all(".inner > .message", scroller);

/** Keep the reader's place in a list, and load what is near as they scroll. */
export function watch(scroller) {
  if (places.has(scroller)) return;
  const place = { away: false, height: 0, end: 0, loading: false };
  places.set(scroller, place);
  const observer = new ResizeObserver(() => {
    place.height = scroller.clientHeight;
    if (place.away) return;
    const isAbove = scroller.scrollTop < place.end - 1 && endOf(scroller) > 1;
    if (isAbove) onScroll(scroller); // the reader was quicker than the event that says so
    else toEnd(scroller);
  });
  observer.observe(scroller);
  observer.observe(one(".inner", scroller));
  place.observe = (inner) => observer.observe(inner);
  scroller.addEventListener("scroll", () => onScroll(scroller), { passive: true });
  arrange(scroller);
  toEnd(scroller);
}

/** Take other contents, staying at the end if that is where the reader is. */
export function refill(scroller, inner) {
  one(".inner", scroller).replaceWith(inner);
  places.get(scroller)?.observe(inner);
  arrange(scroller);
  if (!places.get(scroller)?.away) toEnd(scroller);
}

export function toEnd(scroller) {
  scroller.scrollTop = scroller.scrollHeight;
  places.get(scroller).end = scroller.scrollTop;
  showButton(scroller, false);
}

/** How much there is below what is seen. */
const endOf = ({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - scrollTop - clientHeight;

/** Put a message in the middle, and stay there. */
export function hold(scroller, message) {
  message.scrollIntoView({ block: "center" });
  places.get(scroller).height = scroller.clientHeight;
  showButton(scroller, true);
}

/** Show something at the end from its top, however long it is. */
export function showWhole(scroller, element) {
  element.scrollIntoView({ block: "nearest" });
  if (element.offsetHeight <= scroller.clientHeight) return;
  element.scrollIntoView({ block: "start" });
  showButton(scroller, true);
}

function showButton(scroller, away, fresh = false) {
  const button = one(".to-end", scroller.parentElement);
  places.get(scroller).away = away;
  button.hidden = !away;
  button.classList.toggle("fresh", away && fresh);
  one("span", button).textContent = fresh ? say("New messages") : say("Latest");
}

function onScroll(scroller) {
  const place = places.get(scroller);
  if (scroller.clientHeight !== place.height) return; // nobody scrolled: the list has just become lower or higher
  const left = endOf(scroller);
  const isEnd = !one(".later", scroller);
  const fresh = one(".to-end", scroller.parentElement).classList.contains("fresh");
  showButton(scroller, left > NEAR_PX || !isEnd, fresh);
  if (scroller.scrollTop < EDGE_PX) load(scroller, one(".earlier:not(.later)", scroller));
  else if (left < EDGE_PX) load(scroller, one(".later", scroller));
}

// ---------------------------------------------------------------- older and newer messages

/** Put a page of messages in place of the link to it. */
export async function load(scroller, link) {
  const place = places.get(scroller);
  if (!link || place.loading) return;
  place.loading = true;
  try {
    const response = await fetch(link.href + "&part=messages");
    if (!response.ok || !link.isConnected) return;
    const isLater = link.classList.contains("later");
    const page = parse(await response.text());
    const known = new Set(messagesIn(scroller).map((message) => message.dataset.id));
    for (const message of all(".message", page)) if (known.has(message.dataset.id)) message.remove();
    (isLater ? one(".earlier:not(.later)", page) : one(".later", page))?.remove();
    localize(page);
    keepPlace(scroller, () => {
      link.replaceWith(page);
      drop(scroller, isLater);
      arrange(scroller);
    });
  } finally {
    place.loading = false;
  }
  onScroll(scroller); // they may have gone on meanwhile
}

/** Let messages leave that are far from the reader: above when they read on, below when they read back. */
function drop(scroller, above) {
  const messages = messagesIn(scroller);
  const far = above ? messages.slice(0, -MOST) : messages.slice(MOST);
  if (!far.length) return;
  far.forEach((message) => message.remove());
  const kept = messagesIn(scroller);
  const chat = one(".chat").dataset;
  const path = scroller.dataset.list === "thread" ? `${chat.path}/${encodeURIComponent(chat.thread)}` : chat.path;
  const link = document.createElement("a");
  link.className = above ? "earlier" : "earlier later";
  link.textContent = above ? say("Show earlier messages") : say("Show later messages");
  const beside = above ? kept[0] : kept.at(-1);
  link.href = path + (above ? "?before=" : "?after=") + encodeURIComponent(beside.dataset.id);
  one(above ? ".earlier:not(.later)" : ".later", scroller)?.remove();
  if (above) beside.before(link);
  else beside.after(link);
}

/** Change a list without moving what is being read. */
function keepPlace(scroller, change) {
  const messages = messagesIn(scroller);
  const top = scroller.getBoundingClientRect().top;
  const read = messages.find((message) => message.getBoundingClientRect().bottom > top);
  const before = read?.getBoundingClientRect().top;
  change();
  if (read?.isConnected) scroller.scrollTop += read.getBoundingClientRect().top - before;
}

// ---------------------------------------------------------------- what stands between messages

/** Put a day where one begins, and name nobody again who goes on speaking. */
export function arrange(scroller) {
  let before = null;
  const groups = matchMedia("(hover: hover)").matches; // else what can be done with a message needs its first line
  const root = one(".root .message", scroller);
  let day = root && !one(".earlier:not(.later)", scroller) ? dayKey(root.dataset.at) : "";
  all(".inner > .day[data-day]", scroller).forEach((each) => each.remove());
  for (const message of messagesIn(scroller)) {
    const today = dayKey(message.dataset.at);
    if (today !== day) message.before(dayLine(today));
    message.classList.toggle("compact", groups && today === day && before !== null && goesOn(before, message));
    [before, day] = [message, today];
  }
}

function dayLine(day) {
  const line = parse('<div class="day" role="separator"><span></span></div>').firstElementChild;
  line.dataset.day = day;
  localize({ querySelectorAll: (selector) => (selector.startsWith(".day") ? [line] : []) });
  return line;
}

function goesOn(before, message) {
  const near = new Date(message.dataset.at) - new Date(before.dataset.at) < GROUP_MS;
  const same = before.dataset.author === message.dataset.author && before.dataset.name === message.dataset.name;
  return near && same && !("status" in message.dataset) && !one(".replies", before);
}

/** Put a new message where its time is; false for one that belongs to a page that is not here. */
export function insert(scroller, message) {
  const messages = messagesIn(scroller);
  const after = messages.findLast((each) => each.dataset.at <= message.dataset.at);
  if (one(".later", scroller)) {
    showButton(scroller, true, true);
    return false;
  }
  if (!after && one(".earlier:not(.later)", scroller)) return false;
  if (after) after.after(message);
  else if (messages.length) messages[0].before(message);
  else if (one(".inner > .note", scroller)) one(".inner > .note", scroller).before(message);
  else one(".inner", scroller).append(message);
  arrange(scroller);
  if (places.get(scroller).away) showButton(scroller, true, true);
  else toEnd(scroller);
  return true;
}
