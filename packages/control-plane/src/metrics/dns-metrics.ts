import type { DnsObserver } from '@meshkeeper/dns';
import { Counter, Histogram, type Registry } from 'prom-client';

/** An answer takes microseconds; one that others are asked for, milliseconds. */
const BUCKETS = [0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.05, 0.5, 5];

/** What is measured of DNS: to be told of each answer. */
export function dnsMetrics(registry: Registry): DnsObserver {
  const registers = [registry];
  const queries = new Counter({
    name: 'meshkeeper_dns_queries_total',
    help: 'Questions that DNS has answered, by what was asked for and how it went.',
    labelNames: ['type', 'rcode'],
    registers,
  });
  const seconds = new Histogram({
    name: 'meshkeeper_dns_query_duration_seconds',
    help: 'From when a question was read to when its answer was handed to the system.',
    buckets: BUCKETS,
    registers,
  });
  // Looking a child up by its labels costs more than the answer; there are few of them.
  const children = new Map<string, Counter.Internal>();
  return {
    answered(type, rcode, duration) {
      const key = `${type} ${rcode}`;
      let child = children.get(key);
      if (child === undefined) {
        child = queries.labels(type, rcode);
        children.set(key, child);
      }
      child.inc();
      seconds.observe(duration);
    },
  };
}
