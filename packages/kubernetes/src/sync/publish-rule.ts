import { fitsPattern } from '@meshkeeper/mesh';

/** Which services are written where, and as what. */
export interface PublishRule {
  /** Names of services; `*` stands for any characters. */
  readonly services: readonly string[];
  readonly namespace: string;
  /** `ClusterIP` gives a service an address of its own; `Headless` gives those of its endpoints. */
  readonly type: 'ClusterIP' | 'Headless';
  /** The port of the Service. Default: that of most of its endpoints when it is made; it stays then. */
  readonly port?: number | undefined;
  /** Whether endpoints are for callers of their own zone. */
  readonly zoneHints: boolean;
  /** An Istio ServiceEntry beside it, under this host; `{name}` is the name of the Service. */
  readonly serviceEntry?: string | undefined;
}

/** The first rule that is for a service. */
export function ruleFor(rules: readonly PublishRule[], service: string): PublishRule | undefined {
  return rules.find(({ services }) => services.some((pattern) => fitsPattern(pattern, service)));
}
