import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { Fault } from '../config-error.ts';

/** Who asks for configuration, as far as it says. */
export interface Instance {
  readonly id?: string;
  /** IPv4 or IPv6. */
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Which instances: all that a rule says has to be true of one. A rule that says nothing is for all. */
export interface GrayRule {
  /** One of these ids. */
  readonly instances?: readonly string[];
  /** One of these addresses or CIDR blocks. */
  readonly addresses?: readonly string[];
  /** All of these labels, each with one of the values. */
  readonly labels?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * So many of a hundred instances, by their ids (else addresses). Those who are in it stay in it when it
   * grows.
   */
  readonly percentage?: number;
}

/** For whom a gray release is. */
export interface GrayRules {
  /** One of them has to match. */
  readonly rules: readonly GrayRule[];
  /** With the same salt two gray releases of a percentage are for the same instances. */
  readonly salt: string;
}

/** The first of these that an instance gets, if any. They are in their order. */
export function chooseGray<T extends GrayRules>(
  grays: readonly T[],
  instance: Instance,
): T | undefined {
  return grays.find(({ rules, salt }) => rules.some((rule) => matches(rule, salt, instance)));
}

/** True of an instance that a rule is for. */
export function matches(rule: GrayRule, salt: string, { id, address, labels }: Instance): boolean {
  if (rule.instances !== undefined && (id === undefined || !rule.instances.includes(id)))
    return false;
  if (rule.addresses !== undefined && !within(rule.addresses, address)) return false;
  for (const [label, wanted] of Object.entries(rule.labels ?? {})) {
    const has = labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined;
    if (has === undefined) return false;
    if (typeof wanted === 'string' ? wanted !== has : !wanted.includes(has)) return false;
  }
  if (rule.percentage === undefined) return true;
  const who = id ?? address;
  return who !== undefined && pointOf(salt, who) < rule.percentage;
}

/** What is wrong with rules. */
export function ruleFaults(rules: readonly GrayRule[]): Fault[] {
  const faults: Fault[] = [];
  rules.forEach(({ addresses = [], percentage }, i) => {
    for (const address of addresses)
      if (parseBlock(address) === undefined)
        faults.push({
          path: `/rules/${i}/addresses`,
          message: `${JSON.stringify(address)} is no address and no CIDR block`,
        });
    if (percentage !== undefined && !(percentage >= 0 && percentage <= 100))
      faults.push({ path: `/rules/${i}/percentage`, message: 'has to be between 0 and 100' });
  });
  if (rules.length === 0) faults.push({ path: '/rules', message: 'has to have a rule' });
  return faults;
}

/** Where an instance is between 0 and 100, evenly spread; always the same. */
function pointOf(salt: string, who: string): number {
  const digest = createHash('sha256').update(`${salt}\0${who}`).digest();
  return (digest.readUIntBE(0, 6) / 2 ** 48) * 100;
}

interface Block {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
}

function parseBlock(text: string): Block | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? longest : Number(bits);
  if (prefix > longest) return undefined;
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

function within(blocks: readonly string[], address: string | undefined): boolean {
  const version = address === undefined ? 0 : isIP(address);
  if (address === undefined || version === 0) return false;
  const list = new BlockList();
  for (const text of blocks) {
    const block = parseBlock(text);
    if (block !== undefined) list.addSubnet(block.address, block.prefix, block.family);
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
