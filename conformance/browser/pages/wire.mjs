// The connection from a page to Twilio's gateway, under the control of a test.

import { stage } from '../stage/stage.mjs';

/** Takes over the page's connection to the gateway. Call it before the page opens. */
export async function wire(page) {
  const open = new Set();
  let isCut = false;
  await page.routeWebSocket(({ host }) => host === stage.signalling, (socket) => {
    if (isCut) return socket.close({ code: 1001 });
    const gateway = socket.connectToServer();
    const ends = { socket, gateway };
    open.add(ends);
    gateway.onClose((code, reason) => {
      open.delete(ends);
      return socket.close({ code, reason });
    });
  });
  return {
    /** Blocks everything. */
    async cut() {
      isCut = true;
      for (const { socket, gateway } of open) await Promise.all([socket.close({ code: 1001 }), gateway.close()]);
      open.clear();
    },

    /** Lets everything through again. */
    restore() {
      isCut = false;
    },

    /** Sends a frame to the page, as the gateway would. */
    say(frame) {
      for (const { socket } of open) socket.send(JSON.stringify(frame));
    },
  };
}
