// The translation on the page, paragraph by paragraph, with its segments beside those of the French: the one that the mouse
// or the keyboard is on lights up its partner. All text is set as text, never as HTML.

export const WARNINGS = {
  empty_output: "no translation came out",
  repeated: "may repeat itself",
  source_copied: "may not be translated",
  french_left: "may still hold French",
  length_outlier: "is much longer or shorter than the French",
  number_missing: "a number of the French may be missing",
  number_added: "has a number that the French has not",
  name_missing: "a name or an acronym of the French may be missing",
  mention_missing: "a mention or a hashtag of the French may be missing",
  quotation_lost: "the quotation marks of the French may be missing",
  signs_missing: "signs or letters of another script may be missing",
  link_missing: "a link of the French may be missing",
  email_missing: "an e-mail address of the French may be missing",
  truncated: "stopped at the longest output",
  not_translated: "is no language, and stayed as it is",
  other_language: "is in another language than French",
  already_english: "was English already",
  term_missing: "a term of the glossary is missing",
  term_inserted: "was translated around a term, and may read badly",
  markup_moved: "emphasis, a link or code may stand on other words",
  markup_unplaced: "stayed in French in the text: its markup found no place",
};

export function inWords(code) {
  return WARNINGS[code] ?? code.replaceAll("_", " ");
}

export class Article {
  constructor(list) {
    this.list = list;
    for (const [type, lit] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
      list.addEventListener(type, (event) => this.light(event.target.closest?.(".segment"), lit));
    }
  }

  clear() {
    this.list.replaceChildren();
  }

  // A segment as it is told while the job runs; one that is there already is put in its place.
  tell({ paragraph, segment, source, target, flags }) {
    const item = this.list.querySelector(`#paragraph-${paragraph}`) ?? this.list.appendChild(emptyItem(paragraph));
    const [english, french] = item.querySelectorAll("p");
    const key = `${paragraph}.${segment}`;
    const known = english.querySelector(`[data-key="${key}"]`);
    if (known) {
      known.textContent = target;
      return;
    }
    if (segment) {
      english.append(" ");
      french.append(" ");
    }
    english.append(span(key, target, flags));
    french.append(span(key, source, []));
  }

  // The whole translation, as the result has it.
  show(paragraphs) {
    this.list.replaceChildren(
      ...paragraphs.map((paragraph, number) => {
        const item = emptyItem(number);
        const [english, french] = item.querySelectorAll("p");
        english.append(...parts(paragraph, number, "target"));
        french.append(...parts(paragraph, number, "source"));
        return item;
      }),
    );
  }

  light(segment, lit) {
    if (!segment) return;
    for (const one of this.list.querySelectorAll(`[data-key="${segment.dataset.key}"]`)) one.classList.toggle("lit", lit);
  }
}

function emptyItem(number) {
  const item = document.createElement("li");
  item.id = `paragraph-${number}`;
  item.tabIndex = -1;
  const target = document.createElement("p");
  target.lang = "en";
  const source = document.createElement("p");
  source.lang = "fr";
  source.className = "source";
  item.append(target, source);
  return item;
}

// A paragraph's text, with its segments where they are found in it.
function parts(paragraph, number, side) {
  const nodes = [];
  let at = 0;
  paragraph.segments.forEach((segment, place) => {
    const start = segment[side] ? paragraph[side].indexOf(segment[side], at) : -1;
    if (start < 0) return;
    nodes.push(paragraph[side].slice(at, start));
    nodes.push(span(`${number}.${place}`, segment[side], side === "target" ? segment.flags : []));
    at = start + segment[side].length;
  });
  nodes.push(paragraph[side].slice(at));
  return nodes;
}

function span(key, text, flags) {
  const node = document.createElement("span");
  node.className = "segment";
  node.dataset.key = key;
  node.textContent = text;
  if (flags.length) {
    node.classList.add("flagged");
    node.tabIndex = 0;
    node.title = flags.map(inWords).join("; ");
  }
  return node;
}
