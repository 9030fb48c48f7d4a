import type { RateLimitActions } from '../../config/rate-limit-actions.ts';
import type { RequestView } from '../../config/request-view.ts';
import type { Reply, ResponseEdit } from '../reply.ts';

/** One request on its way through the filters, and what they want of its response. */
export class FilterPass {
  readonly request: RequestView;
  /** The cluster that the request is for; undefined where the route answers it. */
  readonly destination: string | undefined;
  readonly rateLimits: readonly RateLimitActions[] | undefined;
  /** In the order of the filters; they see the response in the opposite one. */
  readonly edits: ResponseEdit[] = [];
  /** How fast the response's body may be; undefined for no limit. */
  bytesPerSecond: number | undefined;
  /** To be called when the request is over. */
  readonly endings: (() => void)[] = [];

  constructor(
    request: RequestView,
    destination: string | undefined,
    rateLimits: readonly RateLimitActions[] | undefined,
  ) {
    this.request = request;
    this.destination = destination;
    this.rateLimits = rateLimits;
  }
}

/** What a filter wants done with a request; undefined: it may go on. */
export type FilterResult =
  | { readonly type: 'answer'; readonly reply: Reply }
  /** In milliseconds; then what follows. */
  | { readonly type: 'delay'; readonly duration: number; readonly afterwards: FilterResult }
  | undefined;
