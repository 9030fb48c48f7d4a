/** A port of a Service, as the catalog has it. */
export interface NamedPort {
  /** What the catalog calls it: a service of its own. */
  readonly name: string;
  readonly port: number;
  /** What Kubernetes calls it. */
  readonly portName?: string | undefined;
}

/** What Services of Kubernetes are called in the mesh. */
export interface ServiceNaming {
  /** The ports of a Service, the one that stands for it first; undefined when it isn't there. */
  portsOf(namespace: string, name: string): readonly NamedPort[] | undefined;
  /** What one that isn't there would be called; a pattern is one, too. */
  wouldBe(namespace: string, name: string): string;
}
