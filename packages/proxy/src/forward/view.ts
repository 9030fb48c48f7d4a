import type { ClientFacts, RequestView } from '../config/request-view.ts';
import type { TextTest } from '../config/string-match.ts';
import type { RequestHead } from './request-head.ts';

/** A request's head as routes, filters and hashes see it. */
export class View implements RequestView {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly client: ClientFacts;
  readonly random: () => number;
  readonly #head: RequestHead;

  /** `target` is the path and query that are sent on. */
  constructor(
    head: RequestHead,
    target: string,
    scheme: 'http' | 'https',
    client: ClientFacts,
    random: () => number,
  ) {
    const mark = target.indexOf('?');
    this.#head = head;
    this.method = head.method;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
    this.authority = head.host;
    this.scheme = scheme;
    this.client = client;
    this.random = random;
  }

  header(name: string): string | undefined {
    const head = this.#head;
    switch (name) {
      case 'x-forwarded-for':
        return head.forwardedFor;
      case 'x-forwarded-proto':
        return head.forwardedProto;
      case 'x-forwarded-host':
        return head.forwardedHost;
      case 'x-request-id':
        return head.requestId;
      case 'upgrade':
        return head.upgrade;
      case 'te':
        return head.trailers ? 'trailers' : undefined;
      case 'content-length':
        return head.body.type === 'length' ? head.body.length : undefined;
      default:
        return fieldValue(head.fields, name);
    }
  }

  some(name: string, test: TextTest): boolean | undefined {
    const { fields } = this.#head;
    let known = false;
    for (let i = 0; i < fields.length; i += 2) {
      if (!isNamed(fields[i]!, name)) continue;
      if (test(fields[i + 1]!)) return true;
      known = true;
    }
    if (known) return false;
    // Those that are kept apart from the other fields.
    const value = this.header(name);
    return value === undefined ? undefined : test(value);
  }
}

/** All values of a field, by its lower-case name, as one. */
function fieldValue(fields: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isNamed(fields[i]!, name)) continue;
    const separator = name === 'cookie' ? '; ' : ',';
    found = found === undefined ? fields[i + 1] : `${found}${separator}${fields[i + 1]}`;
  }
  return found;
}

function isNamed(field: string, name: string): boolean {
  return field.length === name.length && (field === name || field.toLowerCase() === name);
}
