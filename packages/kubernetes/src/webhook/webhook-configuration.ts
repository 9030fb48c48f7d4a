import type { ApiClient } from '../api/api-client.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { resource } from '../api/resource.ts';

/** admissionregistration.k8s.io/v1 MutatingWebhookConfiguration. */
export interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

export const WEBHOOK_CONFIGURATIONS = resource<WebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  false,
);

/** What an API server is told to trust by all webhooks of a configuration, as PEM; nothing when they differ. */
export function publishedBundle({ webhooks = [] }: WebhookConfiguration): string | undefined {
  const [first, ...others] = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '');
  if (!first || others.some((each) => each !== first)) return undefined;
  return Buffer.from(first, 'base64').toString();
}

/** Tells the API server what to trust, in all webhooks of a configuration. */
export async function publishBundle(
  client: ApiClient,
  configuration: WebhookConfiguration,
  trusted: string,
  signal: AbortSignal,
): Promise<void> {
  const caBundle = Buffer.from(trusted).toString('base64');
  const webhooks = configuration.webhooks?.map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, caBundle },
  }));
  const changed = { ...configuration, ...(webhooks && { webhooks }) };
  await client.update(WEBHOOK_CONFIGURATIONS, changed, { signal });
}
