import type { RateLimit } from '@meshkeeper/xds';
import { parseHeaderMatches } from './header-match.ts';
import type { Problems } from './problems.ts';
import { headerAccess, type RequestView } from './request-view.ts';

/** Where a request that is described comes from and goes to. */
export interface DescribedRequest {
  readonly request: RequestView;
  /** `node.cluster` of this proxy. */
  readonly source: string;
  /** The cluster of the route. */
  readonly destination: string;
}

/** What a request is, in the words of one `RateLimit`; undefined when they don't go for it. */
export type Descriptor = (described: DescribedRequest) => string | undefined;

/** Entries of a descriptor as one text, to compare them by. */
export function descriptorKey(entries: Iterable<readonly [key: string, value: string]>): string {
  return JSON.stringify([...entries]);
}

/** One `RateLimit`, and in which of the filters of a chain it counts. */
export interface RateLimitActions {
  readonly stage: number;
  readonly describe: Descriptor;
}

/** `rate_limits` of a route or a virtual host; undefined for none. */
export function parseRateLimits(
  messages: readonly RateLimit[] | null | undefined,
  problems: Problems,
): readonly RateLimitActions[] | undefined {
  if (!messages || messages.length === 0) return undefined;
  return messages.map((message, i) => {
    const at = problems.at(`rate_limits[${i}]`);
    const entries = (message.actions ?? []).map((action, a) =>
      parseAction(action, at.at(`actions[${a}]`)),
    );
    return {
      stage: message.stage?.value ?? 0,
      describe: (described) => {
        const pairs: [string, string][] = [];
        for (const entry of entries) {
          const pair = entry(described);
          if (pair === undefined) return undefined;
          if (pair !== NO_ENTRY) pairs.push(pair);
        }
        return pairs.length > 0 ? descriptorKey(pairs) : undefined;
      },
    };
  });
}

type Action = NonNullable<RateLimit['actions']>[number];
type Pair = [key: string, value: string];
type Entry = (described: DescribedRequest) => Pair | undefined;

/** An action that has nothing to say, and doesn't mind. */
const NO_ENTRY: Pair = ['', ''];

function parseAction(action: Action, problems: Problems): Entry {
  const { genericKey, requestHeaders, headerValueMatch } = action;
  if (genericKey) {
    const key = genericKey.descriptorKey || 'generic_key';
    const pair: Pair = [key, genericKey.descriptorValue ?? ''];
    return () => pair;
  }
  if (requestHeaders) {
    const access = headerAccess(requestHeaders.headerName ?? '');
    const key = requestHeaders.descriptorKey ?? '';
    const absent = requestHeaders.skipIfAbsent ? NO_ENTRY : undefined;
    return ({ request }) => {
      const value = access(request);
      return value === undefined ? absent : [key, value];
    };
  }
  if (headerValueMatch) {
    const matches = parseHeaderMatches(headerValueMatch.headers, problems.at('header_value_match'));
    const wanted = headerValueMatch.expectMatch?.value !== false;
    const key = headerValueMatch.descriptorKey || 'header_match';
    const pair: Pair = [key, headerValueMatch.descriptorValue ?? ''];
    return ({ request }) => ((matches?.(request) ?? true) === wanted ? pair : undefined);
  }
  if (action.remoteAddress)
    return ({ request }) => ['remote_address', request.client.remoteAddress];
  if (action.sourceCluster) return ({ source }) => ['source_cluster', source];
  if (action.destinationCluster) return ({ destination }) => ['destination_cluster', destination];
  problems.add('', 'the embedded proxy has no such action');
  return () => undefined;
}
