import type { Json } from './json.ts';

/** A message as the reflection of protobufjs decodes it: the fields that were sent, and no others. */
export type Fields = Readonly<Record<string, unknown>>;

/** Fractions of a second, in groups of three digits, as protobuf's JSON has them. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(Math.abs(nanos))
    .padStart(9, '0')
    .replace(/(000)+$/, '')}`;
}

const seconds = ({ seconds: whole = 0, nanos = 0 }: Fields): string => {
  // A negative duration of less than a second has its sign in the nanoseconds alone.
  const sign = Number(whole) === 0 && Number(nanos) < 0 ? '-' : '';
  return `${sign}${String(whole)}${fraction(Number(nanos))}s`;
};

const timestamp = ({ seconds: whole = 0, nanos = 0 }: Fields): string =>
  new Date(Number(whole) * 1000).toISOString().replace('.000Z', `${fraction(Number(nanos))}Z`);

function value(fields: Fields): Json {
  const [[kind, held] = ['null_value', null]] = Object.entries(fields);
  // As google.protobuf.Value declares them.
  if (kind === 'struct_value') return struct(held as Fields);
  if (kind === 'list_value') return list(held as Fields);
  return kind === 'null_value' ? null : (held as Json);
}

function struct({ fields = {} }: Fields): Json {
  // As google.protobuf.Struct declares it.
  const entries = Object.entries(fields as Readonly<Record<string, Fields>>);
  return Object.fromEntries(entries.map(([key, each]) => [key, value(each)]));
}

function list({ values = [] }: Fields): Json {
  // As google.protobuf.ListValue declares it.
  return (values as readonly Fields[]).map(value);
}

/** The messages that protobuf's JSON writes in a way of their own, but for wrappers and `Any`. */
export const WELL_KNOWN: Readonly<Record<string, (fields: Fields) => Json>> = {
  'google.protobuf.Duration': seconds,
  'google.protobuf.Timestamp': timestamp,
  'google.protobuf.Struct': struct,
  'google.protobuf.Value': value,
  'google.protobuf.ListValue': list,
};

/** Those that stand for their `value` field, which tells "not stated" from zero. */
export const WRAPPERS: ReadonlySet<string> = new Set(
  ['Bool', 'Bytes', 'Double', 'Float', 'Int32', 'Int64', 'String', 'UInt32', 'UInt64'].map(
    (name) => `google.protobuf.${name}Value`,
  ),
);
