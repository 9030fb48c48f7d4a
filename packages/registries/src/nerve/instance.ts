/** What nerve writes of an instance, by the names of its JSON and in its order. */
export interface NerveInstance {
  readonly host: string;
  readonly port: number;
  /** nerve's `instance_id`. */
  readonly name: string;
  /** HAProxy's; what states none has 1. */
  readonly weight?: number;
  readonly haproxy_server_options?: string;
  readonly labels?: Readonly<Record<string, unknown>>;
}
