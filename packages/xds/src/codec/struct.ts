import type { Struct } from './messages.ts';

/** A flat `google.protobuf.Struct` of texts. */
export function textStruct(values: Readonly<Record<string, string>>): Struct {
  const fields = Object.entries(values).map(
    ([key, stringValue]) => [key, { stringValue }] as const,
  );
  return { fields: Object.fromEntries(fields) };
}

/** The texts of a struct's first level; what is no text is left out. */
export function textsOf(struct: Struct | null | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(struct?.fields ?? {})) {
    if (typeof value.stringValue === 'string') texts[key] = value.stringValue;
  }
  return texts;
}
