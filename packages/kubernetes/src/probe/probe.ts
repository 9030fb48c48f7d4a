import type { PluginFault, ProbeContext } from '@meshkeeper/mesh';
import type { AccessOptions } from '../api/access.ts';
import { ApiClient } from '../api/api-client.ts';
import { KubernetesError } from '../api/kubernetes-error.ts';
import type { KubernetesObject } from '../api/objects.ts';
import { type Resource, resource } from '../api/resource.ts';

/** Something that an account has to be allowed to do. */
export interface Right {
  readonly verbs: readonly string[];
  readonly resource: Resource;
  readonly subresource?: 'status';
  /** Undefined: in all of the cluster. */
  readonly namespace: string | undefined;
}

/** A question whether who asks may do something; the answer is its status. */
interface AccessReview extends Partial<KubernetesObject> {
  readonly status?: { readonly allowed?: boolean };
}

const REVIEWS = resource<KubernetesObject & AccessReview>(
  ...(['authorization.k8s.io', 'v1', 'selfsubjectaccessreviews'] as const),
  ...(['SelfSubjectAccessReview', false] as const),
);

/** Milliseconds for an answer. */
const TIMEOUT = 5_000;

/**
 * Looks whether a cluster is reached, knows who asks, and lets them do what they are to do: by asking it
 * for each right, as `kubectl auth can-i` does.
 *
 * @param rights what is wanted, when it is known in which namespace the context is
 */
export async function probe(
  { kubeconfig, context }: AccessOptions,
  rights: (own: string) => readonly Right[],
  { signal, resolve }: ProbeContext,
): Promise<readonly PluginFault[]> {
  try {
    await using client = await ApiClient.open({
      ...{ kubeconfig: kubeconfig === undefined ? undefined : resolve(kubeconfig), context },
      timeout: TIMEOUT,
    });
    const denied: string[] = [];
    for (const right of rights(client.namespace)) {
      const { verbs } = right;
      const answers = await Promise.all(verbs.map((verb) => may(client, right, verb, signal)));
      const missing = verbs.filter((_, i) => !answers[i]);
      if (missing.length > 0) denied.push(textOf(right, missing));
    }
    if (denied.length === 0) return [];
    return [
      {
        kind: 'rights',
        seen: `its account may not ${denied.join('; not ')}`,
        todo: 'give it a role that may: deploy/kubernetes/control-plane-access.yaml has all that is needed',
      },
    ];
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KubernetesError) return [faultOf(error)];
    throw error;
  }
}

async function may(
  client: ApiClient,
  { resource: { group, plural }, subresource, namespace }: Right,
  verb: string,
  signal: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = { group, resource: plural, subresource, namespace, verb };
  const review = { metadata: { name: '' }, spec: { resourceAttributes } };
  const { status } = await client.create(REVIEWS, review, { signal });
  return status?.allowed === true;
}

function textOf(
  { resource: { plural }, subresource, namespace }: Right,
  verbs: readonly string[],
): string {
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  const where = namespace === undefined ? 'in all namespaces' : `in ${namespace}`;
  return `${verbs.join(', ')} ${what} ${where}`;
}

function faultOf(error: KubernetesError): PluginFault {
  const seen = error.message;
  if (error.code === 'NO_CONFIGURATION')
    return { kind: 'settings', seen, todo: 'correct "kubeconfig" and "context"' };
  if (error.status === 401 || error.status === 403)
    return {
      ...{ kind: 'credentials', seen },
      todo: 'see that the token or certificate of the kubeconfig is still valid: "kubectl auth whoami" with it',
    };
  const todo =
    'see that the API server runs, and that its address in the kubeconfig is reached from here';
  return { kind: 'unreachable', seen, todo };
}
