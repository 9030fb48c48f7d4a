import type { Row } from '../bench.ts';
import { quantile } from '../statistics.ts';
import { KINDS } from './plan.ts';
import type { Measured } from './run.ts';

/** The rows of one pace. */
export function rows(pace: string, { times, responses, cpu }: Measured): Row[] {
  const row = (title: string, unit: string, ours: number): Row => {
    return { case: `${pace}: ${title}`, unit, ours, peers: {} };
  };
  const count = times.length;
  return [
    ...(['all', ...KINDS] as const).flatMap((kind) => {
      const chosen = times.filter((time) => kind === 'all' || time.kind === kind);
      const sorted = Float64Array.from(chosen, ({ ms }) => ms).sort();
      return [
        row(`${kind}, p50`, 'ms', quantile(sorted, 0.5)),
        row(`${kind}, p99`, 'ms', quantile(sorted, 0.99)),
        row(`${kind}, max`, 'ms', quantile(sorted, 1)),
      ];
    }),
    row('responses with endpoints, per change', '1', responses.endpoints / count),
    ...(responses.others === undefined
      ? []
      : [row('other responses, per change', '1', responses.others / count)]),
    row('CPU of the control plane, per change', 'ms', cpu / count),
  ];
}
