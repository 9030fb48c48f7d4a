/** A resource of a data plane, as the API shows it. */
export interface ResourceView {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly status: 'acked' | 'nacked' | 'pending' | 'missing';
  readonly error?: { readonly message: string; readonly at: string };
  readonly servedVersion?: string;
  /** JSON with the names of the protos; absent where there is nothing of that name. */
  readonly resource?: unknown;
}

/** `GET /proxies/{id}/config`. */
export interface ProxyConfigView {
  readonly id: string;
  readonly streams: readonly {
    readonly stream: number;
    readonly resources: readonly ResourceView[];
  }[];
}

/** Which resources are wanted. */
export interface Wanted {
  /** Those whose name, or one of whose hosts, holds this. */
  readonly name?: string | undefined;
  /** Endpoints and listeners with that port. */
  readonly port?: number | undefined;
}

/** Whether a text holds what is wanted, in whatever case. */
export function holds(text: string, wanted: string | undefined): boolean {
  return wanted === undefined || text.toLowerCase().includes(wanted.toLowerCase());
}
