import { stat } from 'node:fs/promises'
import { digestOf } from '../base/hash.ts'
import { codeDigest, codeFiles, lockFileDigest, lockFilePath } from './code-digest.ts'

/**
 * Names what this process runs by its content: the compiled code and the lock file, as they lie there now. Reading them takes
 * 30 ms, so they are read again only when a size or a time of change has moved (3 ms). Null where there is no compiled code.
 */
export function createBuildName(): () => Promise<string | null> {
  let known: { signature: string; name: Promise<string> } | undefined
  return async () => {
    const signature = await signatureOf().catch(() => undefined)
    if (signature === undefined) return null
    if (known?.signature !== signature) known = { signature, name: readName() }
    return known.name
  }
}

async function readName(): Promise<string> {
  const [code, lockFile] = await Promise.all([codeDigest(), lockFileDigest()])
  return digestOf([code, lockFile.digest])
}

async function signatureOf(): Promise<string> {
  const files = await codeFiles()
  const stats = await Promise.all(files.map((file) => stat(file)))
  const lockFile = await stat(lockFilePath()).catch(() => undefined)
  return digestOf([...stats, lockFile].map((s) => [s?.size, s?.mtimeMs, s?.ino]))
}
