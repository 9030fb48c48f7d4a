import type { Row } from '../bench.ts';
import { median } from '../statistics.ts';
import { clients } from './clients.ts';
import type { Result, Step, Watch } from './protocol.ts';

/** What each client took for the same, in several rounds; by the client's name. */
export type Measured = ReadonlyMap<string, readonly Result[]>;

/** Throughput and CPU time of one step, medians. */
export function rows({ operation, window, count }: Step | Watch, measured: Measured): Row[] {
  const watch = operation === 'watch';
  const title = watch ? `${count} watches firing` : `${operation}, window ${window}`;
  const thing = watch ? 'event' : 'op';
  const row = (unit: string, pick: (result: Result) => number): Row => {
    const value = (name: string) => {
      const results = measured.get(name);
      return results && median(results.map(pick));
    };
    const { meshkeeper = Number.NaN, ...peers } = Object.fromEntries(
      Object.keys(clients).map((name) => [name, value(name)]),
    );
    return { case: `${title}, ${unit}`, unit, ours: meshkeeper, peers };
  };
  return [
    row(`${thing}s/s`, ({ seconds }) => count / seconds),
    row(`CPU µs/${thing}`, ({ cpu }) => (cpu * 1e6) / count),
  ];
}
