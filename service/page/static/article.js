// The translation on the page, paragraph by paragraph, with its segments beside those of the French: the one that is pointed at
// or focused lights up its partner, and opens a note with what there is to say of it. All text is set as text, never as HTML.

import { has, onLanguage, say } from "./words.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Article {
  constructor(list) {
    this.list = list;
    this.clear();
    for (const [type, lit] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
      list.addEventListener(type, (event) => this.#light(segmentOf(event), lit));
    }
    list.addEventListener("click", (event) => this.#click(event));
    list.addEventListener("keydown", (event) => this.#press(event));
    onLanguage(() => this.#relabel());
  }

  clear() {
    this.segments = new Map(); // by "paragraph.segment"
    this.opened = null; // the key whose note is open
    this.list.replaceChildren();
  }

  // A segment as it is told while the job runs; one that is there already is put in its place.
  tell({ paragraph, segment, source, target, flags }) {
    const key = `${paragraph}.${segment}`;
    const known = this.segments.has(key);
    this.segments.set(key, { source, target, warnings: flags.map((code) => ({ code, detail: "" })) });
    if (known) {
      this.#spans(key, ".target")[0].textContent = target;
      return;
    }
    const item = this.list.querySelector(`#paragraph-${paragraph}`) ?? this.list.appendChild(emptyItem(paragraph));
    const [english, french] = item.querySelectorAll("p");
    if (segment) {
      english.append(" ");
      french.append(" ");
    }
    english.append(...this.#nodes(key, "target"));
    french.append(...this.#nodes(key, "source"));
    this.#makeReachable();
  }

  // The whole translation, as the result has it. The focus and an open note stay where they are.
  show(paragraphs, warnings) {
    const focused = segmentOf({ target: document.activeElement })?.dataset.key;
    const opened = this.opened;
    this.clear();
    paragraphs.forEach((paragraph, number) => {
      paragraph.segments.forEach(({ source, target, flags }, place) => {
        const mine = warnings.filter((one) => one.paragraph === number && one.segment === place);
        const others = flags.filter((code) => !mine.some((one) => one.code === code)).map((code) => ({ code, detail: "" }));
        this.segments.set(`${number}.${place}`, { source, target, warnings: [...mine, ...others] });
      });
      const item = this.list.appendChild(emptyItem(number));
      const [english, french] = item.querySelectorAll("p");
      english.append(...this.#parts(paragraph, number, "target"));
      french.append(...this.#parts(paragraph, number, "source"));
    });
    this.#makeReachable();
    if (focused) this.#spans(focused, ".target")[0]?.focus({ preventScroll: true });
    if (opened) this.#open(opened);
  }

  // Lights the segments up for good, goes to the first of a paragraph and focuses it. Returns false where there is none.
  point(keys, paragraph) {
    this.mark(keys, "evidence");
    const first = keys.find((key) => key.startsWith(`${paragraph}.`));
    const [span] = first ? this.#spans(first, ".target") : [];
    if (!span) return false;
    this.#reach(span);
    span.focus({ preventScroll: true });
    span.scrollIntoView({ block: "center" });
    return true;
  }

  // Gives these segments a class, and takes it from all others.
  mark(keys, name) {
    for (const span of this.list.querySelectorAll(`.${name}`)) span.classList.remove(name);
    for (const key of keys) for (const span of this.#spans(key)) span.classList.add(name);
  }

  // Opens the note of a segment and goes there.
  visit(key) {
    this.#open(key);
    const [span] = this.#spans(key, ".target");
    const place = span?.nextElementSibling?.matches(".flag") ? span.nextElementSibling : span;
    place?.focus({ preventScroll: true });
    span?.scrollIntoView({ block: "center" });
  }

  #spans(key, side = "") {
    return [...this.list.querySelectorAll(`${side} .segment[data-key="${key}"]`)];
  }

  #light(segment, lit) {
    if (segment) for (const span of this.#spans(segment.dataset.key)) span.classList.toggle("lit", lit);
  }

  #click(event) {
    const flag = event.target.closest(".flag");
    if (event.target.closest(".close")) return this.#close(true);
    if (flag) return this.#toggle(flag.dataset.key);
    const segment = segmentOf(event);
    if (segment && getSelection().isCollapsed) this.#toggle(segment.dataset.key);
  }

  #press(event) {
    if (event.key === "Escape" && this.opened) return this.#close(true);
    const segment = segmentOf(event);
    if (!segment || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = [...this.list.querySelectorAll(".target .segment")];
    const at = all.indexOf(segment);
    const next = { Home: 0, End: all.length - 1 }[event.key] ?? (event.key in STEPS ? at + STEPS[event.key] : null);
    if (event.key === "Enter" || event.key === " ") this.#toggle(segment.dataset.key);
    else if (next === null) return;
    else if (all[next]) {
      this.#reach(all[next]);
      all[next].focus();
    }
    event.preventDefault();
  }

  // One segment is reached by Tab, the others by the arrow keys.
  #reach(span) {
    for (const other of this.list.querySelectorAll('.segment[tabindex="0"]')) other.tabIndex = -1;
    span.tabIndex = 0;
  }

  #makeReachable() {
    const first = this.list.querySelector(".target .segment");
    if (first && !this.list.querySelector('.segment[tabindex="0"]')) first.tabIndex = 0;
  }

  #toggle(key) {
    if (this.opened === key) this.#close(false);
    else this.#open(key);
  }

  #open(key) {
    this.#close(false);
    const [span] = this.#spans(key, ".target");
    if (!span) return;
    const { source, warnings } = this.segments.get(key);
    this.opened = key;
    this.mark([key], "chosen");
    span.closest("li").append(note(source, warnings));
    span.parentNode.querySelector(`.flag[data-key="${key}"]`)?.setAttribute("aria-expanded", "true");
  }

  #close(refocus) {
    const key = this.opened;
    if (key === null) return;
    this.opened = null;
    const inside = this.list.querySelector("#note")?.contains(document.activeElement);
    this.list.querySelector("#note")?.remove();
    this.mark([], "chosen");
    const flag = this.list.querySelector(`.flag[data-key="${key}"]`);
    flag?.setAttribute("aria-expanded", "false");
    if (refocus && inside) (flag ?? this.#spans(key, ".target")[0])?.focus();
  }

  #relabel() {
    for (const flag of this.list.querySelectorAll(".flag")) label(flag, this.segments.get(flag.dataset.key).warnings);
    if (this.opened) this.#open(this.opened);
  }

  // A paragraph's text, with its segments where they are found in it.
  #parts(paragraph, number, side) {
    const nodes = [];
    let at = 0;
    paragraph.segments.forEach((segment, place) => {
      const start = segment[side] ? paragraph[side].indexOf(segment[side], at) : -1;
      if (start < 0) return;
      nodes.push(paragraph[side].slice(at, start), ...this.#nodes(`${number}.${place}`, side));
      at = start + segment[side].length;
    });
    nodes.push(paragraph[side].slice(at));
    return nodes;
  }

  // A segment, and behind a translated one with warnings the button that explains them.
  #nodes(key, side) {
    const { [side]: text, warnings } = this.segments.get(key);
    const span = document.createElement("span");
    span.className = "segment";
    span.dataset.key = key;
    span.textContent = text;
    if (side === "source") return [span];
    span.tabIndex = -1;
    if (!warnings.length) return [span];
    span.classList.add("flagged");
    const flag = document.createElement("button");
    flag.type = "button";
    flag.className = "flag";
    flag.dataset.key = key;
    flag.setAttribute("aria-expanded", "false");
    label(flag, warnings);
    return [span, flag];
  }
}

// A warning in words, with what it is about.
export function explained({ code, detail }) {
  const words = has(`flag_${code}`) ? say(`flag_${code}`) : code.replaceAll("_", " ");
  return detail ? `${words} (${detail})` : words;
}

function segmentOf(event) {
  return event.target?.closest?.(".segment") ?? null;
}

function label(flag, warnings) {
  flag.setAttribute("aria-label", say("warnings_at", { count: warnings.length, what: warnings.map(explained).join(" ") }));
}

function emptyItem(number) {
  const item = document.createElement("li");
  item.id = `paragraph-${number}`;
  item.append(paragraph("target", "en"), paragraph("source", "fr"));
  return item;
}

function paragraph(side, lang) {
  const node = document.createElement("p");
  node.className = side;
  node.lang = lang;
  return node;
}

function note(source, warnings) {
  const node = document.createElement("div");
  node.id = "note";
  const french = document.createElement("p");
  french.lang = "fr";
  french.className = "note-source";
  french.textContent = source;
  const list = document.createElement("ul");
  const findings = warnings.length ? warnings.map(explained) : [say("nothing_found")];
  list.append(
    ...findings.map((finding) => {
      const item = document.createElement("li");
      item.textContent = finding;
      return item;
    }),
  );
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close plain";
  close.textContent = say("close");
  node.append(french, list, close);
  return node;
}
