import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { isPort } from '../decode/address.ts';
import { isObject, type JsonObject, parseObject, shown } from '../decode/json.ts';

/** A weight of the endpoints that a selector matches. */
export interface Descriptor {
  /** `inet=<host>:<port>`, `member=<name>` or `shard=<number>`. */
  readonly select: string;
  readonly weight: number;
  /** Finagle reads it, and makes nothing of it. */
  readonly priority: number;
}

/** What a `vector_*` znode says. */
export interface Vector {
  readonly descriptors: readonly Descriptor[];
  /** What of it could not be used. */
  readonly faults: readonly string[];
}

/** An endpoint of a member, as vectors select it. */
export interface Selectable {
  readonly host: string;
  readonly port: number;
  readonly member: string;
  readonly shard: number | undefined;
}

/** No weight is more than 10,000 times that of others. */
const MAX_WEIGHT = 10_000 * DEFAULT_WEIGHT;

/** Reads a vector; undefined when it is none. */
export function parseVector(text: string): Vector | undefined {
  const vector = parseObject(text)?.vector;
  if (!Array.isArray(vector)) return undefined;
  const descriptors: Descriptor[] = [];
  const faults: string[] = [];
  for (const element of vector) {
    const descriptor = isObject(element) ? parseDescriptor(element) : undefined;
    if (descriptor !== undefined) descriptors.push(descriptor);
    else faults.push(`"select" is ${shown(isObject(element) ? element.select : undefined)}`);
  }
  return { descriptors, faults };
}

/** What the vectors of a serverset make of its endpoints' weights. */
export class Weights {
  /** Products, by what they select. */
  readonly #factors = new Map<string, number>();

  /** Two vectors that say the same are one, as for Finagle. */
  constructor(vectors: Iterable<Vector>) {
    const distinct = new Map(
      Array.from(vectors, ({ descriptors }) => [JSON.stringify(descriptors), descriptors]),
    );
    for (const descriptors of distinct.values())
      for (const { select, weight } of descriptors)
        this.#factors.set(select, (this.#factors.get(select) ?? 1) * weight);
  }

  /**
   * The weight of an endpoint: the product of all that select it. A negative one, such as Finagle's
   * -1 for "leave it out", takes no load.
   */
  of({ host, port, member, shard }: Selectable): number {
    const factor = (select: string) => this.#factors.get(select) ?? 1;
    const weight =
      factor(`inet=${host}:${port}`) * factor(`member=${member}`) * factor(`shard=${shard}`);
    // 0 times what JSON makes infinite.
    if (Number.isNaN(weight)) return DEFAULT_WEIGHT;
    return Math.round(Math.min(MAX_WEIGHT, Math.max(0, weight * DEFAULT_WEIGHT)));
  }
}

function parseDescriptor({ select, weight, priority }: JsonObject): Descriptor | undefined {
  const selector = typeof select === 'string' ? parseSelector(select) : undefined;
  return selector === undefined
    ? undefined
    : {
        select: selector,
        weight: typeof weight === 'number' ? weight : 1,
        priority: typeof priority === 'number' ? priority : 1,
      };
}

/** A selector in the one way to write it. */
function parseSelector(text: string): string | undefined {
  const equals = text.indexOf('=');
  const value = text.slice(equals + 1);
  switch (text.slice(0, equals)) {
    case 'inet': {
      const colon = value.lastIndexOf(':');
      const port = Number(value.slice(colon + 1));
      const host = value.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
      return colon > 0 && isPort(port) ? `inet=${host}:${port}` : undefined;
    }
    case 'member':
      return text;
    case 'shard':
      return /^-?\d{1,10}$/.test(value) ? `shard=${Number(value)}` : undefined;
    default:
      return undefined;
  }
}
