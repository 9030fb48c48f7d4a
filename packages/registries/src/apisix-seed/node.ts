import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { isHost, isPort } from '../decode/address.ts';
import { isObject, shown, textOf } from '../decode/json.ts';

/** An element of a service's list. */
export interface SeedNode {
  /** IP address or host name. */
  readonly host: string;
  readonly port: number;
  /** 100 is what others have. */
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** What of it can't be used, where the rest can. */
  readonly fault?: string;
}

const MAX_WEIGHT = 1_000_000;

/** The elements of a list; undefined when a text holds no list at all. */
export function parseList(text: string): readonly unknown[] | undefined {
  if (!/^\s*\[/.test(text)) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Reads an element; what is wrong with it, as text, when it is no instance. */
export function parseNode(element: unknown): SeedNode | string {
  if (!isObject(element)) return `${shown(element)} instead of an instance`;
  const { host, port, weight = DEFAULT_WEIGHT } = element;
  if (!isHost(host)) return `the "host" ${shown(host)}, no host name or IP`;
  if (!isPort(port)) return `the "port" ${shown(port)}, no port`;
  const isWeight = typeof weight === 'number' && weight >= 0;
  return {
    host,
    port,
    weight: isWeight ? Math.min(MAX_WEIGHT, Math.round(weight)) : DEFAULT_WEIGHT,
    metadata: textOf(element.metadata),
    ...(!isWeight && { fault: `the "weight" ${shown(weight)}, no number` }),
  };
}
