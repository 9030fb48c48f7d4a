import type { CheckRecord } from '../client/records.ts';

/** Whose fitness has changed. */
export interface Concerned {
  /** Names of services. */
  readonly services: ReadonlySet<string>;
  /** Nodes, with all that is on them. */
  readonly nodes: ReadonlySet<string>;
}

/** The checks that don't pass, as they were last. Their Output doesn't count. */
export class FailingChecks {
  #known = new Map<string, CheckRecord>();

  /** Takes all that don't pass; returns whose fitness may be another now. */
  take(checks: readonly CheckRecord[]): Concerned {
    const now = new Map(checks.map((check) => [keyOf(check), check]));
    const services = new Set<string>();
    const nodes = new Set<string>();
    const concern = ({ ServiceName, Node }: CheckRecord) =>
      ServiceName === '' ? nodes.add(Node) : services.add(ServiceName);
    for (const [key, check] of now)
      if (this.#known.get(key)?.Status !== check.Status) concern(check);
    for (const [key, check] of this.#known) if (!now.has(key)) concern(check);
    this.#known = now;
    return { services, nodes };
  }
}

function keyOf({ Node, CheckID }: CheckRecord): string {
  return `${Node}\n${CheckID}`.toLowerCase();
}
