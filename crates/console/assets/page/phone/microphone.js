import { $ } from "../dom.js";

/**
 * Asks for the microphone before the first call: the browser's question would otherwise come while a
 * caller waits. What follows a refusal, readiness says.
 */
export async function mountMicrophone() {
  const name = /** @type {PermissionName} */ ("microphone");
  const permission = await navigator.permissions?.query({ name }).catch(() => null);
  if (!permission) return;
  const show = () => {
    $("mic-notice").hidden = permission.state !== "prompt";
  };
  permission.addEventListener("change", show);
  $("mic-allow").addEventListener("click", async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    stream?.getTracks().forEach((track) => track.stop());
    show();
  });
  show();
}
