/** What Gson escapes besides what JavaScript does: a browser might take it for markup. */
const MARKUP = /[<>&='\u2028\u2029]/g;

/** A value as Gson writes it with its defaults. */
export function encodeGson(value: object): Buffer {
  const escaped = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return Buffer.from(JSON.stringify(value).replace(MARKUP, escaped));
}
