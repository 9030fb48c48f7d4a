import type { ListenerTls } from '@meshkeeper/mesh';
import type { Gateway, Listener } from '../kinds/gateway.ts';
import { qualified } from '../kinds/order.ts';
import { compact } from './compact.ts';

/** How TLS of a listener ends, where it is spoken. */
export function listenerTls(gateway: Gateway, listener: Listener): ListenerTls | undefined {
  const { tls } = listener;
  if (tls === undefined) return undefined;
  const { namespace } = gateway.metadata;
  if (tls.mode === 'Passthrough') return { mode: 'passthrough', certificates: [] };
  return compact<ListenerTls>({
    mode: 'terminate',
    certificates: (tls.certificateRefs ?? [])
      .filter(({ group, kind }) => group === '' && kind === 'Secret')
      .map((ref) => qualified(ref.namespace ?? namespace, ref.name)),
    clients: clients(gateway, listener),
  });
}

/** What is said of a port goes before what is said of all. */
function clients(gateway: Gateway, { port }: Listener): ListenerTls['clients'] {
  const { perPort, default: all } = gateway.spec.tls?.frontend ?? {};
  const own = perPort?.find((entry) => entry.port === port)?.tls;
  const validation = (own ?? all)?.validation;
  if (validation === undefined) return undefined;
  return {
    authorities: validation.caCertificateRefs.map((ref) =>
      qualified(ref.namespace ?? gateway.metadata.namespace, ref.name),
    ),
    optional: validation.mode === 'AllowInsecureFallback',
  };
}
