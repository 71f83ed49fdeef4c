import { realpath, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { sha256File } from '../base/hash.ts'
import type { Project, Source } from '../config/project.ts'
import type { DeliveredFile } from './delivered.ts'
import { digestOf, locate } from './files/locate.ts'
import type { Finding } from './finding.ts'

/** The files of a folder as they were when a delivery was submitted, and where that was; null for a file that was not there. */
export type Submitted = { host: string; files: Record<string, { bytes: number; digest: string } | null> }

/** What a worker must read, taken down by the process that submits. */
export async function describeFolder(
  dir: string,
  project: Project,
  names: readonly string[] = project.sources.map((source) => source.name),
): Promise<Submitted> {
  const files: Submitted['files'] = {}
  const chosen = project.sources.filter((source) => names.includes(source.name))
  for (const source of chosen) if (source.postgres === null) files[source.file] = await describeFile(dir, source)
  return { host: hostname(), files }
}

/** What cannot be read counts as not there: the worker's own refusal says why. The digest is that of `takeFile`. */
async function describeFile(dir: string, source: Source): Promise<{ bytes: number; digest: string } | null> {
  try {
    const located = await locate(await realpath(dir), source)
    if ('rule' in located) return null
    let bytes = 0
    const digests: string[] = []
    for (const { path } of located.parts) {
      bytes += (await stat(path)).size
      digests.push(await sha256File(path))
    }
    return { bytes, digest: digestOf(located, digests) }
  } catch {
    return null
  }
}

/**
 * Refuses a file that is not the one that was submitted: the folder of another host, or one that was changed since. What was not
 * there is refused where it is there now.
 */
export async function requireSubmitted(
  { host, files }: Submitted,
  { dir, source, file }: { dir: string; source: Source; file: DeliveredFile | Finding },
): Promise<void> {
  const wanted = files[source.file] ?? null
  const digest = 'rule' in file ? (await describeFile(dir, source))?.digest : file.fileDigest
  if (digest === wanted?.digest || (wanted === null && digest === undefined)) return
  const [was, is] = [describe(wanted?.digest), describe(digest)]
  const here = hostname()
  const where =
    here === host ? 'it has been changed since' : `this worker runs on '${here}', which has another folder there`
  throw new PlatformError(
    'conflict',
    `'${join(dir, source.file)}' is not the file that was submitted on '${host}' (${was} then, ${is} here): ${where}; ` +
      'nothing was taken. Put the folder where every worker sees it, or stop the worker and ingest again',
  )
}

/** A folder that is not there is a matter of the host, where the one who asked is on another. */
export function elsewhere(error: unknown, { host }: Submitted): unknown {
  const here = hostname()
  if (!(error instanceof PlatformError) || here === host) return error
  const says = `${error.message}; this worker runs on '${here}', and the delivery was submitted on '${host}'`
  return new PlatformError('conflict', says, { cause: error })
}

function describe(digest: string | undefined): string {
  return digest === undefined ? 'none' : `SHA-256 ${digest.slice(0, 12)}…`
}
