import { setTimeout as pause } from 'node:timers/promises';
import type {
  DataPlane,
  DataPlaneState,
  DestinationContext,
  Mark,
  ServiceChange,
  Snapshot,
} from '@meshkeeper/mesh';
import { z } from 'zod';
import { BackOff } from '../client/back-off.ts';
import { BoundedProblems } from '../client/bounded-problems.ts';
import { ConsulClient } from '../client/consul-client.ts';
import { ConsulError } from '../consul-error.ts';
import type { ConsulDestinationSettings } from '../settings/destination.ts';
import { batchesOf, operationsOf } from './operations.ts';
import { type Owned, type OwnedNode, readOwned } from './owned.ts';
import { planOf, type Write } from './plan.ts';
import { WantedState } from './wanted-state.ts';

/** What a destination needs of where it runs. */
export type ConsulDestinationContext = Pick<
  DestinationContext,
  'name' | 'logger' | 'mesh' | 'now' | 'resolve' | 'leader'
>;

/** Opens a Consul that services are brought to. @throws ConsulError `invalid-settings` */
export async function openConsulDataPlane(
  settings: ConsulDestinationSettings,
  context: ConsulDestinationContext,
): Promise<ConsulDestination> {
  const client = await ConsulClient.open(settings, CONNECTIONS, context.resolve);
  return new ConsulDestination(settings, context, client);
}

const CONNECTIONS = 4;
/** Changes that come within so many milliseconds are written together. */
const GATHERED = 20;
/** What Consul refused is tried again after so many milliseconds, and whenever it changes. */
const REFUSED_PAUSE = 30_000;

const txnAnswer = z.object({
  Results: z
    .array(
      z.object({
        Service: z.object({ ID: z.string(), ModifyIndex: z.number() }).nullish(),
      }),
    )
    .nullish(),
  Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })).nullish(),
});

/**
 * A Consul that services are brought to: under a node of their own, by the replica that leads. What is
 * there is read before anything is written; only what bears our mark is ever taken away, one by one.
 */
export class ConsulDestination implements DataPlane {
  readonly name: string;
  readonly #settings: ConsulDestinationSettings;
  readonly #context: ConsulDestinationContext;
  readonly #client: ConsulClient;
  readonly #mark: Mark;
  readonly #wanted: WantedState;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #problems = new BoundedProblems<string>();
  /** Ids that may differ. */
  readonly #dirty = new Set<string>();
  /** What Consul doesn't take, by id: until it changes, or is tried again. */
  readonly #refused = new Map<string, number>();
  #owned: Map<string, Owned> | undefined;
  #newest: Snapshot | undefined;
  #state: DataPlaneState = { type: 'starting' };
  #wake = Promise.withResolvers<void>();
  #operations = 0;
  #closing: Promise<void> | undefined;

  constructor(
    settings: ConsulDestinationSettings,
    context: ConsulDestinationContext,
    client: ConsulClient,
  ) {
    this.name = context.name;
    this.#settings = settings;
    this.#context = context;
    this.#client = client;
    this.#mark = { mesh: context.mesh, rule: context.name };
    this.#wanted = new WantedState(this.#mark);
    this.#running = this.#run();
  }

  get state(): DataPlaneState {
    return this.#state;
  }

  get problems(): ReadonlyMap<string, string> {
    return this.#problems.all;
  }

  /** Operations that Consul was sent since the beginning. */
  get operations(): number {
    return this.#operations;
  }

  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#newest = snapshot;
    for (const id of this.#wanted.update(snapshot, changes)) {
      this.#dirty.add(id);
      this.#refused.delete(id);
    }
    this.#problems.replace('services', this.#wanted.faults);
    const { revision } = snapshot;
    if (this.#state.type === 'applied' || this.#state.type === 'applying')
      this.#state = { type: 'applying', revision };
    this.#wake.resolve();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#running;
    this.#client[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let working: Promise<void> = Promise.resolve();
    let term = new AbortController();
    try {
      for await (const leading of this.#context.leader.changes(signal)) {
        term.abort();
        await working;
        term = new AbortController();
        if (leading === undefined) this.#standBy();
        else working = this.#lead(AbortSignal.any([signal, leading, term.signal]));
      }
    } catch (err) {
      if (!signal.aborted)
        this.#context.logger.warn(
          { err },
          'this replica can not write to Consul: it can not stand for leader',
        );
    }
    term.abort();
    await working;
  }

  /** Another replica writes what this one would. */
  #standBy(): void {
    this.#owned = undefined;
    const revision = this.#newest?.revision;
    if (revision !== undefined) this.#state = { type: 'applied', revision };
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff();
    const { now, logger } = this.#context;
    this.#owned = undefined;
    let readAt = 0;
    while (!signal.aborted)
      try {
        await this.#news(signal, readAt);
        if (this.#newest === undefined) continue;
        if (this.#owned === undefined || now() - readAt >= this.#settings.resync) {
          await this.#read(signal);
          readAt = now();
        }
        await this.#write(signal);
        backOff.reset();
      } catch (err) {
        if (signal.aborted) return;
        // Nobody knows what of it was done.
        this.#owned = undefined;
        const since = this.#state.type === 'failing' ? this.#state.since : now();
        const message = err instanceof Error ? err.message : String(err);
        if (this.#state.type !== 'failing')
          logger.warn(
            { destination: this.name, err },
            'Consul can not be written to; it is tried again',
          );
        this.#state = { type: 'failing', since, message };
        await backOff.wait(signal).catch(() => {});
      }
  }

  /** Waits until something may have to be done. */
  async #news(signal: AbortSignal, readAt: number): Promise<void> {
    if (this.#owned === undefined && this.#newest !== undefined) return;
    const over = new AbortController();
    const wait = Math.max(0, readAt + this.#settings.resync - this.#context.now());
    const wake = this.#wake.promise;
    const either = AbortSignal.any([signal, over.signal]);
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.resolve(), { once: true, signal: over.signal });
    const timer = pause(wait, undefined, { signal: either }).catch(() => {});
    await Promise.race(this.#newest === undefined ? [wake, ended.promise] : [wake, timer]);
    over.abort();
    this.#wake = Promise.withResolvers();
    await pause(GATHERED, undefined, { signal });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { node, datacenter } = this.#settings;
    const read = await readOwned(this.#client, node, this.#mark, { signal, datacenter });
    await this.#putNode(read, signal);
    this.#owned = new Map(read.instances);
    for (const id of read.instances.keys()) this.#dirty.add(id);
    for (const id of this.#wanted.registrations.keys()) this.#dirty.add(id);
  }

  /** Its Meta is stated only here: whoever registers without it erases it. */
  async #putNode({ node }: OwnedNode, signal: AbortSignal): Promise<void> {
    const { nodeAddress, datacenter } = this.#settings;
    const meta = {
      'external-node': 'true',
      'external-probe': 'false',
      'external-source': 'meshkeeper',
    };
    const same = Object.entries(meta).every(([key, value]) => node?.meta[key] === value);
    if (node?.address === nodeAddress && same) return;
    this.#operations++;
    await this.#client.put(
      '/v1/catalog/register',
      { Node: this.#settings.node, Address: nodeAddress, NodeMeta: { ...node?.meta, ...meta } },
      { signal, datacenter },
    );
  }

  async #write(signal: AbortSignal): Promise<void> {
    const owned = this.#owned!;
    const revision = this.#newest!.revision;
    const { node } = this.#settings;
    const now = this.#context.now();
    const ids = [...this.#dirty].filter(
      (id) => now - (this.#refused.get(id) ?? -Infinity) > REFUSED_PAUSE,
    );
    const { writes, held, reason } = planOf(ids, this.#wanted.registrations, owned, this.#settings);
    this.#dirty.clear();
    for (const id of [...held, ...this.#refused.keys()]) this.#dirty.add(id);
    if (this.#problems.all.get('deletions') !== reason) {
      this.#problems.set('deletions', reason);
      if (reason !== undefined) this.#context.logger.warn({ destination: this.name }, reason);
    }
    for (const batch of batchesOf(writes, node)) await this.#transact(batch, owned, signal);
    if (
      this.#newest!.revision === revision ||
      this.#dirty.size === held.length + this.#refused.size
    )
      this.#state = { type: 'applied', revision: this.#newest!.revision };
    else this.#state = { type: 'applying', revision: this.#newest!.revision };
  }

  /** Of what Consul refuses as a whole, each half is tried: what is in the way of others is found. */
  async #transact(
    writes: readonly Write[],
    owned: Map<string, Owned>,
    signal: AbortSignal,
  ): Promise<void> {
    const { node, datacenter } = this.#settings;
    const operations = writes.flatMap((write) => operationsOf(write, node));
    this.#operations += operations.length;
    let fault: string;
    try {
      const { status, body } = await this.#client.put('/v1/txn', operations, {
        signal,
        datacenter,
      });
      const { Results, Errors } = txnAnswer.parse(body);
      if (status === 200) {
        const versions = new Map(
          Results?.flatMap(({ Service }) =>
            Service ? [[Service.ID, Service.ModifyIndex] as const] : [],
          ),
        );
        for (const write of writes) note(write, versions, owned);
        for (const write of writes) this.#accept(idOf(write));
        return;
      }
      fault = Errors?.[0]?.What ?? 'Consul has refused it';
    } catch (error) {
      if (!(error instanceof ConsulError) || error.code !== 'too-large') throw error;
      fault = error.message;
    }
    const [first] = writes;
    if (first === undefined) return;
    if (writes.length > 1) {
      const half = Math.ceil(writes.length / 2);
      await this.#transact(writes.slice(0, half), owned, signal);
      await this.#transact(writes.slice(half), owned, signal);
      return;
    }
    // Somebody has changed it, or the node is gone: what is there is read again.
    if (first.type === 'delete' || /missing node|index is stale/i.test(fault))
      throw new ConsulError('failed', fault);
    this.#refuse(
      first.registration.id,
      `Consul doesn't take an instance of ${first.registration.service}: ${fault}`,
    );
  }

  #accept(id: string): void {
    this.#refused.delete(id);
    this.#problems.set(id, undefined);
  }

  #refuse(id: string, problem: string): void {
    this.#refused.set(id, this.#context.now());
    this.#dirty.add(id);
    this.#problems.set(id, problem);
  }
}

function idOf(write: Write): string {
  return write.type === 'delete' ? write.id : write.registration.id;
}

/** What is there now. */
function note(
  write: Write,
  versions: ReadonlyMap<string, number>,
  owned: Map<string, Owned>,
): void {
  if (write.type === 'delete') {
    owned.delete(write.id);
    return;
  }
  const { registration } = write;
  const version = versions.get(registration.id) ?? owned.get(registration.id)?.version ?? 0;
  owned.set(registration.id, { registration, version });
}
