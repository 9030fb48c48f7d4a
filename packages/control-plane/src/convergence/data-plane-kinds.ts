import type { DataPlane } from '@meshkeeper/policy';
import type { XdsObserver } from '@meshkeeper/xds';

/** What kinds of data planes are connected: what they don't do differs. */
export class DataPlaneKinds {
  readonly #streams = new Map<DataPlane, number>();
  /** To be told who comes and goes. */
  readonly observer: XdsObserver = {
    connected: ({ userAgent }) => this.#count(kindOf(userAgent), 1),
    disconnected: ({ userAgent }) => this.#count(kindOf(userAgent), -1),
  };

  /** Those of which there is one. */
  get connected(): readonly DataPlane[] {
    return [...this.#streams.keys()].sort();
  }

  #count(kind: DataPlane, by: number): void {
    const streams = (this.#streams.get(kind) ?? 0) + by;
    if (streams > 0) this.#streams.set(kind, streams);
    else this.#streams.delete(kind);
  }
}

/** What a data plane is, by what it calls itself; who is not known is taken for Envoy. */
export function kindOf(userAgent: string): DataPlane {
  if (/^grpc\b/i.test(userAgent)) return 'grpc';
  return userAgent === 'meshkeeper' ? 'embedded' : 'envoy';
}
