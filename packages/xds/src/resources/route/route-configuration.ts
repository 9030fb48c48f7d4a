import { lasting } from '../../codec/lasting.ts';
import { Any, VirtualHost } from '../../codec/messages.ts';
import { RESOURCE_TYPES } from '../../codec/resource-type.ts';
import { fieldSize, textSize, writeFieldHead, writeText } from '../../codec/wire.ts';
import { ADS } from '../cluster/cluster.ts';
import { NOWHERE } from '../endpoint/parts.ts';
import type { ResourceProblem } from '../problem.ts';
import { encodedResource, makeResource, type Resource } from '../resource.ts';

import type { RouteContext } from './route-context.ts';
import type { RouteForm } from './route-form.ts';
import { type HostRules, virtualHost } from './virtual-host.ts';
import { virtualHostName } from './virtual-host-name.ts';

/** A virtual host, and what it was made of. */
interface Part {
  readonly from: HostRules;
  readonly context: RouteContext;
  /** All of it but its name, which differs with the form. */
  readonly bytes: Uint8Array;
  readonly problems: readonly ResourceProblem[];
  /** As a resource of its own, once somebody wants it. */
  resource: Resource | undefined;
  /** The same by name, with those of its hosts that are apart. */
  byName: readonly Resource[] | undefined;
}

/**
 * A route configuration, in each form that somebody wants. The bytes of a virtual host are kept while
 * what they were made of is the same, so that a new service costs one encoding and a copy.
 */
export class RouteConfigurationBuilder {
  readonly #name: string;
  readonly #ignorePort: boolean;
  #parts: ReadonlyMap<string, Part> = new Map();
  #inside: Resource | undefined;

  /** @param ignorePort compares hosts without their ports */
  constructor(name: string, { ignorePort = false }: { readonly ignorePort?: boolean } = {}) {
    this.#name = name;
    this.#ignorePort = ignorePort;
  }

  /** What it could not hold, and why. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#parts.values()].flatMap(({ problems }) => problems);
  }

  /** Has these virtual hosts from now on. @param context makes one for each, to remember reads */
  update(hosts: readonly HostRules[], context: () => RouteContext): void {
    const parts = new Map<string, Part>();
    const now = context();
    for (const from of hosts) {
      const kept = this.#parts.get(from.name);
      const same = kept !== undefined && isSame(kept.from, from) && kept.context.isSameIn(now);
      parts.set(from.name, same ? kept : encode(from, context()));
    }
    this.#parts = parts;
    this.#inside = undefined;
  }

  /** With its virtual hosts. */
  inside(): Resource {
    this.#inside ??= this.#assemble();
    return this.#inside;
  }

  /** Without them: Envoy gets those by the stream that it gets everything by. */
  withoutHosts(): Resource {
    const name = this.#name;
    const ignorePortInHostMatching = this.#ignorePort;
    return makeResource('route', name, {
      name,
      ignorePortInHostMatching,
      vhds: { configSource: ADS },
    });
  }

  /** Its virtual hosts, each by itself. There is always one: Envoy waits for it. */
  hosts(form: Exclude<RouteForm, 'inside'>): readonly Resource[] {
    if (this.#parts.size === 0) return [this.#nobody()];
    return [...this.#parts.values()].flatMap((part) => {
      const isWhole = form === 'apart' || part.from.apart === undefined;
      if (isWhole) part.resource ??= this.#apart(part);
      else part.byName ??= this.#byName(part, part.from.apart);
      // One of them was made just now, if it was not there.
      return isWhole ? [part.resource as Resource] : (part.byName as readonly Resource[]);
    });
  }

  #assemble(): Resource {
    const name = this.#name;
    const ignorePortInHostMatching = this.#ignorePort;
    const head = RESOURCE_TYPES.route.message.encode({ name, ignorePortInHostMatching }).finish();
    const parts = [...this.#parts.values()];
    const sizes = parts.map(({ from, bytes }) => textSize(from.name) + bytes.length);
    const size = sizes.reduce((sum, each) => sum + fieldSize(each), head.length);
    const value = Buffer.allocUnsafe(size);
    value.set(head);
    let at = head.length;
    parts.forEach(({ from, bytes }, index) => {
      // There is a size of each.
      at = writeFieldHead(value, at, VIRTUAL_HOSTS, sizes[index] as number);
      at = writeText(value, at, NAME, from.name);
      value.set(bytes, at);
      at += bytes.length;
    });
    return ofBytes('route', name, value);
  }

  #apart({ from, bytes }: Part): Resource {
    const name = virtualHostName(this.#name, from.name);
    const value = Buffer.allocUnsafe(textSize(name) + bytes.length);
    value.set(bytes, writeText(value, 0, NAME, name));
    return ofBytes('virtualHost', name, value);
  }

  /** A virtual host for its name, and one for each host that is apart: each with its own domains. */
  #byName({ from, bytes }: Part, apart: readonly string[]): readonly Resource[] {
    const { domains } = from;
    const rest = bytes.subarray(domains.reduce((sum, domain) => sum + textSize(domain), 0));
    const own = (host: string) => domains.filter((each) => each === host || each === `${host}:*`);
    const others = new Set(apart.flatMap(own));
    const main = domains.filter((domain) => !others.has(domain));
    return [
      this.#withDomains(from.name, main, rest),
      ...apart.map((host) => this.#withDomains(host, own(host), rest)),
    ];
  }

  /** @param rest all of a virtual host but its name and domains, which are its first fields */
  #withDomains(host: string, domains: readonly string[], rest: Uint8Array): Resource {
    const name = virtualHostName(this.#name, host);
    const head = domains.reduce((sum, domain) => sum + textSize(domain), textSize(name));
    const value = Buffer.allocUnsafe(head + rest.length);
    let at = writeText(value, 0, NAME, name);
    for (const domain of domains) at = writeText(value, at, DOMAINS, domain);
    value.set(rest, at);
    return ofBytes('virtualHost', name, value);
  }

  /** A virtual host that no request is for. */
  #nobody(): Resource {
    const name = virtualHostName(this.#name, NOWHERE);
    return makeResource('virtualHost', name, { name, domains: [NOWHERE] });
  }
}

/** Of `RouteConfiguration`. */
const VIRTUAL_HOSTS = 2;
/** Of `VirtualHost`. */
const NAME = 1;
const DOMAINS = 2;

function ofBytes(type: 'route' | 'virtualHost', name: string, value: Buffer): Resource {
  const any = Any.encode({ type_url: RESOURCE_TYPES[type].typeUrl, value }).finish();
  return encodedResource(type, name, Buffer.from(any));
}

function encode(from: HostRules, context: RouteContext): Part {
  const { host, unlimited } = virtualHost(from, context);
  const problems = unlimited.map(({ origin }): ResourceProblem => {
    const message = `The limits of ${origin.path} are not enforced: too many policies limit it`;
    return { service: from.name, code: 'too-many-limits', message };
  });
  return {
    from,
    context,
    bytes: lasting(VirtualHost.encode(host).finish()),
    problems,
    resource: undefined,
    byName: undefined,
  };
}

function isSame(a: HostRules, b: HostRules): boolean {
  return (
    same(a.domains, b.domains) &&
    same(a.apart ?? [], b.apart ?? []) &&
    (isPlain(a, b) || same(a.rules, b.rules))
  );
}

/** Where nobody has written rules, they say the same each time. */
function isPlain(a: HostRules, b: HostRules): boolean {
  const plain = ({ rules }: HostRules) => rules.length === 1 && rules[0]?.origin === undefined;
  return a.name === b.name && plain(a) && plain(b);
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}
