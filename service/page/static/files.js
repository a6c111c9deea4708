// Files of the reader's own: an article that is opened or dropped, and a text that is saved. None leaves the browser but by
// the form.

const FORMATS = { md: "markdown", markdown: "markdown", html: "html", htm: "html" };

// The text of a file and what it is written in, by its name's ending. Throws a TypeError where it is not UTF-8.
export async function readArticle(file) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  return { text, format: FORMATS[file.name.toLowerCase().split(".").pop()] ?? "text" };
}

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
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
