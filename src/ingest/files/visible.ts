import { readdir } from 'node:fs/promises'

/** Names that begin with a dot are the system's own. */
export async function visible(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => !name.startsWith('.')).sort()
}
