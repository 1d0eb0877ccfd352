import { problemOf } from "../../lib/problem.js";
import { $, h, write } from "../dom.js";

/**
 * The dialog of settings: devices, microphone check, appearance, sign-out.
 *
 * @param {import("../../switchroom.js").Switchroom} phone
 * @param {() => void} leave signs out
 */
export function mountSettings(phone, leave) {
  const dialog = $("settings");
  /** @type {(() => void) | null} */
  let stop = null;
  const silent = () => {
    stop?.();
    stop = null;
    write($("mic-check"), "Check the microphone");
    showLevel(0);
  };
  $("open-settings").addEventListener("click", () => {
    dialog.showModal();
    void fill(phone);
    showNotifications();
  });
  dialog.addEventListener("close", silent);
  $("mic-check").addEventListener("click", async () => {
    if (stop) return silent();
    write($("mic-problem"), "");
    try {
      stop = await phone.devices.listen(showLevel);
      write($("mic-check"), "Stop");
      // The browser reveals the names of devices only now.
      await fill(phone);
    } catch (error) {
      write($("mic-problem"), microphoneWords(error));
    }
  });
  for (const id of /** @type {const} */ (["microphone", "speaker", "ringer"])) {
    $(id).addEventListener("change", () => {
      phone.useDevices({ [id]: $(id).value });
      if (id === "microphone") silent();
    });
  }
  phone.devices.onChange = () => {
    if (dialog.open) void fill(phone);
  };
  const theme = $("theme");
  const dress = (/** @type {string} */ name) => (document.documentElement.dataset.theme = name);
  theme.value = localStorage.getItem(THEME) ?? "";
  dress(theme.value);
  theme.addEventListener("change", () => {
    localStorage.setItem(THEME, theme.value);
    dress(theme.value);
  });
  $("notify").addEventListener("click", async () => {
    await Notification.requestPermission();
    showNotifications();
  });
  $("sign-out").addEventListener("click", leave);
}

/** @param {import("../../switchroom.js").Switchroom} phone */
async function fill(phone) {
  const { microphones, speakers } = await phone.devices.list();
  const { choice, canChooseSpeaker } = phone.devices;
  const offer = (/** @type {string} */ id, /** @type {{ id: string, label: string }[]} */ list, /** @type {string} */ chosen) => {
    const options = [{ id: "", label: "System default" }, ...list];
    $(id).replaceChildren(...options.map((one) => h("option", { value: one.id }, one.label)));
    $(id).value = options.some((one) => one.id === chosen) ? chosen : "";
  };
  offer("microphone", microphones, choice.microphone);
  offer("speaker", speakers, choice.speaker);
  offer("ringer", speakers, choice.ringer);
  $("speaker").disabled = !canChooseSpeaker;
  $("ringer").disabled = !canChooseSpeaker;
}

/** @param {number} level from 0 to 1 */
function showLevel(level) {
  const meter = $("mic-level");
  meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  meter.firstElementChild.style.transform = `scaleX(${level.toFixed(2)})`;
}

/** @param {unknown} error */
function microphoneWords(error) {
  const name = error instanceof Error ? error.name : "";
  const { title, hint } = problemOf({ code: name === "NotAllowedError" ? 31401 : 31402 });
  return `${title} ${hint ?? ""}`;
}

function showNotifications() {
  const state = "Notification" in window ? Notification.permission : "denied";
  $("notify").disabled = state !== "default";
  const words = { granted: "On", denied: "Not allowed by the browser", default: "Off" };
  write($("notify-state"), words[state]);
}

const THEME = "switchroom:theme";
