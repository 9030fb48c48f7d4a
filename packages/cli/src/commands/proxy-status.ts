import type { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { clean } from '../output/table.ts';

interface ProxyView {
  readonly id: string;
  readonly cluster: string;
  readonly userAgent: string;
  readonly userAgentVersion: string;
  readonly connectedSince: string;
  readonly types: readonly {
    readonly type: string;
    readonly state: 'synced' | 'pending' | 'rejected';
    readonly lastNack?: { readonly at: string; readonly message: string };
  }[];
}

/** Columns, by the resource's type. */
const COLUMNS = [
  ['Cluster', 'CDS'],
  ['ClusterLoadAssignment', 'EDS'],
  ['Listener', 'LDS'],
  ['RouteConfiguration', 'RDS'],
] as const;

export function addProxyStatusCommand(program: Command): void {
  program
    .command('proxy-status')
    .description('the data planes that are connected, and what each has acknowledged or rejected')
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf(command);
      const path = '/proxies';
      const data = await new ApiClient(options).get<{ proxies: readonly ProxyView[] }>(path);
      await print(data, options.output, ({ proxies }) =>
        proxies.length === 0
          ? 'no data plane is connected: start one with "meshkeeper proxy", or "meshkeeper bootstrap envoy"'
          : {
              head: ['ID', 'CLUSTER', ...COLUMNS.map(([, name]) => name), 'AGENT', 'SINCE'],
              rows: proxies.map((proxy) => [
                proxy.id,
                proxy.cluster || '-',
                ...COLUMNS.map(([type]) => stateOf(proxy, type)),
                `${proxy.userAgent} ${proxy.userAgentVersion}`.trim() || '-',
                proxy.connectedSince,
              ]),
            },
      );
      for (const { id, types } of data.proxies)
        for (const { type, state, lastNack } of types)
          if (state === 'rejected' && lastNack)
            process.stderr.write(`warning: ${id} rejected ${type}: ${clean(lastNack.message)}\n`);
    });
}

function stateOf({ types }: ProxyView, wanted: string): string {
  return types.find(({ type }) => type === wanted)?.state ?? '-';
}
