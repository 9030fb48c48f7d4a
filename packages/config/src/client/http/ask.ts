import { ConfigError, type ConfigErrorCode } from '../../config-error.ts';
import { type Resolved, resolvedSchema } from '../resolved.ts';
import type { ConfigRequest } from '../source.ts';

/** One question to one control plane. */
export interface Asking {
  readonly server: string;
  readonly token: string | undefined;
  readonly request: ConfigRequest;
  /** The ETag of what is known: it is waited for another. */
  readonly known: string | undefined;
  /** Milliseconds. */
  readonly wait: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export type Answer =
  | { readonly type: 'resolved'; readonly resolved: Resolved; readonly etag: string }
  /** It is still what is known; `stale`: as far as is known there. */
  | { readonly type: 'same'; readonly stale: boolean }
  /** @property retryAfter milliseconds that it asks to be left alone for */
  | { readonly type: 'away'; readonly reason: string; readonly retryAfter?: number }
  | { readonly type: 'refused'; readonly error: ConfigError };

/** Milliseconds that an answer may take longer than it was to wait. */
const SLACK = 10_000;
/** Milliseconds that a control plane may ask for, at most: whatever it says, one looks again. */
const MOST_RETRY_AFTER = 300_000;

/** Asks `GET /config/{app}/resolve`. It never throws. */
export async function ask(asking: Asking): Promise<Answer> {
  const { server, token, known, wait, signal } = asking;
  const isWaiting = known !== undefined;
  // Not AbortSignal.any: what is made for each question stays with a signal that lives long.
  const ended = new AbortController();
  const end = () => ended.abort();
  const late = setTimeout(end, (isWaiting ? wait : 0) + SLACK);
  signal.addEventListener('abort', end, { once: true });
  try {
    const response = await fetch(urlOf(asking), {
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(isWaiting && { 'if-none-match': known }),
      },
      // A token goes to whom it is for.
      redirect: 'error',
      signal: ended.signal,
    });
    if (response.status === 304)
      return { type: 'same', stale: response.headers.has('meshkeeper-stale') };
    if (response.ok) return read(await response.json(), response.headers.get('etag'), server);
    return await refusal(response, server);
  } catch (error) {
    return { type: 'away', reason: `${server} does not answer: ${whyOf(error, ended.signal)}` };
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', end);
  }
}

function urlOf({ server, request, known, wait }: Asking): string {
  const { application, profiles, instance, address, labels = {}, secrets } = request;
  const query = new URLSearchParams({
    ...(profiles.length > 0 && { profile: profiles.join(',') }),
    ...(instance !== undefined && { instance }),
    ...(address !== undefined && { address }),
    ...(secrets && { secrets: 'reveal' }),
    ...(known !== undefined && { wait: `${Math.ceil(wait / 1_000)}s` }),
  });
  for (const [label, value] of Object.entries(labels)) query.append('label', `${label}=${value}`);
  const path = `/api/v1/config/${encodeURIComponent(application)}/resolve`;
  return `${server.replace(/\/$/, '')}${path}${query.size > 0 ? `?${query}` : ''}`;
}

function read(body: unknown, etag: string | null, server: string): Answer {
  const parsed = resolvedSchema.safeParse(body);
  if (parsed.success) {
    const { data: resolved } = parsed;
    return { type: 'resolved', resolved, etag: etag ?? `"${resolved.digest}"` };
  }
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  return {
    type: 'away',
    reason: `${server} answers what is no configuration (${where}: ${issue?.message})`,
  };
}

const REFUSED: Readonly<Record<number, ConfigErrorCode>> = {
  400: 'NOT_VALID',
  401: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  421: 'FORBIDDEN',
  422: 'NOT_VALID',
};

async function refusal(response: Response, server: string): Promise<Answer> {
  const { status, headers } = response;
  const detail = await detailOf(response);
  const code = REFUSED[status];
  if (code !== undefined) {
    const message = `${server} refuses: ${detail ?? `status ${status}`}`;
    return { type: 'refused', error: new ConfigError(code, message) };
  }
  const reason = `${server} answers ${status}${detail === undefined ? '' : `: ${detail}`}`;
  const retryAfter = retryAfterOf(headers.get('retry-after'));
  return { type: 'away', reason, ...(retryAfter !== undefined && { retryAfter }) };
}

async function detailOf(response: Response): Promise<string | undefined> {
  try {
    const problem: unknown = await response.json();
    return typeof problem === 'object' && problem !== null && 'detail' in problem
      ? String(problem.detail)
      : undefined;
  } catch {
    return undefined; // no problem document: the status says it
  }
}

/** Seconds, or a date (RFC 9110). */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(MOST_RETRY_AFTER, Math.max(0, wait));
}

/** What fetch says is always the same; its cause says more. */
function whyOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it takes too long';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
}
