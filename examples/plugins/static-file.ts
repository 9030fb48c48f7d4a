/**
 * A source of your own, as `sources:` in meshkeeper.yaml configures it: services that are written down in
 * a YAML file, which is read again whenever it changes.
 *
 *   services:
 *     orders:
 *       protocol: http
 *       endpoints:
 *         - { address: 10.0.0.1, port: 8080 }
 *         - { address: 10.0.0.2, port: 8080, weight: 50, zone: b, metadata: { rack: "7" } }
 */
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type {
  Endpoint,
  Problem,
  RegistrySource,
  Service,
  SourceChange,
  SourcePlugin,
  SourceState,
} from '@meshkeeper/mesh';
import { parse } from 'yaml';
import { z } from 'zod';

/** An editor writes in several steps: the file is read when nothing has come for so long. */
const QUIET = 50;

const settings = z.strictObject({
  file: z.string().min(1).describe('From the configuration file on.'),
});

const document = z.strictObject({
  services: z.record(
    z.string().min(1),
    z.strictObject({
      protocol: z.enum(['http', 'http2', 'grpc', 'tcp']).default('http'),
      endpoints: z.array(
        z.strictObject({
          address: z.union([z.ipv4(), z.ipv6()]),
          port: z.int().min(1).max(65_535),
          weight: z.number().nonnegative().default(100),
          zone: z.string().default(''),
          metadata: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ),
});

const staticFile: SourcePlugin<z.output<typeof settings>> = {
  kind: 'source',
  name: 'static-file',
  schema: settings,
  open: async ({ file }, { name, resolve }) => new FileSource(name, resolve(file)),
};

export default staticFile;

class FileSource implements RegistrySource, AsyncDisposable {
  readonly name: string;
  readonly problems = new Map<string, Problem>();
  readonly #file: string;
  readonly #stop = new AbortController();
  #state: SourceState = { type: 'starting' };

  constructor(name: string, file: string) {
    this.name = name;
    this.#file = file;
  }

  get state(): SourceState {
    return this.#state;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<SourceChange> {
    let known: ReadonlyMap<string, Service> | undefined;
    for await (const _ of edits(this.#file, AbortSignal.any([signal, this.#stop.signal]))) {
      const read = await this.#read(known);
      // What can't be used changes nothing: the last that could be is served on.
      if (read === undefined) continue;
      this.#state = { type: 'live' };
      if (known === undefined) yield { type: 'reset', services: [...read.values()] };
      else yield* changesOf(known, read);
      known = read;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
  }

  /** The services, the same objects where nothing has changed; undefined of a file that is broken. */
  async #read(
    known: ReadonlyMap<string, Service> | undefined,
  ): Promise<ReadonlyMap<string, Service> | undefined> {
    const path = this.#file;
    try {
      const { services } = document.parse(parse(await readFile(path, 'utf8')));
      this.problems.delete(path);
      const read = Object.entries(services).map(([name, { protocol, endpoints }]) => {
        const service: Service = { name, protocol, endpoints: endpoints.map(this.#endpoint(name)) };
        const before = known?.get(name);
        return [name, isSame(before, service) ? before : service] as const;
      });
      return new Map(read);
    } catch (error) {
      const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
      this.problems.set(path, { path, code: 'malformed', message });
      return undefined;
    }
  }

  #endpoint(service: string) {
    return (
      stated: z.output<typeof document>['services'][string]['endpoints'][number],
    ): Endpoint => {
      const { address, port, weight, zone, metadata } = stated;
      const id = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
      return {
        ...{ id, address, port, weight, metadata, health: 'unknown' },
        locality: { region: '', zone, subzone: '' },
        origin: { registry: this.name, path: `${this.#file}#services.${service}` },
      };
    };
  }
}

function isSame(before: Service | undefined, after: Service): before is Service {
  return JSON.stringify(before) === JSON.stringify(after);
}

function* changesOf(
  before: ReadonlyMap<string, Service>,
  after: ReadonlyMap<string, Service>,
): Generator<SourceChange> {
  for (const [name, service] of before) {
    const now = after.get(name);
    if (now === service) continue;
    const stay = new Set(now?.endpoints.map(({ id }) => id));
    // Who takes a line out means it: nothing is protected.
    const departed = new Map(
      service.endpoints
        .filter(({ id }) => !stay.has(id))
        .map(({ id }) => [id, 'deregistered'] as const),
    );
    if (now === undefined) yield { type: 'remove', name, departed };
    else yield { type: 'upsert', service: now, departed };
  }
  for (const [name, service] of after) if (!before.has(name)) yield { type: 'upsert', service };
}

/** At first, and whenever the file was edited: what is new, when nothing more comes. */
async function* edits(file: string, signal: AbortSignal): AsyncGenerator<void> {
  let news = Promise.withResolvers<void>();
  const ring = () => news.resolve();
  const fail = (error: unknown) => news.reject(error);
  // The folder: a file that is replaced is another file, and a mounted one is a link to another folder.
  const watcher = watch(dirname(file), ring).on('error', fail);
  signal.addEventListener('abort', ring, { once: true });
  try {
    while (!signal.aborted) {
      yield;
      await news.promise;
      for (let quiet = false; !quiet && !signal.aborted; ) {
        news = Promise.withResolvers();
        const pause = setTimeout(QUIET, true, { ref: false });
        quiet = (await Promise.race([news.promise, pause])) ?? false;
      }
    }
  } finally {
    signal.removeEventListener('abort', ring);
    watcher.close();
  }
}
