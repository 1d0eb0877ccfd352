import { $ } from "./dom.js";

/** Two views in tabs. The arrow keys move from one to the other. */
export function mountViews() {
  const names = ["team", "calls"];
  const show = (/** @type {string} */ chosen) => {
    for (const name of names) {
      const isChosen = name === chosen;
      $(`view-${name}`).hidden = !isChosen;
      const tab = $(`tab-${name}`);
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    $(`view-${chosen}`).dispatchEvent(new Event("shown"));
  };
  for (const [index, name] of names.entries()) {
    const tab = $(`tab-${name}`);
    tab.addEventListener("click", () => show(name));
    tab.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      const other = names[(index + 1) % names.length];
      show(other);
      $(`tab-${other}`).focus();
    });
  }
}
