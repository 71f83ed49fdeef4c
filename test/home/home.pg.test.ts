import { cp, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { readSettings } from '../../src/config/settings.ts'
import { connectDatabase } from '../../src/db/db.ts'
import type { Database } from '../../src/db/sql.ts'
import { adoptHome, type HomeDeps, openHome } from '../../src/home/home.ts'
import { MARK } from '../../src/home/mark.ts'
import { storesOf } from '../../src/home/stores.ts'
import { openObjectStore } from '../../src/lake/open-store.ts'
import { describeWith } from '../helpers/needs.ts'
import { testDatabase } from '../helpers/pg.ts'
import { missingS3, type S3Server, startS3 } from '../helpers/s3.ts'

const PENGUINS = { name: 'penguins', dir: '/projects/penguins' }
const BASEBALL = { name: 'baseball', dir: '/projects/baseball' }

let folder: string
let databases: { db: Database; drop(): Promise<void> }[]
let db: Database
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-home-'))
  databases = []
  db = await newDatabase()
})
afterEach(async () => {
  for (const one of databases) {
    await one.db.close()
    await one.drop()
  }
  await rm(folder, { recursive: true, force: true })
})

async function newDatabase(): Promise<Database> {
  const database = await testDatabase()
  const opened = await connectDatabase({ url: database.url, log: silentLog })
  databases.push({ db: opened, drop: database.drop })
  return opened
}

type Env = { WEIR_HOME?: string; WEIR_OBJECTS?: string; WEIR_ONLINE?: string }

/** What a process of this project with these variables would open. */
async function process(project: typeof PENGUINS, env: Env = {}, sql = db): Promise<HomeDeps> {
  const all = { WEIR_HOME: join(folder, 'home'), DATABASE_URL: sql.url, ...env }
  const settings = readSettings({ flags: {}, env: all, projectDir: folder })
  return { sql, objects: await openObjectStore(settings), project, stores: storesOf(settings) }
}
const open = async (...of: Parameters<typeof process>) => openHome(await process(...of))
const refusal = async (...of: Parameters<typeof process>): Promise<string> =>
  open(...of).then(
    () => expect.unreachable('it was not refused'),
    (error) => {
      expect(error).toMatchObject({ code: 'conflict' })
      return (error as Error).message
    },
  )

describe('deliveries 1: whose a database is', () => {
  test('a home has one id and one project; another project is refused with both names and what to do', async () => {
    const first = await open(PENGUINS)
    expect(await open(PENGUINS)).toEqual(first)
    const said = await refusal(BASEBALL)
    expect(said).toContain("belongs to the project 'penguins', and this is the project 'baseball' (/projects/baseball)")
    expect(said).toContain('WEIR_HOME or DATABASE_URL of its own')
    expect(said).toContain('weir adopt')
    // With a home of its own, too: the database is shared.
    expect(await refusal(BASEBALL, { WEIR_HOME: join(folder, 'other') })).toContain("'penguins'")
    expect(await open(PENGUINS)).toEqual(first)
  })

  test('of many that start at once on an empty database one founds the home, and those of its project agree', async () => {
    const projects = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? PENGUINS : BASEBALL))
    const deps = await Promise.all(projects.map((project) => process(project)))
    const results = await Promise.allSettled(deps.map(openHome))
    const homes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(homes).toHaveLength(4)
    expect(new Set(homes.map(({ id, project }) => `${id} ${project}`)).size).toBe(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
    }
  })

  test('a project that got a new name is adopted, and the old one is refused from then on', async () => {
    const { id } = await open(PENGUINS)
    const adopted = await adoptHome(await process(BASEBALL), { objects: false, online: false })
    expect(adopted).toEqual({
      id,
      project: 'baseball',
      changes: [{ what: 'project', from: 'penguins', to: 'baseball' }],
    })
    expect(await open(BASEBALL)).toEqual({ id, project: 'baseball' })
    expect(await refusal(PENGUINS)).toContain("belongs to the project 'baseball'")
  })
})

describe('X7: a process whose stores are not the recorded ones', () => {
  test('another folder of objects is refused, with both and what to do; the same one by another path is not', async () => {
    await open(PENGUINS)
    const elsewhere = { WEIR_HOME: join(folder, 'a worker on another host') }
    const said = await refusal(PENGUINS, elsewhere)
    expect(said).toContain('it has no weir-home.json. They were put into the folder objects of WEIR_HOME')
    await open(PENGUINS, { ...elsewhere, WEIR_OBJECTS: 'home/objects' })
    await open(PENGUINS, { ...elsewhere, WEIR_OBJECTS: join(folder, 'home/../home/objects/') })
  })

  test('a home that is moved takes its objects with it', async () => {
    const { id } = await open(PENGUINS)
    await rename(join(folder, 'home'), join(folder, 'moved'))
    expect(await open(PENGUINS, { WEIR_HOME: join(folder, 'moved') })).toMatchObject({ id })
    await rename(join(folder, 'moved/objects'), join(folder, 'objects alone'))
    expect(await open(PENGUINS, { WEIR_OBJECTS: 'objects alone' })).toMatchObject({ id })
  })

  test('another online store is refused, and no password is told or recorded', async () => {
    const redis = 'redis://user:secret-word@Localhost:6380/2'
    await open(PENGUINS, { WEIR_ONLINE: redis })
    const said = await refusal(PENGUINS)
    expect(said).toContain('are in Redis at redis://127.0.0.1:6380/2, and this process says PostgreSQL')
    expect(said).toContain('set WEIR_ONLINE=redis://127.0.0.1:6380/2, or')
    expect(said).toContain('weir adopt --online postgres')
    expect(await refusal(PENGUINS, { WEIR_ONLINE: 'redis://127.0.0.1:6380/3' })).toContain(':6380/3')
    // The same by another name and with another password.
    await open(PENGUINS, { WEIR_ONLINE: 'redis://other:password@127.0.0.1:6380/2' })
    expect(JSON.stringify(await db.query('select * from home.home'))).not.toMatch(/secret|user|password/)
    expect(said).not.toMatch(/secret|user:/)

    const moved = await adoptHome(await process(PENGUINS), { objects: false, online: true })
    expect(moved.changes).toEqual([{ what: 'online', from: 'redis://127.0.0.1:6380/2', to: 'postgres' }])
    await open(PENGUINS)
    expect(await refusal(PENGUINS, { WEIR_ONLINE: redis })).toContain('are in PostgreSQL')
  })

  test('adopt changes no store that was not named, and none that would lose objects', async () => {
    await open(PENGUINS)
    const other = await process(PENGUINS, { WEIR_OBJECTS: 'other' })
    for (const objects of [false, true]) {
      await expect(adoptHome(other, { objects, online: false })).rejects.toThrow(/no weir-home.json/)
    }
    await cp(join(folder, 'home/objects'), join(folder, 'other'), { recursive: true })
    const { changes } = await adoptHome(other, { objects: true, online: false })
    expect(changes).toEqual([{ what: 'objects', from: 'home', to: join(folder, 'other') }])
  })

  test('a store that does not answer just then keeps nobody from starting whose record says the same', async () => {
    const { id } = await open(PENGUINS)
    const deps = await process(PENGUINS)
    const away = async () => {
      throw new PlatformError('unavailable', 'the object store does not answer')
    }
    expect(await openHome({ ...deps, objects: { ...deps.objects, get: away } })).toMatchObject({ id })
  })

  test('killed between mark and record, the next start finds its own mark', async () => {
    const { id } = await open(PENGUINS)
    await db.query('update home.home set objects_marked = false')
    expect(await open(PENGUINS)).toMatchObject({ id })
    await db.query('update home.home set objects_marked = false')
    await rm(join(folder, 'home/objects', MARK))
    expect(await open(PENGUINS)).toMatchObject({ id })
    expect(JSON.parse(await readFile(join(folder, 'home/objects', MARK), 'utf8'))).toEqual({ home_id: id })
  })
})

describe('X5: two databases and one object store', () => {
  test('an object store belongs to one home: another is refused, and writes nothing', async () => {
    const { id } = await open(PENGUINS)
    const second = await newDatabase()
    const said = await refusal(PENGUINS, {}, second)
    expect(said).toContain(`belongs to another home (${id};`)
    expect(said).toContain('a folder or prefix of its own')
    expect(await readdir(join(folder, 'home/objects'))).toEqual(['.scratch', MARK])
    // It is told the same again, and works with a store of its own.
    await refusal(PENGUINS, {}, second)
    const { id: other } = await open(PENGUINS, { WEIR_OBJECTS: 'own' }, second)
    expect(other).not.toBe(id)
    await open(PENGUINS)
  })

  test('a store whose home is gone is taken over on purpose; the home before is refused then', async () => {
    await open(PENGUINS)
    const second = await newDatabase()
    await refusal(PENGUINS, {}, second)
    const adopted = await adoptHome(await process(PENGUINS, {}, second), { objects: true, online: false })
    expect(await open(PENGUINS, {}, second)).toMatchObject({ id: adopted.id })
    expect(await refusal(PENGUINS)).toContain(`belongs to another home (${adopted.id};`)
  })
})

describeWith('in S3', missingS3(), () => {
  const known = { ...globalThis.process.env }
  let s3: S3Server
  beforeAll(async () => {
    s3 = await startS3()
    Object.assign(globalThis.process.env, s3.env)
  })
  afterAll(async () => {
    globalThis.process.env = known
    await s3.stop()
  })

  test('X7: bucket and prefix are recorded; a worker that has not heard of them is refused', async () => {
    const bucket = await s3.newBucket()
    const { id } = await open(PENGUINS, { WEIR_OBJECTS: `s3://${bucket}/weir/` })
    expect(await open(PENGUINS, { WEIR_OBJECTS: `s3://${bucket}/weir` })).toMatchObject({ id })
    const said = await refusal(PENGUINS)
    expect(said).toContain(`are in s3://${bucket}/weir, and this process says the folder objects of WEIR_HOME`)
    expect(said).toContain(`set WEIR_OBJECTS=s3://${bucket}/weir, or`)
    expect(await refusal(PENGUINS, { WEIR_OBJECTS: `s3://${bucket}/else` })).toContain(`s3://${bucket}/else`)
  })

  test('X5: two databases that start at once on one prefix: one has it', async () => {
    const env = { WEIR_OBJECTS: `s3://${await s3.newBucket()}/weir` }
    const sqls = [db, await newDatabase(), await newDatabase()]
    const deps = await Promise.all(sqls.map((sql) => process(PENGUINS, env, sql)))
    const results = await Promise.allSettled(deps.map(openHome))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason.message).toContain('belongs to another home')
    }
  })
})
