import { HeaderAppendAction, type HeaderValueOption } from '@meshkeeper/xds';
import { type HeaderValue, parseHeaderValue } from './header-value.ts';
import type { Problems } from './problems.ts';
import type { RequestView } from './request-view.ts';

/** What one level of the configuration does to header fields. */
export interface HeaderChanges {
  /** Lower case. */
  readonly remove: ReadonlySet<string>;
  readonly add: readonly AddedHeader[];
}

interface AddedHeader {
  readonly name: string;
  /** Lower case. */
  readonly key: string;
  readonly value: HeaderValue;
  readonly overwrite: boolean;
  /** `absent`, `present`: only if there is none, or some. */
  readonly only: 'absent' | 'present' | undefined;
  readonly keepEmpty: boolean;
}

/** What frames a message or leads it: changes of it would break the connection, or lead elsewhere. */
const NOT_TO_CHANGE: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'],
  ...['content-length', 'upgrade', 'te', 'trailer', 'http2-settings'],
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The changes of one level, `…_headers_to_add` and `…_headers_to_remove`; undefined when there are
 * none. `field` is what the two names have in common.
 */
export function parseHeaderChanges(
  field: string,
  add: readonly HeaderValueOption[] | null | undefined,
  remove: readonly string[] | null | undefined,
  problems: Problems,
): HeaderChanges | undefined {
  if (!add?.length && !remove?.length) return undefined;
  return {
    remove: new Set(
      remove?.map((name, i) => checkedName(name, problems.at(`${field}_to_remove[${i}]`))),
    ),
    add: (add ?? []).map((option, i) => addedHeader(option, problems.at(`${field}_to_add[${i}]`))),
  };
}

/** Several levels as one list, in the order in which they are applied; undefined for none. */
export function allChanges(
  ...levels: readonly (HeaderChanges | undefined)[]
): readonly HeaderChanges[] | undefined {
  const some = levels.filter((level) => level !== undefined);
  return some.length > 0 ? some : undefined;
}

function addedHeader(option: HeaderValueOption, problems: Problems): AddedHeader {
  const at = problems.at('header');
  const name = option.header?.key ?? '';
  const action = option.appendAction ?? HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD;
  const { ADD_IF_ABSENT, OVERWRITE_IF_EXISTS, OVERWRITE_IF_EXISTS_OR_ADD } = HeaderAppendAction;
  return {
    name,
    key: checkedName(name, at.at('key')),
    value: parseHeaderValue(option.header?.value ?? '', at),
    overwrite: action === OVERWRITE_IF_EXISTS || action === OVERWRITE_IF_EXISTS_OR_ADD,
    only:
      action === ADD_IF_ABSENT ? 'absent' : action === OVERWRITE_IF_EXISTS ? 'present' : undefined,
    keepEmpty: option.keepEmptyValue === true,
  };
}

function checkedName(name: string, problems: Problems): string {
  const key = name.toLowerCase();
  if (!TOKEN.test(name)) problems.add('', `${name} can’t be the name of a header`);
  else if (NOT_TO_CHANGE.has(key)) problems.add('', `${name} can’t be changed`);
  return key;
}

/**
 * Applies changes, level by level, to fields: names and values in turns. As Envoy, each level first
 * removes, then finds out what its values are, then overwrites, then adds.
 */
export function applyHeaderChanges(
  fields: string[],
  levels: readonly HeaderChanges[],
  request: RequestView,
): void {
  for (const { remove, add } of levels) {
    if (remove.size > 0) removeFields(fields, (key) => remove.has(key));
    const due = add.flatMap((header) => {
      const value = typeof header.value === 'string' ? header.value : header.value(request);
      if (value === '' && !header.keepEmpty) return [];
      if (header.only && hasField(fields, header.key) !== (header.only === 'present')) return [];
      return [{ ...header, value }];
    });
    for (const { name, key, value, overwrite } of due) {
      if (!overwrite) continue;
      removeFields(fields, (each) => each === key);
      fields.push(name, value);
    }
    for (const { name, value, overwrite } of due) if (!overwrite) fields.push(name, value);
  }
}

/** Replaces a field, by its lower-case name. */
export function setField(fields: string[], name: string, value: string): void {
  removeFields(fields, (key) => key === name);
  fields.push(name, value);
}

function hasField(fields: readonly string[], key: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === key) return true;
  return false;
}

function removeFields(fields: string[], matches: (key: string) => boolean): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (matches(fields[i]!.toLowerCase())) continue;
    fields[kept] = fields[i]!;
    fields[kept + 1] = fields[i + 1]!;
    kept += 2;
  }
  fields.length = kept;
}
