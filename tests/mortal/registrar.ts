import assert from 'node:assert/strict';
import type { MortalReplicas } from './mortal-replicas.ts';

/** The service that is registered. */
export const SERVICE = 'mortal';

/** Registers instances, and takes them away again. */
export class Registrar {
  readonly #replicas: MortalReplicas;
  readonly #name: string;
  /** Ports of those that were acknowledged, by id. */
  readonly registered = new Map<string, number>();
  #port = 1_000;

  constructor(replicas: MortalReplicas, name: string) {
    this.#replicas = replicas;
    this.#name = name;
  }

  /** One that is there or not: afterwards it is, or isn't. */
  async turn(): Promise<void> {
    const id = `${this.#name}-${Math.floor(Math.random() * 5)}`;
    const path = `/services/${SERVICE}/endpoints/${id}`;
    const beat = () => this.#replicas.ask('POST', `${path}/heartbeat`);
    if (Math.random() < 0.6) {
      const port = this.#port++;
      const body = { address: '127.0.0.1', port, ttl: '10m' };
      const put = await this.#replicas.ask('PUT', path, { body });
      assert.equal(put.status, 200, JSON.stringify(put.body));
      this.registered.set(id, port);
      assert.equal((await beat()).status, 200);
    } else {
      assert.equal((await this.#replicas.ask('DELETE', path)).status, 204);
      this.registered.delete(id);
      assert.equal((await beat()).status, 404);
    }
  }
}
