import { LocalRateLimit as Message, milliseconds } from '@meshkeeper/xds';
import { parseStatus } from '../field-text.ts';
import { parseFraction, type Share } from '../fraction.ts';
import { type HeaderChanges, parseHeaderChanges } from '../header-changes.ts';
import type { Problems } from '../problems.ts';
import { descriptorKey } from '../rate-limit-actions.ts';

/** A bucket of tokens, one a request, which fills steadily. */
export interface BucketSize {
  readonly max: number;
  /** Tokens a millisecond. */
  readonly rate: number;
}

/** How many requests may come. */
export interface RateLimitPolicy {
  readonly type: 'rate-limit';
  /** Of all requests that no descriptor fits, or of all; undefined: no limit. */
  readonly bucket: BucketSize | undefined;
  /** By `descriptorKey`. */
  readonly descriptors: ReadonlyMap<string, BucketSize>;
  /** Requests that a descriptor fits count for {@link bucket}, too. */
  readonly always: boolean;
  /** Which `rate_limits` count. */
  readonly stage: number;
  /** Each client connection has its own. */
  readonly perConnection: boolean;
  /** The share of the requests that are counted, and of those the share that may be refused. */
  readonly enabled: Share;
  readonly enforced: Share;
  /** What is answered to one too many. */
  readonly status: number;
  readonly headers: HeaderChanges | undefined;
  /** gRPC is told RESOURCE_EXHAUSTED instead of UNAVAILABLE. */
  readonly exhausted: boolean;
  /** Equal for equal limits of one name at the same place: what is in the buckets stays as long as they do. */
  readonly key: string;
}

/**
 * `envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit`; undefined when it limits nothing.
 */
export function parseRateLimitPolicy(
  value: Uint8Array,
  problems: Problems,
  place: string,
): RateLimitPolicy | undefined {
  const message = Message.decode(value);
  // As Envoy: a percentage that is not there is none.
  const enabled = parseFraction(message.filterEnabled?.defaultValue, 0);
  const bucket = message.tokenBucket
    ? parseBucket(message.tokenBucket, problems.at('token_bucket'))
    : undefined;
  const descriptors = new Map<string, BucketSize>();
  for (const [i, { entries = [], tokenBucket }] of (message.descriptors ?? []).entries()) {
    const at = problems.at(`descriptors[${i}]`);
    const pairs = (entries ?? []).map(({ key, value }) => [key ?? '', value ?? ''] as const);
    if (pairs.some(([, text]) => text === '')) at.add('entries', 'need values');
    descriptors.set(descriptorKey(pairs), parseBucket(tokenBucket, at.at('token_bucket')));
  }
  if (enabled === 0 || (!bucket && descriptors.size === 0)) return undefined;
  const status = Number(message.status?.code ?? 0);
  return {
    type: 'rate-limit',
    bucket,
    descriptors,
    always: message.alwaysConsumeDefaultTokenBucket?.value !== false,
    stage: message.stage ?? 0,
    perConnection: message.localRateLimitPerDownstreamConnection === true,
    enabled,
    enforced: parseFraction(message.filterEnforced?.defaultValue, 0),
    // As Envoy: what is no error is none.
    status: status < 400 ? 429 : parseStatus(status, 'status', problems),
    headers: parseHeaderChanges(
      'response_headers',
      message.responseHeadersToAdd,
      undefined,
      problems,
    ),
    exhausted: message.rateLimitedAsResourceExhausted === true,
    key: JSON.stringify([place, message.statPrefix, bucket, [...descriptors]]),
  };
}

function parseBucket(message: Message['tokenBucket'], problems: Problems): BucketSize {
  const max = message?.maxTokens ?? 0;
  const interval = milliseconds(message?.fillInterval) ?? 0;
  if (max === 0) problems.add('max_tokens', 'must be more than 0');
  if (interval < 50) problems.add('fill_interval', 'must be 50 ms at least');
  return { max, rate: (message?.tokensPerFill?.value ?? 1) / Math.max(interval, 50) };
}
