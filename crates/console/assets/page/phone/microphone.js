import { $, write } from "../dom.js";

/**
 * Asks for the microphone before the first call: the browser's question would otherwise come while a
 * caller waits.
 */
export async function mountMicrophone() {
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
