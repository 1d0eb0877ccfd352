import { isIncoming } from "../lib/line.js";
import { whySentence } from "../switchroom.js";
import { banner } from "./banner.js";
import { who } from "./phone/who.js";

/**
 * What tells of a call outside of the page: its title, and a notice on the desktop.
 *
 * @param {import("../switchroom.js").Switchroom} room
 */
export function mountNotices(room) {
  /** @type {Map<string, Notification>} */
  const shown = new Map();
  const title = () => {
    const ringing = room.lines.find(isIncoming);
    const open = room.lines.find((line) => line.state === "open");
    const count = room.lines.filter((line) => line.state === "ringing").length;
    document.title = ringing
      ? `(${count}) ${who(ringing)} calls · Switchroom`
      : open
        ? `On a call: ${who(open)} · Switchroom`
        : "Switchroom";
    const kept = new Set(room.lines.filter((line) => line.state === "ringing").map((line) => line.id));
    for (const [id, notice] of shown) {
      if (kept.has(id)) continue;
      notice.close();
      shown.delete(id);
    }
  };
  room.on("lines", title);
  room.on("ringing", (line) => {
    if (!room.isLeading || !("Notification" in window) || Notification.permission !== "granted") return;
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
  room.on("blocked", (isBlocked) => {
    // The click counts only in the tab that makes the sound.
    if (isBlocked && room.isLeading) banner.set("silent", { kind: "warn", text: SILENT });
    else banner.clear("silent");
  });
  room.on("leading", (isLeading) => isLeading || banner.clear("silent"));
}

const SILENT = "Your browser keeps the ring tone silent until you click somewhere on this page.";
