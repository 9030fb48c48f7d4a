import { envoy } from '../../codec/generated/envoy.js';
import { Any } from '../../codec/messages.ts';
import { RESOURCE_TYPES } from '../../codec/resource-type.ts';
import type { ResourceProblem } from '../problem.ts';
import { contentVersion, type Resource } from '../resource.ts';
import type { RouteContext } from './route-context.ts';
import { type HostRules, virtualHost } from './virtual-host.ts';

/** A virtual host as a field of its route configuration, and what it was made of. */
interface Part {
  readonly from: HostRules;
  readonly context: RouteContext;
  readonly bytes: Buffer;
  readonly problems: readonly ResourceProblem[];
}

/**
 * A route configuration. The bytes of a virtual host are kept while what they were made of is the same,
 * so that a new service costs one encoding and a copy.
 */
export class RouteConfigurationBuilder {
  readonly #name: string;
  readonly #ignorePort: boolean;
  #parts: ReadonlyMap<string, Part> = new Map();

  /** @param ignorePort compares hosts without their ports */
  constructor(name: string, { ignorePort = false }: { readonly ignorePort?: boolean } = {}) {
    this.#name = name;
    this.#ignorePort = ignorePort;
  }

  /** What the last one could not hold, and why. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#parts.values()].flatMap(({ problems }) => problems);
  }

  /** The configuration with these virtual hosts. @param context makes one for each, to remember reads */
  build(hosts: readonly HostRules[], context: () => RouteContext): Resource {
    const parts = new Map<string, Part>();
    const now = context();
    for (const from of hosts) {
      const kept = this.#parts.get(from.name);
      const same = kept !== undefined && isSame(kept.from, from) && kept.context.isSameIn(now);
      parts.set(from.name, same ? kept : encode(from, context()));
    }
    this.#parts = parts;
    return this.#assemble([...parts.values()].map(({ bytes }) => bytes));
  }

  #assemble(hosts: readonly Buffer[]): Resource {
    const name = this.#name;
    const ignorePortInHostMatching = this.#ignorePort;
    const head = RESOURCE_TYPES.route.message.encode({ name, ignorePortInHostMatching }).finish();
    const value = Buffer.concat([head, ...hosts]);
    const any = Buffer.from(Any.encode({ type_url: RESOURCE_TYPES.route.typeUrl, value }).finish());
    return { type: 'route', name, version: contentVersion(any), any };
  }
}

function encode(from: HostRules, context: RouteContext): Part {
  const { host, unlimited } = virtualHost(from, context);
  const problems = unlimited.map(({ origin }): ResourceProblem => {
    const message = `The limits of ${origin.path} are not enforced: too many policies limit it`;
    return { service: from.name, code: 'too-many-limits', message };
  });
  const writer = envoy.config.route.v3.RouteConfiguration.encode({ virtualHosts: [host] });
  return { from, context, bytes: Buffer.from(writer.finish()), problems };
}

function isSame(a: HostRules, b: HostRules): boolean {
  return same(a.domains, b.domains) && (isPlain(a, b) || same(a.rules, b.rules));
}

/** Where nobody has written rules, they say the same each time. */
function isPlain(a: HostRules, b: HostRules): boolean {
  const plain = ({ rules }: HostRules) => rules.length === 1 && rules[0]?.origin === undefined;
  return a.name === b.name && plain(a) && plain(b);
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((value, index) => value === b[index]));
}
