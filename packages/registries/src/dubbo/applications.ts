import type { Locality, Problem } from '@meshkeeper/mesh';
import type { Want } from '../dialect.ts';
import type { Instance } from './instance.ts';
import { EMPTY_REVISION, type MetadataInfo, type ServiceInfo } from './metadata-info.ts';
import { fetchMetadata } from './metadata-service.ts';
import { endpointOf, type Offer } from './offer.ts';
import type { Offers } from './offers.ts';
import { nameOf } from './service-key.ts';

/** What is known of a revision of an application. */
interface Revision {
  readonly application: string;
  readonly revision: string;
  /** Paths of the instances that have it. */
  readonly instances: Set<string>;
  info: MetadataInfo | undefined;
  /** Whether a znode tells of it: it tells once. */
  stored: boolean;
  /** Why it isn't known, where it could be asked for. */
  failure: string | undefined;
}

/** Revisions that are remembered although no instance has them. */
const MAX_LEFT = 10_000;

/** What gets the metadata of an instance that keeps it itself. */
export type FetchMetadata = (instance: Instance, signal: AbortSignal) => Promise<MetadataInfo>;

/**
 * Instances of applications. They say where they are and which revision they have; what that provides
 * is told elsewhere, and may become known at any time after. Until then an instance offers what it
 * did before, if it did.
 */
export class Applications {
  readonly #offers: Offers;
  readonly #locality: Locality;
  readonly #fetch: FetchMetadata;
  readonly #instances = new Map<string, Instance>();
  /** What an instance offers, which lags behind its revision until that is known. */
  readonly #infos = new Map<string, MetadataInfo>();
  readonly #revisions = new Map<string, Revision>();
  /** Revisions that instances have and nobody has told of. */
  readonly #unknown = new Map<string, Revision>();
  /** Those of them that an instance can be asked for: of many it is none, at any size of a registry. */
  readonly #wants = new Map<string, Want>();
  /**
   * Revisions that are known although no znode tells of them and no instance has them any more, the
   * oldest first: an instance that deletes and creates its znode again is not to be asked again.
   */
  readonly #left = new Set<string>();

  constructor(offers: Offers, locality: Locality, fetch: FetchMetadata = fetchMetadata) {
    this.#offers = offers;
    this.#locality = locality;
    this.#fetch = fetch;
  }

  /** Takes an instance; gives the names of the services that this changes. */
  put(path: string, instance: Instance): Set<string> {
    const before = this.#instances.get(path);
    this.#instances.set(path, instance);
    const key = keyOf(instance);
    if (before !== undefined && keyOf(before) !== key) this.#leave(path, before);
    const revision = this.#revisions.get(key) ?? {
      application: instance.application,
      revision: instance.revision,
      instances: new Set<string>(),
      info: instance.revision === EMPTY_REVISION ? NOTHING : undefined,
      stored: false,
      failure: undefined,
    };
    this.#revisions.set(key, revision);
    this.#left.delete(key);
    revision.instances.add(path);
    if (revision.info === undefined) {
      this.#unknown.set(key, revision);
      if (isAskable(instance)) this.#want(key, revision);
      else this.#review(key, revision);
    }
    return this.#tell(path, instance, revision.info);
  }

  /** Takes the end of an instance; gives the names of the services that this changes. */
  remove(path: string): Set<string> {
    const instance = this.#instances.get(path);
    if (instance === undefined) return new Set();
    this.#instances.delete(path);
    this.#infos.delete(path);
    this.#leave(path, instance);
    return this.#offers.set(path, []);
  }

  /**
   * Takes what a revision provides; gives the names of the services that this changes.
   * @param stored a znode tells of it
   */
  learn(application: string, revision: string, info: MetadataInfo, stored: boolean): Set<string> {
    const key = keyOf({ application, revision });
    const known = this.#revisions.get(key) ?? {
      ...{ application, revision, info, stored, failure: undefined },
      instances: new Set<string>(),
    };
    this.#revisions.set(key, known);
    this.#unknown.delete(key);
    this.#wants.delete(key);
    this.#left.delete(key);
    known.info = info;
    known.stored ||= stored;
    known.failure = undefined;
    const changed = new Set<string>();
    for (const path of known.instances)
      for (const name of this.#tell(path, this.#instances.get(path), info)) changed.add(name);
    return changed;
  }

  /**
   * Takes the deletion of what told of a revision: who has it keeps what it offers, and who comes back
   * with it after ZooKeeper was wiped, too. Dubbo never writes it again.
   */
  forget(application: string, revision: string): void {
    const key = keyOf({ application, revision });
    const known = this.#revisions.get(key);
    if (known?.stored !== true) return;
    known.stored = false;
    if (known.instances.size === 0) this.#remember(key);
  }

  /** The revisions that only their instances can tell of, and how they are asked. */
  get wants(): Iterable<Want> {
    return this.#wants.values();
  }

  /** Instances of which it is not known what they offer, by path. */
  *problems(mapped: (application: string) => readonly string[]): Generator<Problem> {
    for (const revision of this.#unknown.values())
      for (const path of revision.instances) {
        const instance = this.#instances.get(path);
        if (instance === undefined || this.#isRegistered(instance)) continue;
        const interfaces = mapped(revision.application);
        const told = this.#infos.has(path) ? 'it still offers what it did before; ' : '';
        const maybe =
          interfaces.length === 0 ? '' : `; by the mapping it may be of ${interfaces.join(', ')}`;
        const message =
          `the interfaces of application ${revision.application} revision ` +
          `${revision.revision || '(none)'} are unknown: ${told}${why(instance, revision)}${maybe}`;
        yield { path, code: 'incomplete', message, services: interfaces };
      }
  }

  /** Whether the interface level tells of this instance anyway. */
  #isRegistered({ host, port, ports }: Instance): boolean {
    const own = port === undefined ? [] : [port];
    return [...ports.values(), ...own].some((number) => this.#offers.isRegistered(host, number));
  }

  #want(key: string, revision: Revision): void {
    if (!this.#wants.has(key))
      this.#wants.set(key, { key, fetch: (signal) => this.#ask(revision, signal) });
  }

  /** Nobody wants what no instance is left to be asked for. */
  #review(key: string, revision: Revision): void {
    if (this.#wants.has(key) && this.#askable(revision).next().done) this.#wants.delete(key);
  }

  *#askable({ instances }: Revision): Generator<Instance> {
    for (const path of instances) {
      const instance = this.#instances.get(path);
      if (instance !== undefined && isAskable(instance)) yield instance;
    }
  }

  /** Any of the instances may answer: another one each time. */
  async #ask(revision: Revision, signal: AbortSignal): Promise<() => Iterable<string>> {
    const { application, revision: id } = revision;
    const instances = [...this.#askable(revision)];
    const instance = instances[Math.floor(Math.random() * instances.length)];
    try {
      if (instance === undefined) throw new Error('no instance is left that could be asked');
      const info = await this.#fetch(instance, signal);
      return () => this.learn(application, id, info, false);
    } catch (error) {
      revision.failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  #leave(path: string, instance: Instance): void {
    const key = keyOf(instance);
    const revision = this.#revisions.get(key);
    if (revision === undefined) return;
    revision.instances.delete(path);
    this.#review(key, revision);
    if (revision.instances.size > 0) return;
    this.#unknown.delete(key);
    if (revision.info === undefined) this.#revisions.delete(key);
    else if (!revision.stored) this.#remember(key);
  }

  /** Keeps what a revision offers that nobody has and no znode tells of, the oldest of too many not. */
  #remember(key: string): void {
    this.#left.add(key);
    const [oldest] = this.#left;
    if (oldest === undefined || this.#left.size <= MAX_LEFT) return;
    this.#left.delete(oldest);
    this.#revisions.delete(oldest);
  }

  #tell(path: string, instance: Instance | undefined, info: MetadataInfo | undefined): Set<string> {
    if (instance === undefined) return new Set();
    const known = info ?? this.#infos.get(path);
    if (known === undefined) return this.#offers.set(path, []);
    this.#infos.set(path, known);
    const offers = known.services
      .map((service) => this.#offer(instance, service))
      .filter((offer) => offer !== undefined);
    return this.#offers.set(path, offers);
  }

  #offer(instance: Instance, service: ServiceInfo): Offer | undefined {
    const { protocol, path, name } = service;
    const { host, since, origin, application } = instance;
    const port = service.port ?? instance.ports.get(protocol) ?? instance.port;
    if (port === undefined) return undefined;
    const parameters = new Map([...instance.parameters, ...service.parameters]);
    const locality = this.#locality;
    const endpoint = endpointOf({
      protocol,
      host,
      port,
      path,
      since,
      parameters,
      locality,
      origin,
    });
    return {
      service: nameOf({ interface: name, version: service.version, group: service.group }),
      extra: service.parameters.get('isExtra') === 'true',
      ...{ protocol, level: 'application', application, since, endpoint },
    };
  }
}

/** What an application of revision 0 provides. */
const NOTHING: MetadataInfo = { application: '', revision: EMPTY_REVISION, services: [] };

function keyOf({ application, revision }: Pick<Instance, 'application' | 'revision'>): string {
  return `${application}/${revision}`;
}

/** Whether it tells its metadata when it is called: what speaks another protocol can't be. */
function isAskable({ storage, metadataService }: Instance): boolean {
  return storage === 'local' && metadataService?.protocol === 'tri';
}

function why({ storage, metadataService }: Instance, { failure }: Revision): string {
  if (failure !== undefined) return failure;
  if (storage === 'remote') return 'its metadata node is missing';
  if (metadataService === undefined) return 'it does not say where its metadata service is';
  return metadataService.protocol === 'tri'
    ? 'its metadata service has not answered yet'
    : `its metadata service speaks ${metadataService.protocol}, only tri can be asked`;
}
