import { isBlock, isSimpleRegex, type ValueMatch } from '@meshkeeper/mesh';
import { type Mapping, mappingOf, member, scalar } from './document.ts';
import { RuleError } from './rule-error.ts';

const ANY = '*';
/** Dubbo's address of anybody. */
export const ANY_HOST = '0.0.0.0';
/** What any text fits that is there. */
export const ANYTHING: ValueMatch = { type: 'prefix', value: '' };

/** Dubbo's glob: one `*`, the last of them, stands for anything; `UrlUtils.isMatchGlobPattern`. */
export function glob(pattern: string): ValueMatch {
  const star = pattern.lastIndexOf(ANY);
  if (star === -1) return { type: 'exact', value: pattern };
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (tail === '') return { type: 'prefix', value: head };
  if (head === '') return { type: 'suffix', value: tail };
  return { type: 'regex', value: `${escaped(head)}.*${escaped(tail)}` };
}

/**
 * An address as tag rules write it, for an authority: `10.0.0.1`, `10.0.0.1:20880`, `10.0.*.*`,
 * `10.0.0.1-20`, `10.0.0.0/24`, `0.0.0.0:20880`; `NetUtils.matchIpExpression`.
 * @throws RuleError when it is none of these
 */
export function address(written: string): ValueMatch {
  const pattern = written.trim();
  if (pattern === ANY || pattern === '*.*.*.*') return ANYTHING;
  if (pattern.includes('/')) {
    if (isBlock(pattern)) return { type: 'cidr', value: pattern };
    throw new RuleError(`${pattern} is no block of addresses`);
  }
  const [, inBrackets, afterBrackets] = /^\[([^\]]+)\](?::(\d+|\*))?$/.exec(pattern) ?? [];
  if (inBrackets !== undefined) return authority(`[${inBrackets}]`, afterBrackets);
  if (pattern.split(':').length > 2) return authority(`[${pattern}]`, undefined);
  const [host = '', port] = pattern.split(':');
  if (host === ANY_HOST)
    return port === undefined || port === ANY ? ANYTHING : { type: 'suffix', value: `:${port}` };
  if (!/[*-]/.test(host) || !/^[\d.*-]+$/.test(host)) return authority(host, port);
  const octets = host.split('.').map(octet);
  if (octets.length !== 4) throw new RuleError(`${pattern} is no address`);
  return { type: 'regex', value: `${octets.join('\\.')}:${port === undefined ? '\\d+' : port}` };
}

/** `StringMatch` of Dubbo's rules: the first of these that is stated counts. */
export function stringMatch(match: Mapping): ValueMatch {
  const text = (key: string) => scalar(member(match, key));
  const [exact, prefix, regex, wildcard] = ['exact', 'prefix', 'regex', 'wildcard'].map(text);
  if (exact !== undefined) return { type: 'exact', value: exact };
  if (prefix !== undefined) return { type: 'prefix', value: prefix };
  if (regex !== undefined) {
    if (!isSimpleRegex(regex))
      throw new RuleError(`the regular expression ${regex} is not a simple one`);
    return { type: 'regex', value: regex };
  }
  if (wildcard !== undefined)
    return wildcard === ANY ? ANYTHING : { type: 'exact', value: wildcard };
  if (text('empty') !== undefined) return { type: 'absent' };
  if (text('noempty') !== undefined) return { type: 'present' };
  throw new RuleError('a match that states nothing');
}

/** `AddressMatch`: `cird` (so it is spelled), or else `wildcard`, or else `exact`. */
export function addressMatch(match: Mapping): readonly ValueMatch[] {
  const text = (key: string) => scalar(member(match, key));
  const [block, wildcard, exact] = ['cird', 'wildcard', 'exact'].map(text);
  const found: ValueMatch[] = [];
  if (block !== undefined) found.push({ type: 'exact', value: block }, hostOnly(block));
  if (wildcard !== undefined)
    found.push(wildcard === ANY || wildcard === ANY_HOST ? ANYTHING : glob(wildcard));
  else if (exact !== undefined) found.push({ type: 'exact', value: exact });
  if (found.length === 0) throw new RuleError('a match of addresses that states nothing');
  return found;
}

/** `ListStringMatch`: one of several. */
export function listMatch(match: Mapping): readonly ValueMatch[] {
  const list = member(match, 'oneof');
  if (!Array.isArray(list)) throw new RuleError('a list of matches without oneof');
  return list.map((each) => {
    const one = mappingOf(each);
    if (one === undefined) throw new RuleError('a match that is no mapping');
    return stringMatch(one);
  });
}

/** {@link address} where there is no port to compare. */
function hostOnly(pattern: string): ValueMatch {
  const match = address(pattern);
  if (match.type === 'regex') return { ...match, value: match.value.replace(/:[^:]*$/, '') };
  return match.type === 'cidr' || match === ANYTHING ? match : { type: 'exact', value: pattern };
}

function authority(host: string, port: string | undefined): ValueMatch {
  if (port === undefined || port === ANY) return { type: 'prefix', value: `${host}:` };
  return { type: 'exact', value: `${host}:${port}` };
}

/** An octet of a pattern as a regular expression. */
function octet(text: string): string {
  if (text === ANY) return '\\d+';
  const range = /^(\d{1,3})-(\d{1,3})$/.exec(text);
  if (range === null) {
    if (/^\d{1,3}$/.test(text)) return text;
    throw new RuleError(`${text} is no part of an address`);
  }
  const [from, to] = [Number(range[1]), Number(range[2])];
  if (from > to || to > 255) throw new RuleError(`${text} is no range of addresses`);
  return `(?:${Array.from({ length: to - from + 1 }, (_, i) => from + i).join('|')})`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
