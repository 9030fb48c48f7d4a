import { setTimeout as pause } from 'node:timers/promises';
import { type Departure, fitsPattern, type Problem } from '@meshkeeper/mesh';
import { BackOff } from '../client/back-off.ts';
import type { Answer, ConsulClient } from '../client/consul-client.ts';
import { checkRecord, type HealthRecord, healthRecord, servicesRecord } from '../client/records.ts';
import type { TokenBucket } from '../client/token-bucket.ts';
import { ConsulError } from '../consul-error.ts';
import type { ConsulSourceSettings } from '../settings/source.ts';
import { FailingChecks } from './failing-checks.ts';
import { follow } from './follow.ts';
import { Wanted } from './wanted.ts';

/** What a reader tells. */
export interface ReaderListener {
  /** What there is of a service, in full. @param departure why those are gone that aren't there any more */
  read(name: string, records: readonly HealthRecord[], departure: Departure): void;
  gone(name: string, departure: Departure): void;
  /** All of it was read since the last gap, or since the beginning. */
  complete(): void;
  /** It is not known what happens there now. */
  stale(error: unknown): void;
  /** What is wrong with something, or nothing any more. */
  problem(path: string, problem: Problem | undefined): void;
}

/** What a reader takes. */
export interface ReaderOptions {
  readonly client: ConsulClient;
  /** Undefined: the agent's own. */
  readonly datacenter: string | undefined;
  readonly settings: ConsulSourceSettings;
  /** For queries of services, which all readers share. */
  readonly bucket: TokenBucket;
  readonly listener: ReaderListener;
}

interface KnownService {
  readonly name: string;
  tags: string;
  /** The nodes that it is on, in lower case. */
  nodes: ReadonlySet<string>;
  /** It had instances when it was read last. */
  peopled: boolean;
}

/** The states of checks that don't pass. A query of one isn't woken by what changes in others. */
const FAILING = ['critical', 'warning'] as const;
/** Queries of a datacentre that wait. */
export const WAITING = 1 + FAILING.length;
/** Before what was read as empty is looked at again, in milliseconds. */
const SECOND_LOOK = 1_000;

/**
 * Reads one datacentre. Few queries wait for changes: that of the list of services, which any change of
 * an instance wakes, and those of the checks that don't pass. What they say of a service makes it be read at once;
 * all others are read after those, one after the other: which of them has changed Consul doesn't tell.
 */
export class DatacenterReader {
  readonly #options: ReaderOptions;
  readonly #wanted = new Wanted();
  readonly #services = new Map<string, KnownService>();
  readonly #place: string;
  /** What is followed without a failure since its last answer. */
  readonly #live = new Set<string>();
  #complete = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#place = `Consul ${options.datacenter ?? ''}`.trim();
  }

  /** Ends when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, datacenter, settings } = this.#options;
    const common = { client, datacenter, wait: settings.wait };
    const following = (path: string, take: (answer: Answer, continuous: boolean) => unknown) =>
      follow(
        {
          ...{ ...common, path },
          take: async (answer, continuous) => {
            await take(answer, continuous);
            this.#live.add(path);
            this.#options.listener.problem(`${this.#place} ${path}`, undefined);
            this.#settle();
          },
          failed: (error) => this.#failed(path, error),
        },
        signal,
      );
    await Promise.all([
      following('/v1/catalog/services', (answer, continuous) =>
        this.#takeServices(answer, continuous),
      ),
      ...FAILING.map((state) => {
        const failing = new FailingChecks();
        return following(`/v1/health/state/${state}`, ({ body }) =>
          this.#takeChecks(failing, body),
        );
      }),
      ...Array.from({ length: settings.connections }, () => this.#work(signal)),
    ]);
  }

  #failed(path: string, error: unknown): void {
    this.#live.delete(path);
    this.#complete = false;
    const { listener } = this.#options;
    const place = `${this.#place} ${path}`;
    listener.problem(place, { path: place, code: 'unreadable', message: messageOf(error) });
    listener.stale(error);
  }

  #takeServices({ body, filtered }: Answer, continuous: boolean): void {
    const { settings, listener } = this.#options;
    const found = servicesRecord.parse(body);
    // Consul lists itself at least: who is shown nothing may see nothing.
    if (Object.keys(found).length === 0 && this.#services.size > 0)
      throw new ConsulError(
        'forbidden',
        'Consul shows no services at all, not even its own: the token may not see them. What was read before is kept',
      );
    if (!continuous) this.#complete = false;
    const names = new Map<string, { name: string; tags: string }>();
    for (const [name, tags] of Object.entries(found))
      if (fits(name, settings)) {
        const key = name.toLowerCase();
        names.set(key, { name, tags: (tags ?? []).toSorted().join('\n') });
      }
    const gone = [...this.#services].filter(([key]) => !names.has(key));
    const explicit = continuous && !filtered && gone.length <= Math.max(1, this.#services.size / 2);
    for (const [key, { name }] of gone) {
      this.#services.delete(key);
      this.#wanted.drop(key);
      listener.problem(`${this.#place}/${name}`, undefined);
      listener.gone(name, explicit ? 'deregistered' : 'unknown');
    }
    for (const [key, { name, tags }] of names) {
      const known = this.#services.get(key);
      this.#wanted.add(key, known?.tags !== tags);
      if (known === undefined)
        this.#services.set(key, { name, tags, nodes: new Set(), peopled: false });
      else known.tags = tags;
    }
  }

  #takeChecks(failing: FailingChecks, body: unknown): void {
    const { services, nodes } = failing.take(checkRecord.array().parse(body ?? []));
    for (const name of services) {
      const key = name.toLowerCase();
      if (this.#services.has(key)) this.#wanted.add(key, true);
    }
    for (const node of nodes)
      for (const [key, known] of this.#services)
        if (known.nodes.has(node.toLowerCase())) this.#wanted.add(key, true);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const backOff = new BackOff();
    while (!signal.aborted) {
      const key = await this.#wanted.next(signal).catch(() => undefined);
      if (key === undefined) return;
      try {
        await this.#options.bucket.take(signal);
        await this.#read(key, signal);
        backOff.reset();
      } catch (error) {
        if (signal.aborted) return;
        const known = this.#services.get(key);
        if (known !== undefined) {
          const path = `${this.#place}/${known.name}`;
          const problem = { path, code: 'unreadable', message: messageOf(error) } as const;
          this.#options.listener.problem(path, { ...problem, services: [known.name] });
          this.#later(key, backOff.next(), signal);
        }
      }
      this.#wanted.done(key);
      this.#settle();
    }
  }

  async #read(key: string, signal: AbortSignal): Promise<void> {
    const known = this.#services.get(key);
    if (known === undefined) return;
    const { client, datacenter, listener } = this.#options;
    const path = `/v1/health/service/${encodeURIComponent(known.name)}`;
    const { body, filtered } = await client.get(path, { signal, datacenter });
    const records = healthRecord.array().parse(body ?? []);
    if (this.#services.get(key) !== known) return;
    if (records.length === 0 && filtered && known.peopled)
      throw new ConsulError('forbidden', 'the token may not see its instances any more');
    if (records.length === 0 && known.peopled) {
      // The list of services will say that it is gone, if it is.
      known.peopled = false;
      this.#later(key, SECOND_LOOK, signal);
      return;
    }
    known.nodes = new Set(records.map(({ Node }) => Node.Node.toLowerCase()));
    known.peopled = records.length > 0;
    const sure = this.#complete && !filtered && records.length > 0;
    listener.problem(`${this.#place}/${known.name}`, undefined);
    listener.read(known.name, records, sure ? 'deregistered' : 'unknown');
  }

  #later(key: string, wait: number, signal: AbortSignal): void {
    pause(wait, undefined, { signal }).then(
      () => {
        if (this.#services.has(key)) this.#wanted.add(key);
      },
      () => {},
    );
  }

  #settle(): void {
    if (this.#complete || this.#live.size <= FAILING.length || !this.#wanted.settled) return;
    this.#complete = true;
    this.#options.listener.complete();
  }
}

function fits(name: string, { services, except }: ConsulSourceSettings): boolean {
  const isOne = (pattern: string) => fitsPattern(pattern.toLowerCase(), name.toLowerCase());
  return services.some(isOne) && !except.some(isOne);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
