import type { Problem, Service } from '@meshkeeper/mesh';
import { problem } from '../decode/problem.ts';
import type { Reading, ReadingOptions, Want } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { Applications, type FetchMetadata } from './applications.ts';
import { decodeUrl } from './decode-url.ts';
import { decodeInstance } from './instance.ts';
import { type Place, placeOf } from './layout.ts';
import { Mapping } from './mapping.ts';
import { decodeMetadata } from './metadata-info.ts';
import { Offers } from './offers.ts';
import { DubboRules } from './rules/rules.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** What a registry of Dubbo says, of both levels. */
export class DubboReading implements Reading {
  /** Rules as they were read. */
  readonly rules = new DubboRules();
  /** Which applications provide which interface. */
  readonly mapping = new Mapping();
  readonly #options: ReadingOptions;
  readonly #offers = new Offers();
  readonly #applications: Applications;
  readonly #problems = new Map<string, Problem>();

  /** `fetch` gets the metadata of an instance that keeps it itself. */
  constructor(options: ReadingOptions, fetch?: FetchMetadata) {
    this.#options = options;
    this.#applications = new Applications(this.#offers, options.locality, fetch);
  }

  get names(): Iterable<string> {
    return this.#offers.names;
  }

  get wants(): Iterable<Want> {
    return this.#applications.wants;
  }

  get problems(): ReadonlyMap<string, Problem> {
    const problems = new Map(this.#problems);
    const mapped = (application: string) => this.mapping.interfaces(application);
    for (const found of this.#applications.problems(mapped)) problems.set(found.path, found);
    return problems;
  }

  service(name: string): Service | undefined {
    return this.#offers.service(name);
  }

  /** The applications that offer a service, by the service's name without a protocol. */
  applications(name: string): ReadonlySet<string> {
    return this.#offers.applications(name);
  }

  put(node: ZNode): ReadonlySet<string> {
    const { path } = node;
    this.#problems.delete(path);
    const place = placeOf(this.#options.root, path);
    switch (place?.type) {
      case 'url':
        return this.#putUrl(place, node);
      case 'instance':
        return this.#putInstance(place.application, node);
      case 'mapping':
        this.mapping.put(place.interface, node.data);
        return NOTHING;
      case 'metadata': {
        const info = decodeMetadata(node.data);
        return info === undefined
          ? NOTHING
          : this.#applications.learn(place.application, place.revision, info, true);
      }
      case 'rule':
        this.rules.putConfiguration(place.key, node);
        return NOTHING;
      case undefined:
        return NOTHING;
    }
  }

  remove(path: string): ReadonlySet<string> {
    this.#problems.delete(path);
    const place = placeOf(this.#options.root, path);
    switch (place?.type) {
      case 'url':
        this.rules.remove(path);
        return this.#offers.set(path, []);
      case 'instance':
        return this.#applications.remove(path);
      case 'mapping':
        this.mapping.remove(place.interface);
        return NOTHING;
      case 'metadata':
        this.#applications.forget(place.application, place.revision);
        return NOTHING;
      case 'rule':
        this.rules.remove(path);
        return NOTHING;
      case undefined:
        return NOTHING;
    }
  }

  #putUrl(place: Extract<Place, { type: 'url' }>, node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const { interface: iface, category, node: name } = place;
    if (category === 'consumers') return NOTHING;
    if (category !== 'providers') {
      const why = this.rules.putUrl(iface, category, name, node);
      if (why !== undefined) this.#problems.set(path, problem(path, 'malformed', why).problem);
      return NOTHING;
    }
    const decoded = decodeUrl(this.#options, iface, name, node);
    if (decoded.type === 'problem') this.#problems.set(path, decoded.problem);
    return this.#offers.set(path, decoded.type === 'offers' ? decoded.offers : []);
  }

  #putInstance(application: string, node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const decoded = decodeInstance(this.#options.registry, application, node);
    if (decoded.type === 'instance') return this.#applications.put(path, decoded.instance);
    if (decoded.type === 'problem') this.#problems.set(path, decoded.problem);
    return this.#applications.remove(path);
  }
}
