// What went wrong, said where everybody sees and hears it, and short news for those who hear the page.

import { inWords } from "./api.js";
import { onLanguage, say } from "./words.js";

const byId = (id) => document.getElementById(id);

let shown = null; // a key of words with its values, or an error

// Shows an error of a call, or words by `{key, values}`. Null takes the notice away.
export function complain(trouble) {
  shown = trouble;
  const own = trouble?.key !== undefined;
  byId("error-words").textContent = !trouble ? "" : own ? say(trouble.key, trouble.values) : inWords(trouble);
  byId("error-detail").textContent = (!own && trouble?.detail) || "";
  byId("error-detail").hidden = !byId("error-detail").textContent;
  byId("error").hidden = !trouble;
  byId("force").hidden = trouble?.code !== "not_french";
}

// Said once to a screen reader, politely.
export function announce(words) {
  byId("news").textContent = words;
}

onLanguage(() => complain(shown));
