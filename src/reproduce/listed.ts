const LISTED_MAX = 10

/** The first of them, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED_MAX
  return `${names.slice(0, LISTED_MAX).join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}
