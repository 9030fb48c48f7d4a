import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import type { KeyPair } from './certificates.ts';
import { isUsable, LIFETIMES, type Lifetimes, rotate } from './rotation.ts';
import { SECRETS, type Secret, secretData, servingSecret } from './serving-secret.ts';
import { publishBundle, publishedBundle, WEBHOOK_CONFIGURATIONS } from './webhook-configuration.ts';

/** Where the serving certificate is kept, and what it is for. */
export interface ServingPlace {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Name of the Secret. */
  readonly secret: string;
  /** Name of the MutatingWebhookConfiguration. */
  readonly configuration: string;
  /** Names that the server is called by. */
  readonly names: readonly string[];
  readonly lifetimes?: Lifetimes;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Steps that one round may take: to replace an authority takes three. */
const STEPS = 5;

/** What to serve with, as the replicas share it; undefined as long as there is nothing good. */
export async function readServing(
  { client, namespace, secret, now = Date.now }: ServingPlace,
  signal: AbortSignal,
): Promise<KeyPair | undefined> {
  const held = await readSecret(client, namespace, secret, signal);
  const read = held === undefined ? undefined : servingSecret(held);
  return read !== undefined && isUsable(read, now()) ? read.serving : undefined;
}

/**
 * Makes and renews what is served with, and tells the API server what to trust. Where another replica
 * does the same, one of them is first by the resourceVersion, and the other looks again.
 * @throws KubernetesError
 */
export async function keepServing(place: ServingPlace, signal: AbortSignal): Promise<void> {
  const { client, namespace, secret: name, configuration, names, now = Date.now } = place;
  for (let step = 0; step < STEPS; step++) {
    const held = await readSecret(client, namespace, name, signal);
    const told = await client.get(WEBHOOK_CONFIGURATIONS, configuration, { signal });
    const secret = held === undefined ? undefined : servingSecret(held);
    const published = publishedBundle(told);
    const state = { secret, published, names, now: now() };
    const next = await rotate(state, place.lifetimes ?? LIFETIMES);
    try {
      if (next !== secret) {
        const data = secretData(next);
        if (held === undefined)
          await client.create(
            SECRETS,
            { metadata: { name, namespace }, type: 'kubernetes.io/tls', data },
            { signal },
          );
        else await client.update(SECRETS, { ...held, data }, { signal });
      }
      if (published !== next.trusted) await publishBundle(client, told, next.trusted, signal);
      else if (next === secret) return;
    } catch (error) {
      if (!isRefused(error, 'Conflict') && !isRefused(error, 'AlreadyExists')) throw error;
    }
  }
}

async function readSecret(
  client: ApiClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  try {
    return await client.get(SECRETS, name, { namespace, signal });
  } catch (error) {
    if (isRefused(error, 'NotFound')) return undefined;
    throw error;
  }
}
