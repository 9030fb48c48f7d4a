/** What Node has of JSON and TypeScript doesn't know yet. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}
const json = JSON as unknown as ExactJson; // Node 24 has it

/** What a text holds, whose numbers are written again to the letter; undefined when it is no JSON. */
export function parseExactly(text: string): unknown {
  try {
    return json.parse(text, (_, member, { source = '' }) =>
      typeof member === 'number' ? json.rawJSON(source) : member,
    );
  } catch {
    return undefined;
  }
}

/** A number as Java writes a `double`: with a decimal point. */
export function double(value: number): object {
  return json.rawJSON(Number.isInteger(value) ? `${value}.0` : String(value));
}
