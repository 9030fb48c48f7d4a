import { addressKey } from '../decode/address.ts';
import type { Offer } from './offer.ts';
import { baseProtocol } from './protocol.ts';
import { keyOf } from './service-key.ts';

/** Offers of one service, by protocol. */
type Protocols = Map<string, Set<Offer>>;

/** A service as it is offered, with one protocol. */
export interface Offered {
  /** Its name without a protocol. */
  readonly base: string;
  readonly protocol: string;
  /** One a provider, in the order of their endpoints' ids. */
  readonly offers: readonly Offer[];
}

/**
 * Who offers what, of both levels: services made of offers. One provider of one service with one
 * protocol is one endpoint, however many znodes tell of it: the interface level's counts, since its
 * URL carries what rules have made of it; of two starts of one provider the newer.
 */
export class Offers {
  readonly #byPath = new Map<string, readonly Offer[]>();
  readonly #services = new Map<string, Protocols>();
  /** Services by interface. */
  readonly #byInterface = new Map<string, Set<string>>();
  /** How many offers of a service an application has. */
  readonly #byApplication = new Map<string, Map<string, number>>();
  /** Addresses that there are URLs of, as long as nothing changes. */
  #registered: ReadonlySet<string> | undefined;

  /** Says what a znode offers now; gives the names of the services that this changes. */
  set(path: string, offers: readonly Offer[]): Set<string> {
    this.#registered = undefined;
    const changed = new Set<string>();
    const before = this.#byPath.get(path) ?? [];
    for (const offer of before) this.#names(offer.service, changed);
    for (const offer of before) this.#drop(offer);
    for (const offer of offers) this.#add(offer);
    for (const offer of offers) this.#names(offer.service, changed);
    if (offers.length === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, offers);
    return changed;
  }

  /** Names of all services: those of a service that is offered with several protocols are more than one. */
  get names(): Iterable<string> {
    const names = new Set<string>();
    for (const name of this.#services.keys()) this.#names(name, names);
    return names;
  }

  /** A service, or what one of its protocols offers: `<name>@<protocol>`. */
  service(name: string): Offered | undefined {
    const protocols = this.#services.get(name);
    if (protocols !== undefined) return offeredOf(name, protocols);
    const base = this.base(name);
    const several = this.#services.get(base);
    const protocol = name.slice(base.length + 1);
    const offers = several?.get(protocol);
    if (several === undefined || several.size < 2 || offers === undefined) return undefined;
    return { base, protocol, offers: bestOf(offers) };
  }

  /** A service's name without the protocol that it may have at its end. */
  base(name: string): string {
    return this.#services.has(name) ? name : name.slice(0, Math.max(0, name.lastIndexOf('@')));
  }

  /** The services of an interface, each with what its protocols offer. */
  ofInterface(iface: string): Set<string> {
    const names = new Set<string>();
    for (const service of this.#byInterface.get(iface) ?? []) this.#names(service, names);
    return names;
  }

  /** The services that an application offers, each with what its protocols offer. */
  ofApplication(application: string): Set<string> {
    const names = new Set<string>();
    for (const service of this.#byApplication.get(application)?.keys() ?? [])
      this.#names(service, names);
    return names;
  }

  /** The applications that offer a service. */
  applications(name: string): ReadonlySet<string> {
    const applications = new Set<string>();
    for (const offers of this.#services.get(name)?.values() ?? [])
      for (const { application } of offers) if (application !== '') applications.add(application);
    return applications;
  }

  /** Whether there is a URL of this address. */
  isRegistered(host: string, port: number): boolean {
    this.#registered ??= this.#addresses();
    return this.#registered.has(addressKey(host, port));
  }

  #addresses(): Set<string> {
    const addresses = new Set<string>();
    for (const offers of this.#byPath.values())
      for (const { level, endpoint } of offers)
        if (level === 'interface') addresses.add(endpoint.id);
    return addresses;
  }

  #add(offer: Offer): void {
    const { service, protocol } = offer;
    const protocols = this.#services.get(service) ?? new Map<string, Set<Offer>>();
    if (protocols.size === 0) {
      this.#services.set(service, protocols);
      const iface = keyOf(service).interface;
      this.#byInterface.set(iface, (this.#byInterface.get(iface) ?? new Set()).add(service));
    }
    const offers = protocols.get(protocol);
    if (offers === undefined) protocols.set(protocol, new Set([offer]));
    else offers.add(offer);
    this.#count(offer, 1);
  }

  #drop(offer: Offer): void {
    const { service, protocol } = offer;
    const protocols = this.#services.get(service);
    const offers = protocols?.get(protocol);
    offers?.delete(offer);
    if (offers?.size === 0) protocols?.delete(protocol);
    this.#count(offer, -1);
    if (protocols?.size !== 0) return;
    this.#services.delete(service);
    const iface = keyOf(service).interface;
    const services = this.#byInterface.get(iface);
    services?.delete(service);
    if (services?.size === 0) this.#byInterface.delete(iface);
  }

  #count({ application, service }: Offer, more: number): void {
    const services = this.#byApplication.get(application) ?? new Map<string, number>();
    const count = (services.get(service) ?? 0) + more;
    if (count === 0) services.delete(service);
    else services.set(service, count);
    if (services.size === 0) this.#byApplication.delete(application);
    else this.#byApplication.set(application, services);
  }

  #names(service: string, names: Set<string>): void {
    const protocols = this.#services.get(service);
    names.add(service);
    if (protocols !== undefined && protocols.size > 1)
      for (const protocol of protocols.keys()) names.add(`${service}@${protocol}`);
  }
}

function offeredOf(base: string, protocols: Protocols): Offered {
  const byProtocol = new Map([...protocols].map(([key, offers]) => [key, bestOf(offers)]));
  const own = [...byProtocol].filter(([key]) => !isExtra(protocols.get(key) ?? []));
  const from = own.length > 0 ? own : [...byProtocol];
  const protocol = baseProtocol(new Map(from.map(([key, { length }]) => [key, length])));
  return { base, protocol, offers: byProtocol.get(protocol) ?? [] };
}

/** Whether all of the offers are of a protocol that is spoken besides another. */
function isExtra(offers: Iterable<Offer>): boolean {
  for (const { extra } of offers) if (!extra) return false;
  return true;
}

/** Of the offers of one service with one protocol those that count, one an endpoint. */
function bestOf(offers: Iterable<Offer>): readonly Offer[] {
  const best = new Map<string, Offer>();
  for (const offer of offers) {
    const { id } = offer.endpoint;
    const other = best.get(id);
    if (other === undefined || isBetter(offer, other)) best.set(id, offer);
  }
  return [...best.values()].sort((a, b) => (a.endpoint.id < b.endpoint.id ? -1 : 1));
}

/** Of two of one provider: which counts. The same of any two, in whatever order they came. */
function isBetter(a: Offer, b: Offer): boolean {
  if (a.level !== b.level) return a.level === 'interface';
  if (a.since !== b.since) return a.since > b.since;
  const [one, other] = [a.endpoint.origin, b.endpoint.origin];
  if (one.czxid !== other.czxid) return (one.czxid ?? 0n) > (other.czxid ?? 0n);
  return one.path < other.path;
}
