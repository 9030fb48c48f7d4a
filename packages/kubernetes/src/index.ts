export {
  type CustomResourceDefinition,
  definition,
  GROUP,
  OWN_KINDS,
  type OwnKind,
} from './crd/definition.ts';
export { type JsonSchema, structural } from './crd/structural.ts';
