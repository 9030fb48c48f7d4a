import { type RetryPolicy as Message, milliseconds } from '@meshkeeper/xds';
import { parseHeaderTest } from './header-match.ts';
import type { Problems } from './problems.ts';
import type { TextTest } from './string-match.ts';

/** When and how often a request is tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries after the first one. */
  readonly retries: number;
  /** Of one try, until its response begins; 0 is no limit. */
  readonly perTryTimeout: number;
  /** Of silence in one try; 0 is no limit. */
  readonly perTryIdleTimeout: number;
  /** No connection: nothing was sent. */
  readonly onConnect: boolean;
  /** The endpoint has said that it did not look at the request. */
  readonly onRefused: boolean;
  /** The connection or the stream ended before the response began, or that took too long. */
  readonly onReset: boolean;
  /** Responses of this kind; fields are names and values in turns. Undefined: none. */
  readonly onResponse: ((status: number, fields: readonly string[]) => boolean) | undefined;
  /** A further try goes to an endpoint that has not been tried, while there is one. */
  readonly otherEndpoint: boolean;
  readonly backOff: { readonly base: number; readonly max: number };
}

/** What a route without a policy does: a request of which nothing was sent goes elsewhere. */
export const NO_RETRIES: RetryPolicy = {
  retries: 0,
  perTryTimeout: 0,
  perTryIdleTimeout: 0,
  onConnect: true,
  onRefused: true,
  onReset: false,
  onResponse: undefined,
  otherEndpoint: true,
  backOff: { base: 25, max: 250 },
};

/** The statuses of gRPC that a response's head can have, by the condition that names them. */
const GRPC_STATUSES: Readonly<Record<string, string>> = {
  cancelled: '1',
  'deadline-exceeded': '4',
  'resource-exhausted': '8',
  internal: '13',
  unavailable: '14',
};

/** Conditions that are taken, besides those of gRPC. */
const CONDITIONS: ReadonlySet<string> = new Set([
  ...['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure'],
  ...['refused-stream', 'retriable-4xx', 'retriable-status-codes', 'retriable-headers'],
  ...['envoy-ratelimited', 'http3-post-connect-failure'],
]);

/** `config.route.v3.RetryPolicy`, its conditions as Envoy's `x-envoy-retry-on` defines them. */
export function parseRetryPolicy(message: Message, problems: Problems): RetryPolicy {
  const conditions = new Set((message.retryOn ?? '').split(',').map((each) => each.trim()));
  conditions.delete('');
  for (const condition of conditions) {
    if (!CONDITIONS.has(condition) && !GRPC_STATUSES[condition]) {
      problems.add('retry_on', `unknown condition ${condition}`);
    }
  }
  const has = (...names: readonly string[]) => names.some((name) => conditions.has(name));
  const onReset = has('reset', '5xx', 'gateway-error');
  const base = milliseconds(message.retryBackOff?.baseInterval) ?? 25;
  return {
    retries: message.numRetries?.value ?? 1,
    perTryTimeout: milliseconds(message.perTryTimeout) ?? 0,
    perTryIdleTimeout: milliseconds(message.perTryIdleTimeout) ?? 0,
    onConnect: onReset || has('connect-failure', 'reset-before-request'),
    onRefused: onReset || has('refused-stream'),
    onReset,
    onResponse: parseResponses(message, conditions, problems),
    otherEndpoint: avoidsTried(message, problems),
    backOff: { base, max: milliseconds(message.retryBackOff?.maxInterval) ?? base * 10 },
  };
}

function parseResponses(
  message: Message,
  conditions: ReadonlySet<string>,
  problems: Problems,
): RetryPolicy['onResponse'] {
  const statuses = new Set<number>();
  if (conditions.has('gateway-error')) for (const each of [502, 503, 504]) statuses.add(each);
  if (conditions.has('retriable-4xx')) statuses.add(409);
  if (conditions.has('retriable-status-codes')) {
    for (const status of message.retriableStatusCodes ?? []) statuses.add(status);
  }
  const on5xx = conditions.has('5xx');
  const onLimited = conditions.has('envoy-ratelimited');
  const grpc = new Set([...conditions].map((condition) => GRPC_STATUSES[condition]));
  grpc.delete(undefined);
  const headers = (message.retriableHeaders ?? []).map((matcher, i) => {
    const test = parseHeaderTest(matcher, problems.at(`retriable_headers[${i}]`));
    return { name: (matcher.name ?? '').toLowerCase(), test };
  });
  const byHeaders = conditions.has('retriable-headers') ? headers : [];
  if (statuses.size === 0 && !on5xx && !onLimited && grpc.size === 0 && byHeaders.length === 0) {
    return undefined;
  }
  const looksAtFields = onLimited || grpc.size > 0 || byHeaders.length > 0;
  return (status, fields) => {
    const byStatus = statuses.has(status) || (on5xx && status >= 500);
    if (!looksAtFields && !byStatus) return false;
    // Who was limited upstream is not to press on, unless it was told to.
    if (fieldValue(fields, 'x-envoy-ratelimited') !== undefined) return onLimited;
    return (
      byStatus ||
      (grpc.size > 0 && grpc.has(fieldValue(fields, 'grpc-status'))) ||
      byHeaders.some(({ name, test }) => test.judge(someField(fields, name, test.test)))
    );
  };
}

function someField(fields: readonly string[], name: string, test: TextTest): boolean | undefined {
  let found: boolean | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === name) found = found === true || test(fields[i + 1]!);
  }
  return found;
}

function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.length === name.length && fields[i]!.toLowerCase() === name)
      return fields[i + 1];
  }
  return undefined;
}

const PREVIOUS_HOSTS = 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';

/**
 * Of Envoy's predicates there is the one that avoids hosts that were tried. How often Envoy draws anew
 * before it takes such a host after all (`host_selection_retry_max_attempts`) is no matter here: one
 * that has not been tried is found if there is any.
 */
function avoidsTried(message: Message, problems: Problems): boolean {
  const predicates = message.retryHostPredicate ?? [];
  for (const [i, { name, typedConfig }] of predicates.entries()) {
    if (typedConfig?.type_url?.endsWith(`/${PREVIOUS_HOSTS}`)) continue;
    problems.add(`retry_host_predicate[${i}]`, `the embedded proxy has no ${name}`);
  }
  return predicates.length > 0;
}
