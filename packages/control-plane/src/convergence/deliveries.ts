import type { ConnectedProxy, Judged, XdsObserver } from '@meshkeeper/xds';

/** Responses that are remembered of each type on a stream, the newest. */
const KEPT = 8;

/** A response that a data plane judged. Times: milliseconds since the epoch. */
export interface Delivery {
  readonly verdict: 'acked' | 'nacked';
  readonly sentAt: number;
  readonly judgedAt: number;
  /** Of a rejection: the data plane's own words. */
  readonly message?: string;
}

interface Kept extends Delivery {
  /** Resources in it, sent or removed. Streams that were sent the same share the list. */
  readonly names: readonly string[];
}

/** When each data plane was sent what, and judged it: the newest responses of each type. */
export class Deliveries {
  readonly #streams = new Map<number, Map<string, Kept[]>>();
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver = {
    disconnected: ({ stream }) => void this.#streams.delete(stream),
    acked: (event) => this.#note(event, { verdict: 'acked', judgedAt: event.ackedAt }),
    nacked: (event) => {
      const { nackedAt: judgedAt, message } = event;
      this.#note(event, { verdict: 'nacked', judgedAt, message });
    },
  };

  /** The last response with that resource; undefined when it is too long ago, or there was none. */
  last(
    { stream }: Pick<ConnectedProxy, 'stream'>,
    type: string,
    name: string,
  ): Delivery | undefined {
    const kept = this.#streams.get(stream)?.get(type);
    const found = kept?.findLast(({ names }) => names.includes(name));
    if (found === undefined) return undefined;
    const { names: _, ...delivery } = found;
    return delivery;
  }

  #note(
    { proxy, typeUrl, names, sentAt }: Judged,
    verdict: Pick<Delivery, 'verdict' | 'judgedAt' | 'message'>,
  ): void {
    let types = this.#streams.get(proxy.stream);
    if (types === undefined) {
      types = new Map();
      this.#streams.set(proxy.stream, types);
    }
    let kept = types.get(typeUrl);
    if (kept === undefined) {
      kept = [];
      types.set(typeUrl, kept);
    }
    kept.push({ names, sentAt, ...verdict });
    if (kept.length > KEPT) kept.shift();
  }
}
