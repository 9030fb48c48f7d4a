/**
 * What `now` says, with all that is as it was `before` as the same objects: `before` itself where
 * nothing differs. Of plain objects (an absent field is as one that is undefined), arrays and maps;
 * an array's items are compared with those of the same place.
 */
export function share<T>(before: unknown, now: T): T {
  return shared(before, now) as T;
}

/** The same of a list of things with a name each, wherever they stand in it. */
export function shareNamed<T extends { readonly name: string }>(
  before: readonly T[] | undefined,
  now: readonly T[],
  shareOne: (before: T | undefined, now: T) => T = share,
): readonly T[] {
  const known = new Map(before?.map((item) => [item.name, item]));
  const items = now.map((item) => shareOne(known.get(item.name), item));
  return before?.length === items.length && items.every((item, i) => item === before[i])
    ? before
    : items;
}

function shared(before: unknown, now: unknown): unknown {
  if (before === now || !isObject(before) || !isObject(now)) return now;
  if (now instanceof Map) return before instanceof Map ? sharedMap(before, now) : now;
  if (Array.isArray(now)) return Array.isArray(before) ? sharedArray(before, now) : now;
  if (before instanceof Map || Array.isArray(before)) return now;
  return sharedRecord(before, now);
}

function sharedMap(
  before: ReadonlyMap<unknown, unknown>,
  now: ReadonlyMap<unknown, unknown>,
): ReadonlyMap<unknown, unknown> {
  let same = before.size === now.size;
  const result = new Map<unknown, unknown>();
  // Their order may decide which of them counts.
  const keys = before.keys();
  for (const [key, value] of now) {
    const item = shared(before.get(key), value);
    same &&= keys.next().value === key && item === before.get(key);
    result.set(key, item);
  }
  return same ? before : result;
}

function sharedArray(before: readonly unknown[], now: readonly unknown[]): readonly unknown[] {
  const items = now.map((item, i) => shared(before[i], item));
  return before.length === items.length && items.every((item, i) => item === before[i])
    ? before
    : items;
}

type Fields = Readonly<Record<string, unknown>>;

function sharedRecord(before: Fields, now: Fields): Fields {
  const fields = Object.keys(now);
  const items = fields.map((field) => shared(before[field], now[field]));
  const same = fields.every((field, i) => items[i] === before[field]);
  if (same && countOf(before) === countOf(now)) return before;
  return Object.fromEntries(fields.map((field, i) => [field, items[i]]));
}

/** How many fields say something. */
function countOf(fields: Fields): number {
  let count = 0;
  for (const field of Object.keys(fields)) if (fields[field] !== undefined) count += 1;
  return count;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
