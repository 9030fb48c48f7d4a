import { asBytes } from './bytes.ts';
import type { Problems } from './problems.ts';

/** A text that goes into the value of a header, as its bytes; a problem when no header can have it. */
export function parseFieldText(
  text: string | null | undefined,
  field: string,
  problems: Problems,
): string {
  const bytes = asBytes(text ?? '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(bytes)) problems.add(field, 'has control characters');
  return bytes;
}

/** The same of a part of a URL: it can be seen, and ends nowhere. */
export function parseUrlText(
  text: string | null | undefined,
  field: string,
  problems: Problems,
): string | undefined {
  if (!text) return undefined;
  if (/[^!-~]|#/.test(text)) problems.add(field, 'can’t be in a URL');
  return text;
}

/** A status that the proxy can answer with. */
export function parseStatus(
  status: number | null | undefined,
  field: string,
  problems: Problems,
): number {
  const found = status ?? 0;
  if (found < 200 || found > 599) problems.add(field, 'must be from 200 to 599');
  return found;
}
