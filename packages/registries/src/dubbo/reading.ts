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
import type { RuleProblem } from './rules/compiled-rule.ts';
import { RuledServices } from './rules/ruled-services.ts';
import { DubboRules } from './rules/rules.ts';
import { parseUrl } from './url.ts';
import { decode } from './url-encoding.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** What a registry of Dubbo says, of both levels. */
export class DubboReading implements Reading {
  /** Rules, with what they do. */
  readonly rules: DubboRules;
  /** Which applications provide which interface. */
  readonly mapping = new Mapping();
  readonly #options: ReadingOptions;
  readonly #offers = new Offers();
  readonly #applications: Applications;
  readonly #ruled: RuledServices;
  readonly #problems = new Map<string, Problem>();

  /** `fetch` gets the metadata of an instance that keeps it itself. */
  constructor(options: ReadingOptions, fetch?: FetchMetadata) {
    this.#options = options;
    this.rules = new DubboRules(options.registry);
    this.#ruled = new RuledServices(this.#offers, this.rules);
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
    for (const [path, found] of problems) {
      const rule = this.rules.all.get(path);
      if (rule !== undefined)
        problems.set(path, { ...found, services: [...this.#ruled.about(rule)].sort() });
    }
    const mapped = (application: string) => this.mapping.interfaces(application);
    for (const found of this.#applications.problems(mapped)) problems.set(found.path, found);
    return problems;
  }

  service(name: string): Service | undefined {
    return this.#ruled.service(name);
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
      case 'caller':
        return this.#ruled.putCaller(path, place.interface, place.application);
      case 'rule':
        return this.#putRule(path, () => this.rules.putConfiguration(place.key, node));
      case undefined:
        return NOTHING;
    }
  }

  remove(path: string): ReadonlySet<string> {
    this.#problems.delete(path);
    const place = placeOf(this.#options.root, path);
    switch (place?.type) {
      case 'url':
        if (place.category === 'providers') return this.#offers.set(path, []);
        if (place.category === 'consumers') return this.#ruled.removeCaller(path);
        return this.#removeRule(path);
      case 'instance':
        return this.#applications.remove(path);
      case 'mapping':
        this.mapping.remove(place.interface);
        return NOTHING;
      case 'metadata':
        this.#applications.forget(place.application, place.revision);
        return NOTHING;
      case 'caller':
        return this.#ruled.removeCaller(path);
      case 'rule':
        return this.#removeRule(path);
      case undefined:
        return NOTHING;
    }
  }

  #putUrl(place: Extract<Place, { type: 'url' }>, node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const { interface: iface, category, node: name } = place;
    if (category === 'consumers') {
      const application = parseUrl(decode(name) ?? '')?.parameters.get('application');
      if (application === undefined) return this.#ruled.removeCaller(path);
      return this.#ruled.putCaller(path, iface, application);
    }
    if (category !== 'providers')
      return this.#putRule(path, () => this.rules.putUrl(iface, category, name, node));
    const decoded = decodeUrl(this.#options, iface, name, node);
    if (decoded.type === 'problem') this.#problems.set(path, decoded.problem);
    return this.#offers.set(path, decoded.type === 'offers' ? decoded.offers : []);
  }

  /** A rule that is another one now concerns those of both. */
  #putRule(path: string, put: () => RuleProblem | undefined): ReadonlySet<string> {
    const before = this.#ruled.concerned(this.rules.all.get(path));
    const found = put();
    if (found !== undefined)
      this.#problems.set(path, problem(path, found.code, found.message).problem);
    return before.union(this.#ruled.concerned(this.rules.all.get(path)));
  }

  #removeRule(path: string): ReadonlySet<string> {
    return this.#ruled.concerned(this.rules.remove(path));
  }

  #putInstance(application: string, node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const decoded = decodeInstance(this.#options.registry, application, node);
    if (decoded.type === 'instance') return this.#applications.put(path, decoded.instance);
    if (decoded.type === 'problem') this.#problems.set(path, decoded.problem);
    return this.#applications.remove(path);
  }
}
