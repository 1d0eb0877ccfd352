import { isIncoming } from "../lib/line.js";
import { whySentence } from "../switchroom.js";
import { banner } from "./banner.js";
import { who } from "./phone/who.js";

/**
 * Shows calls outside of the page: in its title, and as a notification on the desktop.
 *
 * @param {import("../switchroom.js").Switchroom} phone
 */
export function mountNotices(phone) {
  /** @type {Map<string, Notification>} */
  const shown = new Map();
  const title = () => {
    const ringing = phone.lines.find(isIncoming);
    const open = phone.lines.find((line) => line.state === "open");
    const count = phone.lines.filter((line) => line.state === "ringing").length;
    document.title = ringing
      ? `(${count}) ${who(ringing)} calls · Switchroom`
      : open
        ? `On a call: ${who(open)} · Switchroom`
        : "Switchroom";
    const kept = new Set(phone.lines.filter((line) => line.state === "ringing").map((line) => line.id));
    for (const [id, notice] of shown) {
      if (kept.has(id)) continue;
      notice.close();
      shown.delete(id);
    }
  };
  phone.on("lines", title);
  phone.on("ringing", (line) => {
    if (!phone.isLeading || !("Notification" in window) || Notification.permission !== "granted") return;
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    const notice = new Notification(`${who(line)} calls`, {
      body: whySentence(line.why),
      tag: line.callSid ?? line.id,
      requireInteraction: true,
    });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
    shown.set(line.id, notice);
  });
  phone.on("blocked", (isBlocked) => {
    // A click helps only in the tab that plays the ring tone.
    if (isBlocked && phone.isLeading) banner.set("silent", { kind: "warn", text: SILENT });
    else banner.clear("silent");
  });
  phone.on("leading", (isLeading) => isLeading || banner.clear("silent"));
}

const SILENT = "Your browser keeps the ring tone silent until you click somewhere on this page.";
