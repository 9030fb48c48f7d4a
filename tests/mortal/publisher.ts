import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type ConfigStore,
  type NamespaceRef,
  openConfig,
  ZooKeeperSource,
} from '@meshkeeper/config';
import { until } from '@meshkeeper/testbed';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { getJson } from '../support/api.ts';
import type { MortalReplicas } from './mortal-replicas.ts';

const APPLICATION = 'mortal';

/** Publishes 1, 2, 3 and so on in a namespace of its own, while others watch. */
export class Publisher implements AsyncDisposable {
  readonly #replicas: MortalReplicas;
  readonly #path: string;
  readonly #ref: NamespaceRef;
  readonly #watchers: readonly Watcher[];
  #published = 0;
  /** Publishes of which it had to look what came of them. */
  #unknown = 0;

  private constructor(replicas: MortalReplicas, ref: NamespaceRef, watchers: readonly Watcher[]) {
    this.#replicas = replicas;
    this.#ref = ref;
    this.#path = `/config/${ref.application}/${ref.namespace}`;
    this.#watchers = watchers;
  }

  static async open(replicas: MortalReplicas, zk: ZooKeeper, name: string): Promise<Publisher> {
    const ref = { application: APPLICATION, namespace: name };
    const watchers = await Promise.all([
      watch(name, { server: replicas.apis }),
      watch(name, { source: new ZooKeeperSource({ zk }) }),
    ]);
    return new Publisher(replicas, ref, watchers);
  }

  /** Publishes the next number: until it knows that it is published. */
  async publish(): Promise<void> {
    const message = String(this.#published + 1);
    for (;;) {
      const tag = await this.#edit(message);
      const answer = await this.#replicas.ask('POST', `${this.#path}/publish`, {
        headers: { 'if-match': tag, 'idempotency-key': randomUUID() },
        body: { message },
      });
      if (answer.status === 200) {
        assert.equal(answer.body.release.number, this.#published + 1);
        break;
      }
      // What came of it is not known, or it was done before that was known.
      const { code } = answer.body;
      const told = JSON.stringify(answer.body);
      assert.ok(['outcome-unknown', 'nothing-changed', 'precondition-failed'].includes(code), told);
      this.#unknown++;
      const { body } = await this.#replicas.ask('GET', `${this.#path}/releases?limit=1`);
      if (body.items?.[0]?.message === message) break;
    }
    this.#published++;
  }

  /** What all were told, and what there is, is each number once, in their order. */
  async check(store: ConfigStore): Promise<number> {
    const last = this.#published;
    const signal = AbortSignal.timeout(600_000);
    for (const { seen } of this.#watchers) {
      await until(() => seen.at(-1) === last, { message: `${last} is seen` });
      assert.deepEqual(
        seen,
        [...new Set(seen)].sort((a, b) => a - b),
        'in their order',
      );
    }
    for (const api of this.#replicas.apis) {
      const { namespace } = this.#ref;
      const url = `${api}/api/v1/config/${APPLICATION}/resolve?profile=${namespace}`;
      await until(async () => {
        const { values, layers } = await getJson<Resolved>(url);
        assert.deepEqual([values.counter?.value, layers[0]?.release], [`${last}`, last], url);
        return true;
      });
    }
    // Only what a replica had begun when it was killed can be nobody's.
    const collected = await store.garbage.collect(this.#ref, { keep: 1_000_000, grace: 0 }, signal);
    assert.equal(collected.releases, 0);
    assert.ok(collected.chunks <= this.#replicas.kills, `${collected.chunks} of nobody`);
    const releases = await store.releases.list(this.#ref, { limit: last * 2 }, signal);
    const numbers = Array.from({ length: last }, (_, i) => last - i);
    assert.deepEqual(
      releases.map(({ number, message }) => [number, message]),
      numbers.map((number) => [number, `${number}`]),
    );
    for (const number of numbers) {
      const { content } = await store.releases.get(this.#ref, number, signal);
      const entry = content.entries.get('counter');
      assert.ok(entry !== undefined && 'value' in entry && entry.value === `${number}`);
    }
    return this.#unknown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { close } of this.#watchers) await close();
  }

  /** Edits the draft that was seen, until nobody was there before; its tag then. */
  async #edit(counter: string): Promise<string> {
    for (;;) {
      const seen = await this.#replicas.ask('GET', `${this.#path}/draft`);
      const tag = seen.headers.get('etag') ?? '*'; // there is no such application yet
      const edited = await this.#replicas.ask('PATCH', `${this.#path}/draft`, {
        headers: { 'if-match': tag },
        body: { set: { counter } },
      });
      if (edited.status === 200) return edited.headers.get('etag')!;
      assert.equal(edited.status, 412, JSON.stringify(edited.body));
    }
  }
}

/** What an instance gets. */
interface Resolved {
  readonly values: Readonly<Record<string, { readonly value: string }>>;
  readonly layers: readonly { readonly release: number }[];
}

interface Watcher {
  /** The numbers that were there, in the order in which they were. */
  readonly seen: readonly number[];
  readonly close: () => Promise<void>;
}

async function watch(
  profile: string,
  from: { readonly server: readonly string[] } | { readonly source: ZooKeeperSource },
): Promise<Watcher> {
  const seen: number[] = [];
  const options = { application: APPLICATION, profile, optional: true };
  const config = await openConfig({ ...options, ...from });
  config.onChange(({ counter }) => {
    seen.push(Number(counter));
  });
  return { seen, close: () => config.close() };
}
