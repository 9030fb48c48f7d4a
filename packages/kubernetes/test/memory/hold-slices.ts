/**
 * A process that holds the EndpointSlices of a cluster, as the source keeps them, and says what it takes:
 * its memory before it read anything and after, and the most that it has taken.
 */
import { ApiClient, RESOURCES, Reflector } from '@meshkeeper/kubernetes';
import { keepSlice } from '../../src/source/kept-slice.ts';

const client = await ApiClient.open({ kubeconfig: process.argv[2] });
await client.list(RESOURCES.namespaces);
const before = process.memoryUsage().rss;
const reflector = new Reflector({
  ...{ client, resource: RESOURCES.endpointSlices, project: keepSlice },
  // As the source has it.
  pageSize: 100,
});
for await (const change of reflector.changes(AbortSignal.timeout(120_000)))
  if (change.type === 'reset') break;
const { rss } = process.memoryUsage();
const most = process.resourceUsage().maxRSS * 1_024;
console.log(JSON.stringify({ before, rss, most, objects: reflector.objects.size }));
await client.close();
