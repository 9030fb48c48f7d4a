import { CliError, ExitCode } from '../../exit-code.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { clean } from '../../output/table.ts';
import { didYouMean } from '../../similar.ts';
import type { ContentView } from './answers.ts';
import type { Target } from './target.ts';

const TIMEOUT = 30_000;
/** Keys that are asked for at once. */
const PAGE = 10_000;

/** How something is sent. */
interface SendOptions {
  readonly ifMatch?: string | undefined;
  /** What the path is below. Default `/config`. */
  readonly base?: string;
}

/** An answer, and what names its version. */
export interface Answer<T> {
  readonly data: T;
  /** For `If-Match`. */
  readonly etag: string;
}

/** What is wrong with a key. */
export interface FaultView {
  readonly key?: string;
  readonly path?: string;
  readonly message: string;
}

/** What the API has refused, in a sentence; the rest for those who can do something about it. */
export class Refused extends CliError {
  readonly status: number;
  readonly faults: readonly FaultView[];
  /** Keys that two have changed. */
  readonly keys: readonly string[];

  constructor(status: number, message: string, more: Partial<Problem>) {
    super(message, status === 404 ? ExitCode.NOT_FOUND : ExitCode.FAILED);
    this.status = status;
    this.faults = more.faults ?? [];
    this.keys = more.keys ?? [];
  }
}

interface ListedApplication {
  readonly application: string;
  readonly namespaces: readonly string[];
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly faults: readonly FaultView[];
  readonly keys: readonly string[];
}

/** Calls the part of the API that is about configuration. */
export class ConfigApi {
  readonly #server: string;
  readonly #authorization: Readonly<Record<string, string>>;

  constructor({ server, token = process.env.MESHKEEPER_TOKEN }: GlobalOptions) {
    // Clients of configuration take several: changes are made at the first.
    this.#server = (server.split(',')[0] ?? '').trim().replace(/\/$/, '');
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}) {
    const set = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    );
    const text = new URLSearchParams(set).toString();
    return this.send<T>('GET', text === '' ? path : `${path}?${text}`);
  }

  /**
   * @param path below `/config`
   * @throws Refused, CliError when nobody answers
   */
  async send<T>(
    method: string,
    path: string,
    body?: unknown,
    { ifMatch, base = '/config' }: SendOptions = {},
  ): Promise<Answer<T>> {
    let response: Response;
    try {
      response = await fetch(`${this.#server}/api/v1${base}${path}`, {
        method,
        headers: {
          ...this.#authorization,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT),
      });
    } catch (cause) {
      throw new CliError(
        `no control plane answers at ${this.#server}: start one with "meshkeeper up", or say where it is with --server`,
        ExitCode.FAILED,
        { cause },
      );
    }
    if (!response.ok) throw await this.#refused(response, path);
    // What the API answers is the API's to promise; T is what its documentation says.
    const data = (response.status === 204 ? undefined : await response.json()) as T;
    return { data, etag: response.headers.get('etag') ?? '' };
  }

  /** All keys of a release, however many there are. */
  async content(
    target: Target,
    query: { readonly release?: string; readonly prefix?: string } = {},
  ): Promise<ContentView> {
    let found: ContentView | undefined;
    for (let after: string | undefined; ; after = found.next) {
      const page: ContentView = (
        await this.get<ContentView>(pathOf(target), { ...query, after, limit: String(PAGE) })
      ).data;
      found = { ...page, entries: { ...found?.entries, ...page.entries } };
      if (page.next === undefined) return found;
    }
  }

  async #refused(response: Response, path: string): Promise<Refused> {
    const { status } = response;
    let problem: Partial<Problem> = {};
    try {
      problem = (await response.json()) as Partial<Problem>; // RFC 9457, by the API's promise
    } catch {
      // No problem document: the status says what there is to say.
    }
    const { code = '', detail = `the control plane answers ${status}` } = problem;
    const [, name = '', namespace] = path.split(/[/?]/).map(decodeURIComponent);
    const meant = status === 404 && name !== '' ? await this.meant(name, namespace) : '';
    const hint = HINTS[code] ?? '';
    return new Refused(status, clean(`${detail}${meant}${hint}`), problem);
  }

  /** `: did you mean "shop"?`, for who wrote the name of an application, or a profile, that there isn't. */
  async meant(name: string, namespace?: string): Promise<string> {
    try {
      const { items } = (await this.get<{ items: readonly ListedApplication[] }>('')).data;
      const found = items.find(({ application }) => application === name);
      if (found === undefined)
        return didYouMean(
          name,
          items.map(({ application }) => application),
        );
      const { namespaces } = found;
      if (namespace === undefined || namespaces.includes(namespace)) return '';
      return didYouMean(namespace, namespaces) || `: ${name} has ${namespaces.join(', ')}`;
    } catch {
      return ''; // it was only a help
    }
  }
}

const HINTS: Readonly<Record<string, string>> = {
  unauthenticated: ' (--token, or MESHKEEPER_TOKEN)',
};

/** Where a namespace is in the API. */
export function pathOf({ application, namespace }: Target): string {
  return `/${encodeURIComponent(application)}/${encodeURIComponent(namespace)}`;
}
