// Answers that are being written: what they have come to, made of what the server tells of them step by step.
import { all, morphChildren, one, parse } from "./dom.js";

const OPEN = new Set(["thinking", "writing", "searching"]);
const grown = new Map(); // the parts of answers, as the server sent them, by id

export const isOpen = (status) => OPEN.has(status);

/** Know nothing any more: what is heard from now on begins with the whole of each answer. */
export const forgetAnswers = () => grown.clear();

/** Take the whole of a message; what it is made of grows from there. */
export function take(event) {
  if (event.parts) grown.set(event.id, { ...event.parts });
  else grown.delete(event.id);
}

/** The element of a message as the server sent it. */
export function build(event) {
  const message = parse(event.html).firstElementChild;
  for (const [name, html] of Object.entries(event.parts ?? {})) partOf(message, name).append(parse(html));
  return message;
}

/** Let an answer grow by what is new of it; the elements in which it stands, none where its beginning is not known. */
export function grow(event) {
  const parts = grown.get(event.id);
  if (!parts) return [];
  for (const [name, [from, cut, text]] of Object.entries(event.parts)) {
    parts[name] = parts[name].slice(0, from) + text + parts[name].slice(from + cut);
  }
  const messages = all(`.message[data-id="${CSS.escape(event.id)}"]`);
  for (const message of messages) {
    for (const name of Object.keys(event.parts)) morphChildren(partOf(message, name), parse(parts[name]));
  }
  if (!isOpen(event.status)) grown.delete(event.id);
  return messages;
}

const partOf = (message, name) => one(name === "body" ? ".body" : ".part-" + name, message);
