import { Http1Pool } from './http1/http1-pool.ts';
import { Http2Pool } from './http2/http2-pool.ts';
import type { PoolOptions } from './pool-options.ts';
import type { StreamPool } from './stream-pool.ts';

/** A pool of the version of HTTP that the endpoints speak. */
export function createPool(options: PoolOptions): StreamPool {
  const { http2 } = options.config;
  return http2 ? new Http2Pool(options, http2) : new Http1Pool(options);
}
