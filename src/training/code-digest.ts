import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PlatformError } from '../base/errors.ts'
import { digestOf, sha256Hex } from '../base/hash.ts'

/** The package's folder, seen from src/training or dist/training. */
export const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/** SHA-256 over path and bytes of each file that runs: dist/, without type declarations and source maps. */
export async function codeDigest(packageDir = PACKAGE): Promise<string> {
  return digestOf(await codeFileDigests(packageDir))
}

/** Path and digest of each of them: what a difference is named by. */
export async function codeFileDigests(packageDir = PACKAGE): Promise<[string, string][]> {
  const dist = join(packageDir, 'dist')
  const files = await codeFiles(packageDir)
  return Promise.all(
    files.map(async (file) => [file.slice(dist.length + 1).replaceAll(sep, '/'), sha256Hex(await readFile(file))]),
  )
}

/** The files that run, in order of their names. */
export async function codeFiles(packageDir = PACKAGE): Promise<string[]> {
  const dist = join(packageDir, 'dist')
  const entries = await readdir(dist, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new PlatformError('unavailable', `the package has no compiled code in ${dist}; run: npm run build`, { cause })
  })
  return entries
    .filter((entry) => entry.isFile() && !/\.(d\.ts|map)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** SHA-256 of package-lock.json, which an installed package does not carry. */
export function lockFilePath(packageDir = PACKAGE): string {
  return join(packageDir, 'package-lock.json')
}

export async function lockFileDigest(
  packageDir = PACKAGE,
): Promise<{ digest: string } | { digest: null; reason: string }> {
  try {
    const bytes = await readFile(lockFilePath(packageDir))
    return { digest: createHash('sha256').update(bytes).digest('hex') }
  } catch {
    return { digest: null, reason: 'no package-lock.json beside package.json: Weir was installed as a dependency' }
  }
}
