import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { compareFencing, type Fencing, parseFencing } from '@meshkeeper/recipes';
import type { MortalReplicas } from './mortal-replicas.ts';

const TTL = 2_000;

/** What a lock protects: it knows who believes to hold it, and refuses tokens that are not newer. */
export class Resource {
  readonly #believers = new Map<string, number>();
  #newest: Fencing = { generation: 0n, czxid: 0n };
  entered = 0;

  enter(holder: string, token: string, until: number): void {
    const now = performance.now();
    for (const [other, deadline] of this.#believers)
      assert.ok(
        deadline <= now,
        `${holder} came in while ${other} held it for ${deadline - now} ms yet`,
      );
    const fencing = parseFencing(token);
    assert.ok(fencing !== undefined, token);
    assert.ok(compareFencing(fencing, this.#newest) > 0, `${token} is not newer`);
    this.#newest = fencing;
    this.#believers.set(holder, until);
    this.entered++;
  }

  leave(holder: string): void {
    this.#believers.delete(holder);
  }
}

/** One hand-over: acquired, kept alive elsewhere, released. */
export async function handOver(
  replicas: MortalReplicas,
  name: string,
  holder: string,
  resource: Resource,
): Promise<void> {
  const lock = `/locks/${name}`;
  for (;;) {
    const body = { holder, ttl: TTL, wait: '10s' };
    const granted = await replicas.ask('POST', lock, { body });
    if (granted.status === 409) continue;
    assert.equal(granted.status, 201, JSON.stringify(granted.body));
    const kept = await replicas.ask('PUT', `${lock}/${holder}`);
    const until = kept.at + TTL;
    if (kept.status === 404) {
      // It took longer to ask than it lasted: nobody has said that it was held.
      assert.ok(performance.now() - granted.at > granted.body.expiresIn, 'lost what was granted');
      continue;
    }
    assert.equal(kept.status, 200, JSON.stringify(kept.body));
    if (performance.now() >= until) continue;
    resource.enter(holder, kept.body.fencing, until);
    await pause(Math.random() * 5);
    const again = await replicas.ask('PUT', `${lock}/${holder}`);
    if (again.at < until && performance.now() < until)
      assert.deepEqual([again.status, again.body.fencing], [200, kept.body.fencing]);
    resource.leave(holder);
    assert.equal((await replicas.ask('DELETE', `${lock}/${holder}`)).status, 204);
    return;
  }
}
