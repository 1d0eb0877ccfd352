import { sleep } from "./backoff.js";

/** @typedef {import("./tabs.js").Message} Message */

/**
 * An order that a tab may give to the tab that has the phone.
 *
 * @typedef {"answer" | "decline" | "hangUp" | "mute" | "sendDigits" | "dial"} Order
 */

/** Orders to the tab that has the phone, and its answers. */
export class Orders {
  /** Orders without an answer, by their id. @type {Map<string, { done: (value: any) => void, failed: (error: Error) => void }>} */
  #open = new Map();
  #send;

  /** @param {(message: { type: string, to?: string, [key: string]: any }) => void} send to the other tabs */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Sends an order, and waits until it is carried out.
   *
   * @param {Order} name
   * @param {any[]} values
   * @returns {Promise<any>}
   */
  async give(name, values) {
    const id = crypto.randomUUID();
    const answer = new Promise((done, failed) => this.#open.set(id, { done, failed }));
    const late = sleep(PATIENCE).then(() => {
      throw new Error("The tab that has the phone does not respond.");
    });
    this.#send({ type: "order", id, name, values });
    return Promise.race([answer, late]).finally(() => this.#open.delete(id));
  }

  /**
   * Carries out the order of another tab, and answers it.
   *
   * @param {Message} order
   * @param {(name: Order, values: any[]) => any} carryOut
   */
  async obey({ id, from, name, values }, carryOut) {
    try {
      const value = await carryOut(name, values);
      this.#send({ type: "done", to: from, id, value });
    } catch (error) {
      this.#send({ type: "done", to: from, id, error: String(/** @type {any} */ (error).message) });
    }
  }

  /** Takes the answer to an order. @param {Message} message */
  settle({ id, error, value }) {
    const order = this.#open.get(id);
    if (error) order?.failed(new Error(error));
    else order?.done(value);
  }
}

/** How long the other tab may take. */
const PATIENCE = 5000;
