import type { ServiceDelivery } from './delivery.ts';
import { plural } from './plural.ts';

/** Whether something that is served arrives at the data planes; the text goes on from `is served`. */
export interface Arrival {
  readonly arrives: boolean;
  readonly text: string;
}

/**
 * What becomes of a service at the data planes.
 * @param proxy the one that is asked about; undefined: all
 */
export function arrival(
  deliveries: readonly ServiceDelivery[],
  proxy: string | undefined,
): Arrival {
  const why = whyNot(deliveries, proxy);
  if (why !== undefined) return { arrives: false, text: `, but ${why}` };
  if (proxy !== undefined) return { arrives: true, text: `, and ${proxy} has it` };
  const { length } = deliveries.filter(({ state }) => state === 'has');
  const asking = length === deliveries.length ? '' : ' that asks for it';
  if (length === 1) return { arrives: true, text: `, and the data plane${asking} has it` };
  const who =
    length === deliveries.length
      ? `all ${length} data planes`
      : `the ${length} data planes that ask for it`;
  return { arrives: true, text: `, and ${who} have it` };
}

function whyNot(deliveries: readonly ServiceDelivery[], proxy: string | undefined) {
  if (deliveries.length === 0)
    return `no data plane ${proxy === undefined ? '' : `called ${proxy} `}is connected`;
  const by = (state: ServiceDelivery['state']) => deliveries.filter((each) => each.state === state);
  const [rejects, ...others] = by('rejects');
  if (rejects) return `${rejects.proxy.id} rejects ${rejected(rejects, others.length)}`;
  const [pending, ...late] = by('pending');
  if (pending) {
    const who = late.length === 0 ? ' has' : ` and ${plural(late.length, 'other data plane')} have`;
    return `${pending.proxy.id}${who} not acknowledged it yet`;
  }
  const having = by('has');
  if (having.length === 0) return nobodyAsks(deliveries, proxy);
  const lacking = having.find(({ hasEndpoint }) => hasEndpoint === false);
  return lacking && `it is not in what ${lacking.proxy.id} is sent`;
}

function rejected({ resources }: ServiceDelivery, others: number): string {
  const more = others > 0 ? ` (and ${plural(others, 'other data plane')} something of it)` : '';
  for (const { type, status } of resources)
    if (status.state === 'nacked') return `${type} ${status.name}${more}: ${status.message.trim()}`;
  return `something of it${more}`;
}

function nobodyAsks(deliveries: readonly ServiceDelivery[], proxy: string | undefined): string {
  const [first] = deliveries;
  const who = proxy ?? (deliveries.length === 1 ? first?.proxy.id : undefined);
  if (who === undefined) return `none of the ${deliveries.length} data planes asks for it`;
  if (first?.egress === undefined) return `${who} does not subscribe to it`;
  const { policy, patterns } = first.egress;
  return `${who} is not shown it: ${policy} lets it call ${patterns.join(', ') || 'nobody'} only`;
}
