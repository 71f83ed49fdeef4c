import { readFile } from 'node:fs/promises'

/** Weir's own version, of its package.json. */
export async function weirVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
