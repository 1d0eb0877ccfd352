import { problemOf } from "../../lib/problem.js";
import { $, h, write } from "../dom.js";

/**
 * Devices, microphone check, appearance, sign-out.
 *
 * @param {import("../../switchroom.js").Switchroom} room
 * @param {() => void} leave signs out
 */
export function mountSettings(room, leave) {
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
    void fill(room);
    showNotifications();
  });
  dialog.addEventListener("close", silent);
  $("mic-check").addEventListener("click", async () => {
    if (stop) return silent();
    write($("mic-problem"), "");
    try {
      stop = await room.devices.listen(showLevel);
      write($("mic-check"), "Stop");
      // Names of devices are known only now.
      await fill(room);
    } catch (error) {
      write($("mic-problem"), microphoneWords(error));
    }
  });
  for (const id of /** @type {const} */ (["microphone", "speaker", "ringer"])) {
    $(id).addEventListener("change", () => {
      room.useDevices({ [id]: $(id).value });
      if (id === "microphone") silent();
    });
  }
  room.devices.onChange = () => {
    if (dialog.open) void fill(room);
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
  void askEarly();
}

/** Nobody should have to deal with the browser's question while a caller waits. */
async function askEarly() {
  const name = /** @type {PermissionName} */ ("microphone");
  const permission = await navigator.permissions?.query({ name }).catch(() => null);
  if (!permission) return;
  const show = () => {
    $("mic-notice").hidden = permission.state === "granted";
    $("mic-allow").hidden = permission.state === "denied";
    write($("mic-notice-text"), MICROPHONE[permission.state] ?? "");
  };
  permission.addEventListener("change", show);
  $("mic-allow").addEventListener("click", async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    stream?.getTracks().forEach((track) => track.stop());
    show();
  });
  show();
}

/** @type {Record<string, string>} */
const MICROPHONE = {
  prompt: "Before the first call, let the browser use your microphone.",
  denied: "The browser does not let this page use the microphone. Allow it in the address bar.",
};

/** @param {import("../../switchroom.js").Switchroom} room */
async function fill(room) {
  const { microphones, speakers } = await room.devices.list();
  const { choice, canChooseSpeaker } = room.devices;
  const offer = (/** @type {string} */ id, /** @type {{ id: string, label: string }[]} */ list, /** @type {string} */ chosen) => {
    const options = [{ id: "", label: "As the system" }, ...list];
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
