// A question that must be answered before something is lost.

import { say } from "./words.js";

const dialog = document.getElementById("question");

// Whether the job of this name may be erased. The focus goes back to where it was.
export function mayErase(name) {
  document.getElementById("question-title").textContent = say("confirm_erase", { name });
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}
