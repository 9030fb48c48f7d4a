import type { Catalog, DataPlane, DataPlaneState, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';

/** A destination as it is listed. */
export interface Destination {
  /** What kind it is: `xds`, `dns`, `mirror`, or that of a plug-in. */
  readonly kind: string;
  readonly plane: DataPlane;
  /**
   * It may take away what is somebody else's to see: it is given nothing before every source was read,
   * not only restored.
   */
  readonly waits?: boolean;
  /** Which replica writes; undefined of one in which each writes its own. */
  /** Told once every source was read completely. */
  readonly known?: () => void;
  readonly leader?: { readonly asked: boolean; readonly term: AbortSignal | undefined };
}

/** How a destination stands. */
export interface DestinationStatus {
  readonly name: string;
  readonly kind: string;
  readonly state: DataPlaneState;
  readonly problems: ReadonlyMap<string, string>;
  /** Whether this replica writes; undefined of one in which each writes its own. */
  readonly leads: boolean | undefined;
}

/** All that what is served is brought to, in the order in which they are told. */
export class Destinations {
  readonly #all: readonly Destination[];
  readonly #options: { readonly catalog: Catalog; readonly logger: Logger };
  #newest: Snapshot | undefined;
  /** Every source was read completely, not only restored. */
  #known = false;

  constructor(
    all: readonly Destination[],
    options: { readonly catalog: Catalog; readonly logger: Logger },
  ) {
    this.#all = all;
    this.#options = options;
  }

  get status(): readonly DestinationStatus[] {
    return this.#all.map(({ kind, plane, leader }) => ({
      ...statusOf(plane),
      kind,
      leads: leader?.asked ? leader.term !== undefined : undefined,
    }));
  }

  /** The newest revision that is served. */
  get revision(): number | undefined {
    return this.#newest?.revision;
  }

  /** Takes a snapshot that is served, and what it changed. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#newest = snapshot;
    for (const destination of this.#all)
      if (this.#known || destination.waits !== true) this.#tell(destination, snapshot, changes);
  }

  /** The catalog was committed, whether or not anything has changed. */
  committed(): void {
    const { catalog } = this.#options;
    if (this.#known || !catalog.ready || catalog.restored.length > 0) return;
    this.#known = true;
    for (const { known } of this.#all) known?.();
    const newest = this.#newest;
    if (newest === undefined) return;
    const changes = [...newest.services].map(
      (after) => ({ type: 'added', name: after.name, after }) as const,
    );
    for (const destination of this.#all)
      if (destination.waits === true) this.#tell(destination, newest, changes);
  }

  /** One that throws is its own matter. */
  #tell({ plane }: Destination, snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    try {
      plane.update(snapshot, changes);
    } catch (err) {
      this.#options.logger.warn({ destination: plane.name, err }, 'a destination has failed');
    }
  }
}

function statusOf(plane: DataPlane): Omit<DestinationStatus, 'kind' | 'leads'> {
  const { name } = plane;
  try {
    return { name, state: plane.state, problems: plane.problems };
  } catch (err) {
    const state = { type: 'failing', since: 0, message: String(err) } as const;
    return { name, state, problems: new Map() };
  }
}
