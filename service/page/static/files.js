// Files of the reader's own: an article that is opened or dropped, and the translation that is saved. None leaves the browser
// but by the form.

const FORMATS = { md: "markdown", markdown: "markdown", html: "html", htm: "html" };
const ENDINGS = { text: "txt", markdown: "md", html: "html" };

// The text of a file and what it is written in, by its name's ending. Throws an Error for people where it is not UTF-8.
export async function readArticle(file) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} is not text in UTF-8. Save it as UTF-8 first.`);
  }
  return { text, format: FORMATS[file.name.toLowerCase().split(".").pop()] ?? "text" };
}

export function save(text, format) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `translation.${ENDINGS[format] ?? "txt"}`;
  link.click();
  URL.revokeObjectURL(address);
}

// Calls `take` with each file that is dropped on an element.
export function onDrop(element, take) {
  element.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    element.classList.remove("over");
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}
