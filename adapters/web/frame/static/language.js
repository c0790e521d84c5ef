// The language of the page: sentences as the server hands them over, and how its readers write days and times.

const { lang } = document.documentElement;
const words = JSON.parse(document.querySelector('meta[name="words"]')?.content ?? "{}");

/** The reader's own variety of the page's language (British English, Austrian German), as far as the browser tells it. */
export const locale = navigator.languages.find((each) => each.split("-")[0] === lang) ?? lang;

/** A sentence in the language of the page, with {names} filled in; which there are says script_words.py. */
export const say = (sentence, values = {}) =>
  (words[sentence] ?? sentence).replace(/\{(\w+)\}/g, (_, name) => values[name]);
