import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inPath } from './programs.ts'

/** A file system of a few megabytes, which is full soon; needs Linux, root and `mount`. */
export type SmallDisk = { dir: string; grow(size: string): void; close(): void }

/** Undefined where none can be made. */
export function smallDisk(size: string): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || inPath('mount') === '') return undefined
  const dir = mkdtempSync(join(tmpdir(), 'weir-disk-'))
  const mount = (...args: string[]) => execFileSync('mount', ['-t', 'tmpfs', ...args], { stdio: 'ignore' })
  try {
    mount('-o', `size=${size}`, 'tmpfs', dir)
  } catch {
    rmSync(dir, { recursive: true })
    return undefined
  }
  return {
    dir,
    grow: (to) => void execFileSync('mount', ['-o', `remount,size=${to}`, dir], { stdio: 'ignore' }),
    close() {
      execFileSync('umount', ['-l', dir], { stdio: 'ignore' })
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
