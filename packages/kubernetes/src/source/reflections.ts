import type { Departure } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { RESOURCES, type Resource } from '../api/resource.ts';
import type { ReflectorChange } from '../reflector/reflection.ts';
import { Reflector, type ReflectorOptions, type ReflectorState } from '../reflector/reflector.ts';

/** How it reads, for tests: shorter times. */
export type ReflectorTimes = Pick<
  ReflectorOptions<KubernetesObject, unknown>,
  'pageSize' | 'watchTime' | 'idle' | 'backOff'
>;

/** One reflector that runs, whatever it reflects. */
export interface Reflected {
  /** What is read: `services`, `endpointslices in shop`. */
  readonly what: string;
  readonly state: ReflectorState;
  /** It was read once. */
  begun: boolean;
}

/** What reflections take. */
export interface ReflectionsOptions {
  readonly client: ApiClient;
  readonly times: ReflectorTimes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** These Services have changed; why what is missing of them has gone. */
  concerns(services: readonly string[], departure: Departure): void;
  /** Something was read anew. */
  gap(): void;
  /** How one stands. */
  stateChanged(what: string, state: ReflectorState): void;
  /** Something of the above has happened. */
  news(): void;
}

/** What is reflected, and how. */
export type ReflectOptions<T extends KubernetesObject, Kept> = Pick<
  ReflectorOptions<T, Kept>,
  'resource' | 'namespace' | 'labelSelector' | 'project' | 'pageSize'
> & {
  /** Takes one; @returns the Services that it concerns. */
  readonly set: (key: string, kept: Kept | undefined) => readonly string[];
  /** Nothing waits for it when it can't be read. Default false. */
  readonly optional?: boolean;
};

/** The reflectors of a cluster, which tell which Services their objects concern. */
export class Reflections {
  readonly #options: ReflectionsOptions;
  readonly #all: Reflected[] = [];
  readonly #running: Promise<void>[] = [];

  constructor(options: ReflectionsOptions) {
    this.#options = options;
  }

  get all(): readonly Reflected[] {
    return this.#all;
  }

  /** Whether each was read once. */
  get begun(): boolean {
    return this.#all.every(({ begun }) => begun);
  }

  /** Resolves when all have ended, by their signals. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  start<T extends KubernetesObject, Kept>(
    signal: AbortSignal,
    { set, optional, ...of }: ReflectOptions<T, Kept>,
  ): void {
    const { client, times, now, concerns, gap, stateChanged, news } = this.#options;
    const { resource, namespace } = of;
    const where = namespace === undefined ? '' : ` in ${namespace}`;
    const what = `${resource.plural}${where}`;
    const reflector = new Reflector<T, Kept>({
      ...{ ...of, ...times, client, now },
      provesEmpty: (until) => this.#provesEmpty(resource, namespace, until),
      stateChanged: (state) => {
        // Who may not read nodes still reads what needs none.
        if (optional === true && state.type === 'starting') reflected.begun = true;
        stateChanged(what, state);
        news();
      },
    });
    const reflected: Reflected = {
      what,
      begun: false,
      get state() {
        return reflector.state;
      },
    };
    this.#all.push(reflected);
    const keys = new Set<string>();
    const take = (key: string, kept: Kept | undefined, departure: Departure) => {
      if (kept === undefined) keys.delete(key);
      else keys.add(key);
      concerns(set(key, kept), departure);
    };
    const apply = (change: ReflectorChange<Kept>) => {
      if (change.type === 'upsert') take(change.key, change.object, 'deregistered');
      else if (change.type === 'remove') take(change.key, undefined, 'deregistered');
      else {
        for (const key of [...keys]) if (!change.objects.has(key)) take(key, undefined, 'unknown');
        for (const [key, kept] of change.objects) take(key, kept, 'unknown');
        if (reflected.begun) gap();
        reflected.begun = true;
      }
      news();
    };
    const run = async () => {
      for await (const change of reflector.changes(signal)) apply(change);
    };
    this.#running.push(run());
  }

  /**
   * An empty list proves something where the same question without a selector has an answer (each cluster
   * has a Service of its API), or the namespace is there.
   */
  async #provesEmpty(
    resource: Resource,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client } = this.#options;
    try {
      const { items } = await client.list(resource, { namespace, limit: 1, signal });
      if (items.length > 0 || namespace === undefined) return items.length > 0;
      await client.get(RESOURCES.namespaces, namespace, { signal });
      return true;
    } catch {
      return false;
    }
  }
}
