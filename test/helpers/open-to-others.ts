import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What below a folder, itself included, another user of the machine may read, write or enter; sockets and links aside. */
export async function openToOthers(dir: string): Promise<string[]> {
  const paths = [dir, ...(await readdir(dir, { recursive: true })).map((name) => join(dir, name))]
  const found: string[] = []
  for (const path of paths) {
    // Scratch files come and go.
    const is = await lstat(path).catch(() => undefined)
    if (!is || !(is.isFile() || is.isDirectory())) continue
    if ((is.mode & 0o077) !== 0) found.push(`${path} ${(is.mode & 0o777).toString(8)}`)
  }
  return found
}
