/**
 * Which columns may stand together on a way from root to leaf. Each group has 1 where a column belongs to it; a leaf keeps the
 * groups that have every column asked above it, and may be asked a column of any of them.
 */
export type Groups = readonly Uint8Array[]

/** Columns that no group names are one more group, as in scikit-learn. Undefined where nothing is constrained. */
export function groupsOf(names: readonly string[], lists: readonly (readonly string[])[]): Groups | undefined {
  if (lists.length === 0) return undefined
  const groups = lists.map((list) => Uint8Array.from(names, (name) => (list.includes(name) ? 1 : 0)))
  const rest = Uint8Array.from(names, (_, c) => (groups.some((group) => group[c] === 1) ? 0 : 1))
  return rest.includes(1) ? [...groups, rest] : groups
}

export function groupsWith(groups: Groups, column: number): Groups {
  return groups.filter((group) => group[column] === 1)
}

/** The tried columns that belong to one of the groups. */
export function columnsOf(groups: Groups, tried: Uint8Array): Uint8Array {
  return tried.map((own, c) => (own === 1 && groups.some((group) => group[c] === 1) ? 1 : 0))
}
