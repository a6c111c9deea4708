// What the page says, in the reader's language: that of the browser, unless another one was chosen, which is remembered.

import english from "./words.en.js";
import french from "./words.fr.js";
import { remember, remembered } from "./memory.js";

const TABLES = { en: english, fr: french };
const NAME = "depeche-language";

let language = [remembered(NAME), ...navigator.languages.map((tag) => tag.slice(0, 2))].find((one) => one in TABLES) ?? "en";
const listeners = [];

export function spoken() {
  return language;
}

// The tag for numbers and times: the browser's own variety of the language where it has one.
export function locale() {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language;
}

// Words by their key. `{name}` becomes the value of that name, `count` chooses the plural, numbers are written as the language does.
export function say(key, values = {}) {
  let words = TABLES[language][key];
  if (typeof words === "object") words = words[new Intl.PluralRules(language).select(values.count)] ?? words.other;
  return words.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name]));
}

export function has(key) {
  return key in TABLES[language];
}

export function number(value) {
  return new Intl.NumberFormat(locale()).format(value);
}

export function share(part) {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(part);
}

// Calls `listener` when the language changes, for what it has written itself.
export function onLanguage(listener) {
  listeners.push(listener);
}

export function speak(wanted) {
  language = wanted;
  remember(NAME, wanted);
  dress();
  for (const listener of listeners) listener();
}

// Puts the words into the elements of the page that name a key.
export function dress(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-words]")) node.textContent = say(node.dataset.words);
  for (const node of root.querySelectorAll("[data-words-label]")) node.setAttribute("aria-label", say(node.dataset.wordsLabel));
  for (const node of root.querySelectorAll("[data-words-placeholder]")) node.placeholder = say(node.dataset.wordsPlaceholder);
  for (const node of root.querySelectorAll("[data-language]")) node.setAttribute("aria-pressed", node.dataset.language === language);
}
