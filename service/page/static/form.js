// The form: an article and what is wanted of it.

import { onDrop, readArticle } from "./files.js";
import { announce, complain } from "./notices.js";
import { onLanguage, say } from "./words.js";

const NAME_CHARACTERS = 200;

const byId = (id) => document.getElementById(id);
const text = byId("text");

let fileName = null; // of the file that the text came from

// Something in the form that can't be sent: words by their key, and the field that is to blame.
export class Mistake extends Error {
  constructor(field, key, values) {
    super(key);
    Object.assign(this, { field, key, values });
  }
}

// The body of a submission. Throws a `Mistake`.
export function readForm(force) {
  if (!text.value.trim()) throw new Mistake(text, "paste_first");
  const title = byId("title").value.trim();
  const name = (title || fileName || "").slice(0, NAME_CHARACTERS);
  const glossary = readGlossary();
  const keep = lines("keep").map(([line]) => line);
  return {
    text: text.value,
    format: byId("format").value,
    summary: readSummary(),
    force,
    ...(title && { title }),
    ...(Object.keys(glossary).length && { glossary }),
    ...(keep.length && { keep: [...new Set(keep)] }),
    ...(name && { metadata: { name } }),
  };
}

export function hasText() {
  return text.value.trim() !== "";
}

function readSummary() {
  if (!byId("summary").checked) return { mode: "none" };
  const words = byId("words").valueAsNumber;
  if (!(Number.isInteger(words) && words >= 5 && words <= 1000)) throw new Mistake(byId("words"), "words_range");
  return { max_words: words, ...(byId("strict").checked && { strict: true }) };
}

function readGlossary() {
  const entries = lines("glossary").map(([line, number]) => {
    const at = line.indexOf("=");
    const pair = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at < 0 || !pair[0] || !pair[1]) throw new Mistake(byId("glossary"), "glossary_line", { line: number });
    return pair;
  });
  return Object.fromEntries(entries);
}

// The lines of a field that are not blank, with their numbers from 1.
function lines(id) {
  const all = byId(id).value.split("\n").map((line, index) => [line.trim(), index + 1]);
  return all.filter(([line]) => line);
}

function fill(article) {
  text.value = article.text;
  byId("title").value = article.title ?? "";
  byId("format").value = article.format;
  fileName = article.name ?? null;
  if (article.format !== "text") byId("options").open = true;
  complain(null);
  measure();
  text.focus();
  text.setSelectionRange(0, 0);
  text.scrollTop = 0;
}

async function open(file) {
  try {
    fill({ ...(await readArticle(file)), name: file.name });
    announce(say("file_ready", { name: file.name }));
  } catch {
    complain({ key: "file_not_text", values: { name: file.name } });
  }
}

// The sample's first line is its title.
async function takeSample() {
  try {
    const answer = await fetch("/static/sample.fr.txt");
    if (!answer.ok) throw new TypeError(answer.statusText);
    const [title, ...rest] = (await answer.text()).split("\n");
    fill({ text: rest.join("\n").trim(), title, format: "text" });
    announce(say("sample_ready"));
  } catch (error) {
    complain(error);
  }
}

function measure() {
  const pairs = text.value.match(/[\ud800-\udbff]/g)?.length ?? 0; // two units of UTF-16 are one character
  const count = text.value.length - pairs;
  byId("size").textContent = count ? say("characters", { count }) : "";
  if (!count) fileName = null;
}

function summaryChosen() {
  byId("words").disabled = byId("strict").disabled = !byId("summary").checked;
}

text.addEventListener("input", measure);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("form").requestSubmit();
});
onDrop(byId("form"), open);
byId("open").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", () => {
  const [file] = byId("file").files;
  if (file) open(file);
  byId("file").value = "";
});
byId("sample").addEventListener("click", takeSample);
byId("summary").addEventListener("change", summaryChosen);
onLanguage(measure);
summaryChosen();
measure();
