import { DEFAULT_WEIGHT, type Endpoint, type Locality } from '../model/endpoint.ts';
import type { Protocol, Service } from '../model/service.ts';
import { statedHosts } from '../names/stated-hosts.ts';
import { AddressIndex, haveOwnAddresses, type Registrations } from './address-index.ts';

/*
 * The rules by which one service is made of what several sources say. "First" is the source of the
 * higher priority; of equal ones, that which is configured first.
 *
 * 1. A service is there when any source has it, with the endpoints of all.
 * 2. The protocol is that of the first source that has an endpoint of it: where there is none, nobody
 *    says what it speaks. The policy is that of the first source that states one; policies of two
 *    sources are not mixed.
 * 3. It is known by the host names that any source states.
 * 4. Endpoints with one address and port are one instance, registered twice. It has the id and what
 *    else is stated by the registration of the first source; within one source, by the youngest (an
 *    instance that was restarted before its old session ended).
 * 5. What that registration doesn't state, the other sources' fill in, the first that does: a weight
 *    other than the default, a locality, a host name, a role, a health other than unknown, warm-up,
 *    metadata key by key. An older registration in the same source fills in nothing.
 * 6. Instances that share an id are told apart: the first keeps it, another is `id@source`.
 *
 * 2 and 6 are conflicts, which are shown; 4 is what double registration is for, and is explained.
 */

/** What one source says of a service. */
export interface Said {
  readonly source: string;
  readonly service: Service;
}

/** Where sources can't both be right. */
export type Conflict =
  | {
      readonly type: 'protocol';
      readonly source: string;
      /** What is served: what this source says. */
      readonly protocol: Protocol;
      readonly other: { readonly source: string; readonly protocol: Protocol };
    }
  | {
      readonly type: 'id';
      readonly id: string;
      /** Whose endpoint keeps the id. */
      readonly source: string;
      readonly other: { readonly source: string; readonly servedAs: string };
    };

/** A service as the sources together have it. */
export interface Merged {
  readonly service: Service;
  readonly conflicts: readonly Conflict[];
}

/** What is at one address and port. */
export interface Instance {
  /** What is made of the registrations. */
  readonly endpoint: Endpoint;
  /** As the sources have it: the registration that counts, then the others. */
  readonly registrations: Registrations;
}

const NO_CONFLICTS: readonly Conflict[] = [];

/** What a service was merged from, and what was made of it. */
interface Work {
  readonly services: readonly Service[];
  readonly indexes: readonly AddressIndex[];
  readonly instances: readonly Instance[];
}

const NO_WORK: Work = { services: [], indexes: [], instances: [] };

/** Merges by the rules above. It remembers how it merged each service, and does again only what changed. */
export class Merger {
  /** Of the services that needed merging, by name. */
  readonly #work = new Map<string, Work>();

  /** One service out of what the sources say of it, the first of them first. */
  merge(name: string, said: readonly Said[]): Merged | undefined {
    const [first] = said;
    if (first === undefined || (said.length === 1 && isDistinct(first.service.endpoints))) {
      this.#work.delete(name);
      return first && { service: first.service, conflicts: NO_CONFLICTS };
    }
    const peopled = said.filter(({ service }) => service.endpoints.length > 0);
    const { protocol } = (peopled[0] ?? first).service;
    const conflicts: Conflict[] = protocolConflicts(peopled);
    const work = workOn(said, this.#work.get(name) ?? NO_WORK, conflicts);
    this.#work.set(name, work);
    const endpoints = work.instances.map(({ endpoint }) => endpoint);
    if (!isSorted(endpoints)) endpoints.sort(byId);
    const policyRef = said.find(({ service }) => service.policyRef !== undefined)?.service
      .policyRef;
    const policy = said.find(({ service }) => service.policy !== undefined)?.service.policy;
    const hosts = hostsOf(said);
    const stated = {
      ...(policyRef && { policyRef }),
      ...(policy && { policy }),
      ...(hosts && { hosts }),
    };
    const service = { ...first.service, name, protocol, endpoints, ...stated };
    return { service, conflicts };
  }

  /** The instances of a service, those of the first source first. */
  instances(name: string, said: readonly Said[]): readonly Instance[] {
    return workOn(said, this.#work.get(name) ?? NO_WORK, []).instances;
  }
}

/** The host names that the sources state: those of the first, and as many of the others' as there is room for. */
function hostsOf(said: readonly Said[]): readonly string[] | undefined {
  const stating = said.flatMap(({ service }) => (service.hosts ? [service.hosts] : []));
  return stating.length > 1 ? statedHosts(stating.flat()) : stating[0];
}

/** Finds the instances, with what is unchanged since `before` taken from there. */
function workOn(said: readonly Said[], before: Work, conflicts: Conflict[]): Work {
  const services = said.map(({ service }) => service);
  const indexes = services.map((service) => {
    const known = before.indexes[before.services.indexOf(service)];
    return known ?? new AddressIndex(service.endpoints);
  });
  const instances: Instance[] = [];
  /** Whose an id is: filled when a second source has an instance of its own. */
  let ids: Map<string, string> | undefined;
  for (const [at, index] of indexes.entries()) {
    let old = 0;
    for (const here of index) {
      const [first] = here;
      if (isBefore(indexes, at, first)) continue;
      // They are in the same order: it is the next one, or it is made anew. One that was told apart
      // from another of its id comes after that, and so is made anew.
      while (old < before.instances.length && idOf(before.instances[old]!) < first.id) old++;
      const known = before.instances[old];
      const instance =
        known !== undefined && isMadeOf(known, indexes, at, here)
          ? known
          : instanceOf(registrationsOf(indexes, at, here));
      if (at > 0) ids ??= ownersOf(instances);
      instances.push(ids === undefined ? instance : unique(instance, ids, conflicts));
    }
  }
  return { services, indexes, instances };
}

/** The id at the source. */
function idOf({ registrations: [{ id }] }: Instance): string {
  return id;
}

/** The id that an endpoint has at its source, also if it is served as another. */
export function idAtSource({ id, origin: { registry } }: Endpoint): string {
  return id.endsWith(`@${registry}`) ? id.slice(0, -registry.length - 1) : id;
}

/** Endpoints are listed by id. */
export function byId(a: Endpoint, b: Endpoint): number {
  return a.id < b.id ? -1 : 1;
}

/** Whether a source before the one at `at` has something where the endpoint is. */
function isBefore(indexes: readonly AddressIndex[], at: number, endpoint: Endpoint): boolean {
  for (let i = 0; i < at; i++) if (indexes[i]!.at(endpoint) !== undefined) return true;
  return false;
}

/** Those of the source at `at`, then those that the sources after it have in the same place. */
function registrationsOf(
  indexes: readonly AddressIndex[],
  at: number,
  here: Registrations,
): Registrations {
  let all = here;
  for (let i = at + 1; i < indexes.length; i++) {
    const there = indexes[i]!.at(here[0]);
    if (there !== undefined) all = [...all, ...there];
  }
  return all;
}

/** Whether an instance is made of just these registrations. */
function isMadeOf(
  { registrations }: Instance,
  indexes: readonly AddressIndex[],
  at: number,
  here: Registrations,
): boolean {
  let next = 0;
  for (const each of here) if (registrations[next++] !== each) return false;
  for (let i = at + 1; i < indexes.length; i++)
    for (const each of indexes[i]!.at(here[0]) ?? [])
      if (registrations[next++] !== each) return false;
  return next === registrations.length;
}

function instanceOf(registrations: Registrations): Instance {
  const [first] = registrations;
  return { endpoint: registrations.length === 1 ? first : filled(registrations), registrations };
}

/** The first registration with what it doesn't state filled in from other sources'. */
function filled([first, ...others]: Registrations): Endpoint {
  const seen = new Set([first.origin.registry]);
  let result = first;
  for (const other of others) {
    if (seen.has(other.origin.registry)) continue;
    seen.add(other.origin.registry);
    result = withUnstated(result, other);
  }
  return result;
}

function withUnstated(endpoint: Endpoint, other: Endpoint): Endpoint {
  const { hostname = other.hostname, role = other.role, warmup = other.warmup } = endpoint;
  return {
    ...endpoint,
    weight: endpoint.weight === DEFAULT_WEIGHT ? other.weight : endpoint.weight,
    locality: isStated(endpoint.locality) ? endpoint.locality : other.locality,
    health: endpoint.health === 'unknown' ? other.health : endpoint.health,
    metadata: { ...other.metadata, ...endpoint.metadata },
    ...(hostname !== undefined && { hostname }),
    ...(role !== undefined && { role }),
    ...(warmup !== undefined && { warmup }),
  };
}

function isStated({ region, zone, subzone }: Locality): boolean {
  return region !== '' || zone !== '' || subzone !== '';
}

function ownersOf(instances: readonly Instance[]): Map<string, string> {
  return new Map(instances.map(({ endpoint }) => [endpoint.id, endpoint.origin.registry]));
}

/** The instance under an id that no other has; `ids`: whose those are that are taken. */
function unique(instance: Instance, ids: Map<string, string>, conflicts: Conflict[]): Instance {
  const { endpoint, registrations } = instance;
  const { registry } = endpoint.origin;
  const owner = ids.get(endpoint.id);
  let { id } = endpoint;
  while (ids.has(id)) id = `${id}@${registry}`;
  ids.set(id, registry);
  if (owner === undefined) return instance;
  const other = { source: registry, servedAs: id };
  conflicts.push({ type: 'id', id: endpoint.id, source: owner, other });
  return { endpoint: { ...endpoint, id }, registrations };
}

function protocolConflicts([first, ...others]: readonly Said[]): Conflict[] {
  if (first === undefined) return [];
  const { source, service } = first;
  const { protocol } = service;
  return others
    .filter((other) => other.service.protocol !== protocol)
    .map((other) => ({
      type: 'protocol',
      source,
      protocol,
      other: { source: other.source, protocol: other.service.protocol },
    }));
}

/** As the model wants them: sorted by id, no two of one id or one address and port. */
function isDistinct(endpoints: readonly Endpoint[]): boolean {
  return isSorted(endpoints) && haveOwnAddresses(endpoints);
}

/** Sorted by id, and no two of one id. */
function isSorted(endpoints: readonly Endpoint[]): boolean {
  for (let i = 1; i < endpoints.length; i++)
    if (endpoints[i - 1]!.id >= endpoints[i]!.id) return false;
  return true;
}
