import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { follow } from '../follow.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { othersText } from '../output/others.ts';
import { oneProxyText, proxiesText } from '../output/proxies.ts';
import { proxyChangeLines } from '../output/proxy-change-lines.ts';
import { clean } from '../output/table.ts';
import type { MembersView, OneProxyView, ProxiesView } from '../proxies.ts';

export function addProxyStatusCommand(program: Command): void {
  program
    .command('proxy-status')
    .argument('[id]', 'one data plane, with all that is known of it')
    .option('--watch', 'follow: drawn anew on a terminal, otherwise a line of JSON a change')
    .description(
      'the data planes: what each has acknowledged or rejected, and how far it is behind',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper proxy-status --watch\n  meshkeeper proxy-status checkout-web1\n  meshkeeper proxy-status --watch -o table | tee proxies.log',
    )
    .action(async (id: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf<{ readonly watch?: boolean }>(command);
      const { output, watch } = options;
      const api = new ApiClient(options);
      if (id === undefined) {
        if (watch)
          await follow<ProxiesView>((signal) => api.states('/proxies', signal), {
            output,
            text: (data, elapsed) => proxiesText(data, Date.parse(data.at) + elapsed),
            lines: proxyChangeLines,
          });
        else {
          await print(await api.get<ProxiesView>('/proxies'), output, (data) => proxiesText(data));
          // What was asked for is told: nothing fails for the rest.
          const members = await api.get<MembersView>('/members').catch(() => undefined);
          const others = members && othersText(members);
          if (others !== undefined) process.stderr.write(`${clean(others)}\n`);
        }
        return;
      }
      const path = `/proxies/${segment(id)}`;
      if (watch)
        await follow<OneProxyView>((signal) => api.states(path, signal), {
          output,
          text: (data, elapsed) => oneProxyText(data, Date.parse(data.at) + elapsed),
          lines: (before, after) => proxyChangeLines(before && asList(before), asList(after)),
        });
      else await print(await api.get<OneProxyView>(path), output, (data) => oneProxyText(data));
    });
}

function asList({ at, revision, streams, departed }: OneProxyView): ProxiesView {
  return { at, revision, proxies: streams, departed: departed === undefined ? [] : [departed] };
}
