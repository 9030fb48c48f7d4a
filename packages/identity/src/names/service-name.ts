/** What a part of a SPIFFE ID's path may hold without being encoded. `_` is what begins a code. */
const PLAIN = /[A-Za-z0-9.-]/;
const ENCODED = /^(?:[A-Za-z0-9.-]|__|_[0-9a-f]{2})+$/;

/**
 * A service's name as one part of a SPIFFE ID's path, which may hold letters, digits, `.`, `-` and `_`,
 * and no percent-encoding. `_` is written `__`, any other byte of the name's UTF-8 `_` and two digits of
 * hexadecimal: `com.acme.Orders:1.0` is `com.acme.Orders_3a1.0`. Two names never have one encoding.
 * @param name not empty, well-formed
 */
export function encodeServiceName(name: string): string {
  // Paths have no parts that are only dots.
  if (name === '.' || name === '..') return name.replaceAll('.', '_2e');
  let text = '';
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte);
    if (PLAIN.test(character)) text += character;
    else text += character === '_' ? '__' : `_${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** The name that was encoded so; undefined of a text that no name is encoded as. */
export function decodeServiceName(text: string): string | undefined {
  if (!ENCODED.test(text)) return undefined;
  const bytes = text.replace(/_(_|[0-9a-f]{2})/g, (_, code: string) =>
    code === '_' ? '_' : String.fromCharCode(Number.parseInt(code, 16)),
  );
  const name = Buffer.from(bytes, 'latin1').toString();
  // Not what is no UTF-8, nor what is encoded and need not be.
  return encodeServiceName(name) === text ? name : undefined;
}
