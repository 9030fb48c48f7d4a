import type { Endpoint, Problem, Service } from '@meshkeeper/mesh';
import { statedProtocol } from '../decode/protocol.ts';
import type { Reading, ReadingOptions } from '../dialect.ts';
import { KnownZNodes } from '../directory/known-znodes.ts';
import { serviceOfDirectory } from '../directory/layout.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { decodeList } from './decode.ts';

/** Services that are lists: one znode each, by its path below the root. */
export class SeedReading implements Reading {
  readonly #options: ReadingOptions;
  readonly #services = new Map<string, readonly Endpoint[]>();
  readonly #znodes = new KnownZNodes();

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#znodes.problems;
  }

  get names(): Iterable<string> {
    return this.#services.keys();
  }

  service(name: string): Service | undefined {
    const endpoints = this.#services.get(name);
    if (endpoints === undefined) return undefined;
    const protocol = statedProtocol(endpoints[0]?.metadata ?? {});
    return { name, protocol: protocol ?? 'http', endpoints };
  }

  lists(path: string): boolean {
    return this.#services.has(serviceOfDirectory(this.#options.root, path) ?? '');
  }

  put(node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const name = serviceOfDirectory(this.#options.root, path);
    if (name === undefined || name === '') return new Set();
    this.#znodes.put(path);
    const { endpoints, problem } = decodeList(this.#options, node);
    if (problem !== undefined) this.#znodes.report(problem);
    const had = this.#services.delete(name);
    if (endpoints !== undefined) this.#services.set(name, endpoints);
    return new Set(had || endpoints !== undefined ? [name] : []);
  }

  remove(path: string): ReadonlySet<string> {
    this.#znodes.remove(path);
    const name = serviceOfDirectory(this.#options.root, path) ?? '';
    return new Set(this.#services.delete(name) ? [name] : []);
  }
}
