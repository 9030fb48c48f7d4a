import type { Mark } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import type { EndpointSlice } from '../api/objects.ts';
import { RESOURCES, type Resource } from '../api/resource.ts';
import { isOwn, ownLabels } from './ownership.ts';
import type { Write } from './plan.ts';
import {
  type PresentObjects,
  presentEntry,
  presentService,
  presentSlice,
} from './present-objects.ts';
import { SERVICE_ENTRIES } from './service-entry.ts';
import type { TokenBucket } from './token-bucket.ts';
import { keyOf } from './wanted-services.ts';

/** What a writer takes. */
export interface WriterOptions {
  readonly client: ApiClient;
  readonly present: PresentObjects;
  readonly owner: Mark;
  readonly bucket: TokenBucket;
}

/** An object of this name is there, and is somebody else's. */
export class ForeignError extends Error {
  override readonly name = 'ForeignError';
  readonly kind: string;

  constructor(kind: string, key: string) {
    super(
      `${kind} ${key} is somebody else's and is left alone: rename it, or write the service to another namespace`,
    );
    this.kind = kind;
  }
}

/** Writes what was planned, and keeps what is there up to date with it. */
export class Writer {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** @throws KubernetesError; ForeignError */
  async write(key: string, write: Write, signal: AbortSignal): Promise<void> {
    const { client, present, bucket } = this.#options;
    await bucket.take(signal);
    const [namespace = '', name = ''] = key.split('/');
    const place = { namespace, signal };
    switch (write.type) {
      case 'create-service':
        return this.#create('Service', key, RESOURCES.services, write.object, place, (made) =>
          present.setService(presentService(made)),
        );
      case 'patch-service': {
        const made = await client.patch(RESOURCES.services, name, write.patch, place);
        return present.setService(presentService(made));
      }
      case 'delete-service':
        await gone(client.delete(RESOURCES.services, name, { ...place, uid: write.uid }));
        return present.deleteService(key);
      case 'create-slice':
        return this.#create(
          'EndpointSlice',
          keyOf(namespace, write.object.metadata.name),
          RESOURCES.endpointSlices,
          write.object,
          place,
          (made) => void present.setSlice(presentSlice(made)),
        );
      case 'update-slice': {
        const made = await client.update(RESOURCES.endpointSlices, write.object, place);
        return void present.setSlice(presentSlice(made));
      }
      case 'delete-slice': {
        const { resourceVersion, name: of } = write.slice;
        await gone(client.delete(RESOURCES.endpointSlices, of, { ...place, resourceVersion }));
        return void present.deleteSlice(keyOf(namespace, of));
      }
      case 'create-entry':
        return this.#create(
          'ServiceEntry',
          key,
          SERVICE_ENTRIES,
          this.#entry(key, write),
          place,
          (made) => present.setEntry(presentEntry(made)),
        );
      case 'update-entry': {
        const made = await client.update(SERVICE_ENTRIES, this.#entry(key, write), place);
        return present.setEntry(presentEntry(made));
      }
      case 'delete-entry': {
        const { resourceVersion } = present.get(key).entry ?? {};
        await gone(client.delete(SERVICE_ENTRIES, name, { ...place, resourceVersion }));
        return present.deleteEntry(key);
      }
    }
  }

  /** Reads anew what there is of a service, after a write that came too late. */
  async refresh(key: string, signal: AbortSignal): Promise<void> {
    const { client, present, owner } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const place = { namespace, signal };
    const service = await absent(client.get(RESOURCES.services, name, place));
    if (service !== undefined && isOwn(owner, service.metadata.labels))
      present.setService(presentService(service));
    else present.deleteService(key);
    for (const of of [...present.get(key).slices.keys()]) {
      const slice = await absent<EndpointSlice>(client.get(RESOURCES.endpointSlices, of, place));
      if (slice !== undefined && isOwn(owner, slice.metadata.labels))
        present.setSlice(presentSlice(slice));
      else present.deleteSlice(keyOf(namespace, of));
    }
    if (present.get(key).entry === undefined) return;
    const entry = await absent(client.get(SERVICE_ENTRIES, name, place));
    if (entry !== undefined && isOwn(owner, entry.metadata.labels))
      present.setEntry(presentEntry(entry));
    else present.deleteEntry(key);
  }

  /** Creates it. One that is there already is taken for what it is: ours, or not. */
  async #create<T extends { readonly metadata: { readonly name: string } }>(
    kind: string,
    key: string,
    resource: Resource<T>,
    object: T,
    place: { readonly namespace: string; readonly signal: AbortSignal },
    made: (object: T) => void,
  ): Promise<void> {
    const { client, owner } = this.#options;
    try {
      return made(await client.create(resource, object, place));
    } catch (error) {
      if (!isRefused(error, 'AlreadyExists')) throw error;
      const there = await client.get(resource, object.metadata.name, place);
      const { labels } = there.metadata as { readonly labels?: Readonly<Record<string, string>> };
      if (!isOwn(owner, labels)) throw new ForeignError(kind, key);
      made(there);
      // It is not what was planned: what to do is planned again.
      throw error;
    }
  }

  #entry(
    key: string,
    { spec, ...write }: { readonly spec: object; readonly resourceVersion?: string },
  ) {
    const [namespace = '', name = ''] = key.split('/');
    const { resourceVersion } = write;
    return {
      metadata: {
        ...{ name, namespace, labels: ownLabels(this.#options.owner) },
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
      spec,
    };
  }
}

/** What is gone is deleted. */
async function gone(deleting: Promise<void>): Promise<void> {
  await absent(deleting);
}

async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isRefused(error, 'NotFound')) return undefined;
    throw error;
  }
}
