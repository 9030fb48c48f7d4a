import type { Endpoint, Problem, Service } from '@meshkeeper/mesh';
import { problem, tooLarge } from '../decode/problem.ts';
import type { Reading, ReadingOptions } from '../dialect.ts';
import { byId } from '../directory/by-id.ts';
import { KnownZNodes } from '../directory/known-znodes.ts';
import { directoryOf, placeOf, serviceOfDirectory } from '../directory/layout.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { decodeMember, type MemberEndpoint } from './decode.ts';
import { MEMBER, VECTOR } from './member.ts';
import { parseVector, type Vector, Weights } from './vector.ts';

/** A directory with members. */
interface Serverset {
  /** What members offer, by their paths. */
  readonly members: Map<string, readonly MemberEndpoint[]>;
  /** By path. */
  readonly vectors: Map<string, Vector>;
  /** Of the vectors; undefined until it is asked for. */
  weights: Weights | undefined;
  /** The services that it has had. */
  readonly services: Set<string>;
}

/** What a member offers as a service. */
interface Offer {
  readonly set: Serverset;
  readonly offered: MemberEndpoint;
  /** As it was weighed last. */
  endpoint: Endpoint;
}

/**
 * Serversets: a service each, and one for each name of an additional endpoint: `<serverset>:<name>`.
 * A service is there once it has had a member, and while the directory is.
 */
export class ServersetReading implements Reading {
  readonly #options: ReadingOptions;
  /** By their paths below the root. */
  readonly #sets = new Map<string, Serverset>();
  /** By the paths of their members. */
  readonly #services = new Map<string, Map<string, Offer>>();
  /** Every znode there is below the root. */
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
    const offers = this.#services.get(name);
    if (offers === undefined) return undefined;
    const endpoints = byId(Array.from(offers.values(), weighed));
    const first = endpoints[0] && offers.get(endpoints[0].origin.path);
    return { name, protocol: first?.offered.protocol ?? 'tcp', endpoints };
  }

  put(node: ZNode): ReadonlySet<string> {
    const changed = new Set<string>();
    const { path } = node;
    if (serviceOfDirectory(this.#options.root, path) === undefined) return changed;
    this.#znodes.put(path);
    const place = placeOf(this.#options.root, path);
    if (place?.node.startsWith(MEMBER)) this.#putMember(place.service, place.node, node, changed);
    if (place?.node.startsWith(VECTOR)) this.#putVector(place.service, node, changed);
    return changed;
  }

  remove(path: string): ReadonlySet<string> {
    const changed = new Set<string>();
    if (!this.#znodes.remove(path)) return changed;
    const directory = serviceOfDirectory(this.#options.root, path) ?? '';
    for (const service of this.#sets.get(directory)?.services ?? [])
      this.#endIfEmpty(directory, service, changed);
    this.#forgetIfEmpty(directory);
    const place = placeOf(this.#options.root, path);
    if (place === undefined) return changed;
    this.#setMember(place.service, path, [], changed);
    this.#setVector(place.service, path, undefined, changed);
    return changed;
  }

  #putMember(set: string, name: string, node: ZNode, changed: Set<string>): void {
    const decoded = decodeMember(this.#options, name, node);
    this.#setMember(set, node.path, decoded.endpoints, changed);
    if (decoded.problem !== undefined) this.#znodes.report(decoded.problem);
  }

  #putVector(set: string, node: ZNode, changed: Set<string>): void {
    const { path, data } = node;
    const excess = tooLarge(path, data);
    const vector = excess === undefined ? parseVector(data.toString()) : undefined;
    this.#setVector(set, path, vector, changed);
    const fault =
      vector === undefined
        ? 'it is no JSON object with a "vector"'
        : vector.faults[0] && `${vector.faults[0]}, none of inet=host:port, member=name, shard=0`;
    if (excess?.type === 'problem') this.#znodes.report(excess.problem);
    else if (fault !== undefined) this.#znodes.report(problem(path, 'malformed', fault).problem);
  }

  /** Says what a member offers now. */
  #setMember(
    name: string,
    path: string,
    offered: readonly MemberEndpoint[],
    changed: Set<string>,
  ): void {
    const set = this.#set(name);
    const before = set.members.get(path) ?? [];
    if (offered.length > 0) set.members.set(path, offered);
    else set.members.delete(path);
    const now = new Set(offered.map((each) => serviceOf(name, each)));
    for (const service of before.map((each) => serviceOf(name, each))) {
      if (now.has(service) || !this.#services.get(service)?.delete(path)) continue;
      changed.add(service);
      if (!this.#znodes.has(directoryOf(this.#options.root, name)))
        this.#endIfEmpty(name, service, changed);
    }
    for (const each of offered) {
      const service = serviceOf(name, each);
      const offers = this.#services.get(service) ?? new Map<string, Offer>();
      this.#services.set(service, offers);
      offers.set(path, { set, offered: each, endpoint: each.endpoint });
      set.services.add(service);
      changed.add(service);
    }
    this.#forgetIfEmpty(name);
  }

  /** Says what a vector is now. */
  #setVector(name: string, path: string, vector: Vector | undefined, changed: Set<string>): void {
    const set = this.#set(name);
    const had = set.vectors.delete(path);
    if (vector !== undefined) set.vectors.set(path, vector);
    if (had || vector !== undefined) {
      set.weights = undefined;
      for (const service of set.services) if (this.#services.has(service)) changed.add(service);
    }
    this.#forgetIfEmpty(name);
  }

  #set(name: string): Serverset {
    const found = this.#sets.get(name);
    if (found !== undefined) return found;
    const set: Serverset = {
      members: new Map(),
      vectors: new Map(),
      weights: undefined,
      services: new Set(),
    };
    this.#sets.set(name, set);
    return set;
  }

  #endIfEmpty(set: string, service: string, changed: Set<string>): void {
    if (this.#services.get(service)?.size !== 0) return;
    this.#services.delete(service);
    this.#sets.get(set)?.services.delete(service);
    changed.add(service);
  }

  #forgetIfEmpty(name: string): void {
    const set = this.#sets.get(name);
    if (set && set.members.size + set.vectors.size + set.services.size === 0)
      this.#sets.delete(name);
  }
}

/** The name of the service that an endpoint of a serverset belongs to. */
function serviceOf(set: string, { name }: MemberEndpoint): string {
  return name === undefined ? set : `${set}:${name}`;
}

/** The endpoint with the weight that it has now; the same object as long as that is the same. */
function weighed(offer: Offer): Endpoint {
  const { set, offered } = offer;
  set.weights ??= new Weights(set.vectors.values());
  const weight = set.weights.of(offered.selectable);
  if (offer.endpoint.weight !== weight) offer.endpoint = { ...offered.endpoint, weight };
  return offer.endpoint;
}
