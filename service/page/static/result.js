// What has come of a job: the summary, whose sentences lead to their evidence, the translation, and an account of both.

import { jobPath, request } from "./api.js";
import { Article, explained } from "./article.js";
import { save } from "./files.js";
import { announce, complain } from "./notices.js";
import { remember, remembered } from "./memory.js";
import { onLanguage, say } from "./words.js";

const NAME = "depeche-show-french";
const ENDINGS = { "text/plain": "txt", "text/markdown": "md", "text/html": "html", "text/tab-separated-values": "tsv" };

const byId = (id) => document.getElementById(id);
const article = new Article(byId("paragraphs"));

let whole = null; // the job that is shown with its result
let asked = null; // the evidence button that led into the article

export function clearResult() {
  whole = null;
  article.clear();
  leaveEvidence();
  byId("job").classList.remove("ended");
  for (const id of ["summary-part", "translation-part", "warnings", "texts", "original-title"]) byId(id).hidden = true;
  for (const id of ["summary-text", "warnings-list", "original-title", "account"]) byId(id).replaceChildren();
}

// A segment as it comes. Returns the title where it is that.
export function tellSegment(data) {
  if (data.paragraph === null) return data.target;
  byId("translation-part").hidden = false;
  article.tell(data);
  return null;
}

export function showResult(job) {
  whole = job;
  article.show(job.result.translation.paragraphs, job.result.warnings);
  byId("translation-part").hidden = false;
  byId("texts").hidden = false;
  byId("as-html").dataset.words = job.result.format === "html" ? "as_html" : "as_side_by_side";
  write();
}

// What the language of the page changes.
function write() {
  if (!whole) return;
  const { summary, warnings } = whole.result;
  byId("as-html").textContent = say(byId("as-html").dataset.words);
  byId("summary-part").hidden = !summary;
  if (summary) byId("summary-text").replaceChildren(...summary.sentences.map(sentence));
  byId("warnings").hidden = warnings.length === 0;
  byId("warnings-count").textContent = say("warnings", { count: warnings.length });
  byId("warnings-list").replaceChildren(...warnings.map(warningItem));
  byId("account").textContent = account(whole.result);
}

function account({ coverage, models }) {
  const { segments_in: count, segments_out: done, characters_in: characters, segments_repaired: repaired } = coverage;
  const parts = [say("account", { count, done, characters, model: models.translator.id })];
  if (repaired) parts.push(say("account_repaired", { count: repaired }));
  if (coverage.truncated) parts.push(say("account_truncated"));
  return [...parts, say("machine_made")].join(" ");
}

// The summary

function sentence({ text, evidence, flags, unsupported }) {
  const node = document.createElement("span");
  node.className = "sentence";
  const words = document.createElement("span");
  words.lang = "en";
  words.textContent = text;
  const keys = evidence.map((place) => place.join("."));
  const paragraphs = [...new Set(evidence.map(([paragraph]) => paragraph))];
  node.append(words, ...paragraphs.map((paragraph) => pointer(keys, paragraph)));
  const remarks = remarksOn(flags ?? [], unsupported ?? []);
  if (remarks) {
    const remark = document.createElement("span");
    remark.className = "remark";
    remark.textContent = ` (${remarks}) `;
    node.append(remark);
  }
  node.append(" ");
  for (const type of ["mouseenter", "focusin"]) node.addEventListener(type, () => article.mark(keys, "traced"));
  for (const type of ["mouseleave", "focusout"]) node.addEventListener(type, () => article.mark([], "traced"));
  return node;
}

function remarksOn(flags, unsupported) {
  const words = { cut: say("summary_cut"), selected: say("summary_selected"), replaced: say("summary_replaced") };
  const remarks = flags.filter((flag) => flag in words).map((flag) => words[flag]);
  if (unsupported.length) remarks.push(say("summary_unsupported", { what: unsupported.join(", ") }));
  return remarks.join("; ");
}

function pointer(keys, paragraph) {
  const count = keys.filter((key) => key.startsWith(`${paragraph}.`)).length;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "evidence-link";
  button.textContent = paragraph + 1;
  button.setAttribute("aria-label", say("evidence", { paragraph: paragraph + 1, count }));
  button.addEventListener("click", () => {
    if (!article.point(keys, paragraph)) return;
    asked = { sentence: [...byId("summary-text").children].indexOf(button.parentNode), paragraph };
    byId("back").hidden = false;
  });
  return button;
}

function leaveEvidence() {
  article.mark([], "evidence");
  asked = null;
  byId("back").hidden = true;
}

function backToSummary() {
  const { sentence, paragraph } = asked;
  leaveEvidence();
  const buttons = [...(byId("summary-text").children[sentence]?.querySelectorAll(".evidence-link") ?? [])];
  const button = buttons.find((one) => one.textContent === String(paragraph + 1));
  button?.focus({ preventScroll: true });
  byId("summary-part").scrollIntoView({ block: "center" });
}

// Warnings

function warningItem(warning) {
  const item = document.createElement("li");
  const what = explained(warning);
  if (warning.paragraph === null) {
    item.textContent = `${say("warning_title")} – ${what}`;
    return item;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = say("warning_paragraph", { paragraph: warning.paragraph + 1 });
  button.addEventListener("click", () => article.visit(`${warning.paragraph}.${warning.segment}`));
  item.append(button, ` – ${what}`);
  return item;
}

// The texts alone

async function copy(text, button) {
  let outcome = "copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    outcome = "not_copied";
  }
  button.textContent = say(outcome);
  announce(say(outcome));
  setTimeout(() => (button.textContent = say(button.dataset.words)), 1500);
}

async function download(type) {
  byId("downloads").open = false;
  byId("downloads").querySelector("summary").focus();
  try {
    const answer = await request(`${jobPath(whole.id)}/translation`, { headers: { Accept: type } });
    save(await answer.blob(), `${fileName()}.en.${ENDINGS[type]}`);
  } catch (error) {
    complain(error);
  }
}

function fileName() {
  const name = typeof whole.metadata?.name === "string" ? whole.metadata.name : "";
  const stem = name.replace(/\.(txt|md|markdown|html?)$/i, "").replace(/\.fr$/i, "");
  return stem.replace(/[\\/:*?"<>|\p{Cc}]+/gu, " ").trim().slice(0, 80) || "translation";
}

// Copies what leads to the job that is shown.
export function copyLink(button) {
  return copy(location.href, button);
}

function showFrench(shown) {
  byId("french").checked = shown;
  byId("translation-part").classList.toggle("with-french", shown);
}

byId("copy").addEventListener("click", () => copy(whole.result.translation.text, byId("copy")));
byId("copy-summary").addEventListener("click", () => copy(whole.result.summary.text, byId("copy-summary")));
byId("back").addEventListener("click", backToSummary);
byId("downloads").addEventListener("click", (event) => {
  const type = event.target.closest("button")?.dataset.type;
  if (type) download(type);
});
byId("downloads").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  byId("downloads").open = false;
  byId("downloads").querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (!byId("downloads").contains(event.target)) byId("downloads").open = false;
});
byId("french").addEventListener("change", () => {
  showFrench(byId("french").checked);
  remember(NAME, byId("french").checked ? "yes" : "no");
});
showFrench(remembered(NAME) ? remembered(NAME) === "yes" : matchMedia("(min-width: 48rem)").matches);
onLanguage(write);
