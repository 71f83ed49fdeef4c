import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tryLock, withLock } from '../../src/db/embedded/lock.ts'
import { startOf } from '../../src/db/embedded/process.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ownedBy = (pid: number, start: string) => writeFileSync(join(folder, 'lock.7'), JSON.stringify({ pid, start }))

test('one has it at a time, the next when it is free', () => {
  const release = tryLock(folder, 'lock')
  expect(release).toBeDefined()
  expect(tryLock(folder, 'lock')).toBeUndefined()
  release?.()
  expect(tryLock(folder, 'lock')).toBeDefined()
  expect(readdirSync(folder)).toEqual(['lock.2'])
})

test('an owner that is dead, or whose pid is now another process, does not hold it', () => {
  const dead = spawnSync('true').pid
  ownedBy(dead, 'whenever')
  expect(tryLock(folder, 'lock')).toBeDefined()
  rmSync(join(folder, 'lock.8'))
  ownedBy(process.ppid, 'another start')
  expect(tryLock(folder, 'lock')).toBeDefined()
})

test('another living owner holds it, and waiting ends with who that is', async () => {
  const other = spawn('sleep', ['30'])
  ownedBy(other.pid ?? 0, startOf(other.pid ?? 0))
  await expect(withLock(folder, 'lock', 30, async () => {})).rejects.toThrow(`(pid ${other.pid})`)
  other.kill('SIGKILL')
})

test('a lock file that was cut off by a crash does not hold it', () => {
  writeFileSync(join(folder, 'lock.7'), '')
  expect(tryLock(folder, 'lock')).toBeDefined()
})

test('what it protects is never done by two at once, also when it fails', async () => {
  let inside = 0
  const turn = (n: number) =>
    withLock(folder, 'lock', 20_000, async () => {
      inside += 1
      expect(inside).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      if (n % 3 === 0) throw new Error('failed inside')
      return n
    })
  const results = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => turn(n)))
  expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(8)
})

test('processes that find a stale lock at the same time take turns', async () => {
  ownedBy(spawnSync('true').pid, 'whenever')
  const journal = join(folder, 'journal')
  const module = new URL('../../dist/db/embedded/lock.js', import.meta.url).href
  const script = `
    import { appendFileSync } from 'node:fs'
    import { withLock } from '${module}'
    for (let i = 0; i < 20; i++) await withLock('${folder}', 'lock', 20000, async () => {
      appendFileSync('${journal}', '(')
      await new Promise((resolve) => setImmediate(resolve))
      appendFileSync('${journal}', ')')
    })`
  const one = () =>
    new Promise<number | null>((resolve) => {
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }).on('exit', resolve)
    })
  expect(await Promise.all([one(), one(), one()])).toEqual([0, 0, 0])
  expect(readFileSync(journal, 'utf8')).toBe('()'.repeat(60))
})
