/** What DNS bears, in characters: of a whole name, and of what stands between two dots. */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** Why a text can't be a host name in DNS, as a predicate; undefined when it can. */
export function hostNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > LONGEST_NAME)
    return `has ${name.length} characters, and DNS bears ${LONGEST_NAME}`;
  for (const label of name.split('.')) {
    if (label === '') return 'has a dot at its beginning, at its end, or beside another';
    if (label.length > LONGEST_LABEL)
      return `has a part of ${label.length} characters, and DNS bears ${LONGEST_LABEL}`;
    if (!/^[a-z0-9_-]+$/i.test(label)) return 'has characters that no host name has';
    if (label.startsWith('-') || label.endsWith('-'))
      return 'has a part that begins or ends with -';
  }
  return undefined;
}
