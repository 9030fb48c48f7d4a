import type { Problem, Service } from '@meshkeeper/mesh';
import type { Reading, ReadingOptions } from '../dialect.ts';
import { byId } from '../directory/by-id.ts';
import { DirectoryReading } from '../directory/directory-reading.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { decodeInstance } from './decode.ts';
import { directoriesOf, serviceOf } from './layout.ts';

/** What nerve has registered: directories of instances, where a last `services` is no name. */
export class NerveReading implements Reading {
  readonly #directories: DirectoryReading;

  constructor(options: ReadingOptions) {
    this.#directories = new DirectoryReading(options.root, (node, name) =>
      decodeInstance(options, name, node),
    );
  }

  get problems(): ReadonlyMap<string, Problem> {
    return this.#directories.problems;
  }

  get names(): Iterable<string> {
    return servicesOf(this.#directories.names);
  }

  service(name: string): Service | undefined {
    const found = directoriesOf(name)
      .map((directory) => this.#directories.service(directory))
      .filter((service) => service !== undefined);
    const [first] = found.filter(({ endpoints }) => endpoints.length > 0).concat(found);
    if (first === undefined) return undefined;
    const endpoints = byId(found.flatMap((service) => service.endpoints));
    return { name, protocol: first.protocol, endpoints };
  }

  put(node: ZNode): Iterable<string> {
    return servicesOf(this.#directories.put(node));
  }

  remove(path: string): Iterable<string> {
    return servicesOf(this.#directories.remove(path));
  }
}

function servicesOf(directories: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(directories, serviceOf));
}
