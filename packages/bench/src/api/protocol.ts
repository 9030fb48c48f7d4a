/** What is asked of a server again and again. */
export interface LoadRequest {
  readonly port: number;
  readonly method: string;
  /** In turn. */
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** The first that was not answered with 2xx. */
  readonly failed?: string;
}

/** An answer that the bare server gives: the bytes that the API gave. */
export interface Recorded {
  readonly method: string;
  /** As its router takes it. */
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

/** What the bare server is asked for, with `POST /publish`: to send it to all who follow `/events`. */
export interface Publication {
  readonly event: string;
  readonly times: number;
}
