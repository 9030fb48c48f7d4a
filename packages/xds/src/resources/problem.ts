/** Something of the catalog that Envoy can't be told, and why. The rest is served. */
export interface ResourceProblem {
  readonly service: string;
  /** The endpoint that was left out; the whole service without it. */
  readonly endpoint?: string;
  readonly code: /** Envoy takes only IP addresses by EDS. */
    | 'host-name'
    /** The port is not one. */
    | 'bad-port'
    /** Another endpoint of the service has that address and port. */
    | 'duplicate-address'
    /** The name can't be sent as UTF-8, or is empty. */
    | 'bad-name'
    /** HTTP, but every host name of the service belongs to another one. */
    | 'no-domain'
    /** A host name that its registry states belongs to another one. */
    | 'host-taken'
    /** More policies limit requests than a virtual host can have. */
    | 'too-many-limits';
  /** A sentence for people. */
  readonly message: string;
}
