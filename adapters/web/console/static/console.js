// What the console does with scripts on: times on one's own clock. Everything works without it.

import { locale } from "../frame/language.js";

const short = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

for (const element of document.querySelectorAll("time[datetime]")) {
  element.title = element.textContent;
  element.textContent = short.format(new Date(element.dateTime));
}
