/** What a Dubbo URL says; Dubbo's `URL`. */
export interface DubboUrl {
  /** `dubbo`, `tri`, `override`, … */
  readonly protocol: string;
  /** `name:password`, where there is one. */
  readonly user?: string;
  /** As it is written, in brackets or without; empty when there is none. */
  readonly host: string;
  /** Undefined when there is none. */
  readonly port: number | undefined;
  /** Without the first slash. */
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What older versions wrote for a whole provider. */
const DEFAULT_PREFIX = 'default.';
const BODY = /^([^:/?#@]+):\/\/(?:([^/]*)@)?([^/]*)(?:\/(.*))?$/s;
const PORT = /:(\d{1,5})$/;

/**
 * Reads a URL as Dubbo does: parameters end at `&` and at `;`, their values aren't encoded, and of
 * two with one name the later counts. Undefined when it is no URL.
 * @param defaults whether a `default.timeout` is the `timeout` where that isn't stated
 */
export function parseUrl(text: string, defaults = true): DubboUrl | undefined {
  const question = text.indexOf('?');
  const body = question === -1 ? text : text.slice(0, question);
  const hash = body.indexOf('#');
  const found = BODY.exec(hash === -1 ? body : body.slice(0, hash));
  if (found === null) return undefined;
  const [, protocol = '', user, authority = '', path = ''] = found;
  const port = PORT.exec(authority);
  const host = port === null ? authority : authority.slice(0, port.index);
  return {
    protocol,
    ...(user !== undefined && { user }),
    host,
    port: port === null ? undefined : Number(port[1]),
    path,
    parameters: question === -1 ? new Map() : parametersOf(text, question + 1, defaults),
  };
}

/** Without `split`: there are a hundred thousand of these, with thirty parameters each. */
function parametersOf(text: string, from: number, withDefaults: boolean): Map<string, string> {
  const parameters = new Map<string, string>();
  const defaults: string[] = [];
  const { length } = text;
  let start = from;
  let equals = -1;
  for (let i = from; i <= length; i++) {
    const code = i === length ? 38 : text.charCodeAt(i);
    if (code === 61 /* = */ && equals === -1) {
      if (i === start) start++;
      else equals = i;
    } else if (code === 38 /* & */ || code === 59 /* ; */) {
      if (i > start) {
        const name = text.slice(start, equals === -1 ? i : equals);
        parameters.set(name, equals === -1 ? '' : text.slice(equals + 1, i));
        if (withDefaults && name.startsWith(DEFAULT_PREFIX)) defaults.push(name);
      }
      start = i + 1;
      equals = -1;
    }
  }
  for (const name of defaults) {
    const whole = name.slice(DEFAULT_PREFIX.length);
    if (!parameters.has(whole)) parameters.set(whole, parameters.get(name) ?? '');
  }
  return parameters;
}

/** A URL as Dubbo's `toFullString` writes it: parameters sorted, values trimmed and not encoded. */
export function formatUrl({ protocol, user, host, port, path, parameters }: DubboUrl): string {
  const authority = port === undefined ? host : `${host}:${port}`;
  const written = [...parameters]
    .filter(([name]) => name !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value.trim()}`);
  const query = written.length > 0 ? `?${written.join('&')}` : '';
  const login = user === undefined ? '' : `${user}@`;
  return `${protocol}://${login}${authority}${path === '' ? '' : `/${path}`}${query}`;
}

/**
 * A URL's text with parameters set, or taken out where the value is undefined. What else it says
 * stays as it is, to the letter; a new parameter goes where the sorting of Dubbo has it.
 */
export function withParameters(
  text: string,
  changes: ReadonlyMap<string, string | undefined>,
): string {
  const question = text.indexOf('?');
  const body = question === -1 ? text : text.slice(0, question);
  let parts = question === -1 ? [] : text.slice(question + 1).split('&');
  for (const [name, value] of changes) {
    const at = parts.findIndex((part) => nameIn(part) === name);
    if (value === undefined || at !== -1) {
      // Of two the later counts: none of them may be left.
      const others = parts.filter((part, i) => i === at || nameIn(part) !== name);
      parts = others.flatMap((part) =>
        nameIn(part) !== name ? [part] : value === undefined ? [] : [`${name}=${value}`],
      );
      continue;
    }
    const next = parts.findIndex((part) => nameIn(part) > name);
    parts = parts.toSpliced(next === -1 ? parts.length : next, 0, `${name}=${value}`);
  }
  return parts.length === 0 ? body : `${body}?${parts.join('&')}`;
}

function nameIn(part: string): string {
  const equals = part.indexOf('=');
  return equals === -1 ? part : part.slice(0, equals);
}

/** A host without the brackets that an IPv6 address may be in. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
