import type { ProbeConfig, StatusRange } from '../config/health-check-config.ts';
import type { IncomingHead } from '../upstream/stream.ts';
import type { ProbeResult } from './check-state.ts';
import type { Exchange } from './request-probe.ts';

/** A check by HTTP. */
export function httpExchange(
  config: ProbeConfig & { readonly type: 'http' },
  authority: string,
): Exchange {
  const { method, path, fields, expected, retriable } = config;
  const withBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return {
    head: {
      ...{ method, target: path, authority, scheme: 'http', fields },
      body: withBody ? { type: 'length', length: '0' } : { type: 'none' },
      ...{ upgrade: undefined, trailers: false },
    },
    body: undefined,
    judge({ status }: IncomingHead): ProbeResult {
      if (within(expected, status)) return { type: 'success' };
      const kind = within(retriable, status) ? 'unreachable' : 'answered';
      return { type: 'failure', kind, detail: `status ${status}` };
    },
  };
}

function within(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ start, end }) => status >= start && status < end);
}
