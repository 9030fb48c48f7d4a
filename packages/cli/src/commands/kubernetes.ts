import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { optionsOf } from '../global-options.ts';
import { hostPort } from '../host-port.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';

interface Flags {
  readonly namespace?: string;
  readonly name: string;
  readonly listen: string;
  readonly image: string;
  readonly sidecarServer: string;
  readonly sidecarXds: string;
  readonly tokenSecret?: string;
  readonly kubeconfig?: string;
}

export function addKubernetesCommand(program: Command): void {
  const kubernetes = program
    .command('kubernetes')
    .description('what runs within a cluster of Kubernetes');
  kubernetes
    .command('webhook')
    .description('inject sidecars into pods that ask for one')
    .requiredOption('--image <image>', "the sidecar's image: with meshkeeper and Envoy")
    .requiredOption('--sidecar-server <url>', "the control plane's API, as pods reach it")
    .requiredOption('--sidecar-xds <host:port>', 'its xDS server')
    .option('--token-secret <name/key>', "where a pod's namespace has the token for the API")
    .option(
      '--name <name>',
      'of its Service, Secret, Lease and configuration',
      'meshkeeper-webhook',
    )
    .option('--namespace <name>', 'where these are (default: that of the context)')
    .option('--listen <host:port>', 'where the API server calls it', '0.0.0.0:9443')
    .option('--kubeconfig <file>', 'a cluster (default: the one that this runs in, or as kubectl)')
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper kubernetes webhook --image meshkeeper-sidecar:0.1.0 --sidecar-server http://meshkeeper.meshkeeper.svc:7070 --sidecar-xds meshkeeper.meshkeeper.svc:7071',
    )
    .action(async (_: unknown, command: Command) => {
      const flags = optionsOf<Flags>(command);
      await runUntilSignal(async (stack) => {
        const { ApiClient, startWebhook } = await import('@meshkeeper/kubernetes');
        const { createLogger } = await import('../output/logger.ts');
        const logger = await createLogger(flags.verbose);
        const client = stack.use(await ApiClient.open({ kubeconfig: flags.kubeconfig }));
        const [secret, key = 'token'] = flags.tokenSecret?.split('/') ?? [];
        const webhook = stack.use(
          await startWebhook({
            ...{ client, logger, name: flags.name, listen: hostPort(flags.listen, '--listen') },
            namespace: flags.namespace ?? client.namespace,
            identity: `${hostname()}_${randomUUID()}`,
            sidecar: {
              image: flags.image,
              server: flags.sidecarServer,
              xds: flags.sidecarXds,
              ...(secret !== undefined && { tokenSecret: { name: secret, key } }),
            },
          }),
        );
        const url = `https://${webhook.host}:${webhook.port}`;
        announce({ webhook: url }, flags.output, `Webhook on ${url} (Ctrl-C ends it)`);
      });
    });
}
