import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openPlace } from '../e2e/weir.ts'
import { copyDatabase, emptyDatabase, namedDatabase, testServer } from '../helpers/pg.ts'
import { freePort } from '../helpers/programs.ts'
import { realMonths } from '../helpers/real-data.ts'

/**
 * A home in which the demo was done, with the real months where they are. It is made once in a run of vitest, by the file
 * that needs it first; each file gets a copy. Its folder goes when the run ends (`console-setup.ts`).
 */
const RUN = `t_${process.ppid}_console`
export const folderOf = (run: number) => join(tmpdir(), `weir-console-${run}`)
const FOLDER = folderOf(process.ppid)

/** Any number, the same for all files. */
const LOCK = 7_311_095

export type Console = Awaited<ReturnType<typeof openConsole>>

/**
 * A server of the built command line with a home of its own, on a port that it keeps when it is started again. `demo` has
 * what the demo made, `empty` nothing at all. `configure` changes the text of its weir.config.ts before.
 */
export async function openConsole(
  what: 'demo' | 'empty',
  env: Record<string, string> = {},
  configure?: (text: string) => string,
) {
  const template = what === 'demo' ? await demoDone() : undefined
  const database = template === undefined ? await emptyDatabase() : await copyDatabase(template)
  const place = await openPlace({ DATABASE_URL: database.url, ...env })
  if (template !== undefined) await cp(join(FOLDER, 'home'), join(place.dir, 'home'), { recursive: true })
  const project = await place.project()
  if (configure !== undefined) {
    const file = join(project, 'weir.config.ts')
    await writeFile(file, configure(await readFile(file, 'utf8')))
  }
  const port = await freePort()
  const start = async () => {
    const server = place.start('up', '--port', String(port), '--project', project)
    await server.says(/Ctrl-C ends it/)
    return server
  }
  return {
    url: `http://127.0.0.1:${port}`,
    place,
    project,
    server: await start(),
    /** Again, on the same port. */
    start,
    async end() {
      await place.end()
      await database.drop()
    },
  }
}

async function demoDone(): Promise<string> {
  const admin = new pg.Client({ connectionString: (await testServer()).adminUrl('postgres') })
  await admin.connect()
  try {
    await admin.query('select pg_advisory_lock($1)', [LOCK])
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [RUN])
    const url = (await testServer()).url(RUN)
    if (rowCount === 0) await doTheDemo()
    return url
  } finally {
    await admin.end()
  }
}

async function doTheDemo(): Promise<void> {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  const making = await namedDatabase(`${RUN}_making`)
  const place = await openPlace({ DATABASE_URL: making.url })
  const project = ['--project', await place.project()]
  const months = realMonths()
  await place.run('demo', '--no-serve', ...project, ...(months === undefined ? [] : ['--data', months]))
  await place.run('train', 'streamflow_churn', '--as-of', '2024-02-29', ...project)
  await cp(join(place.dir, 'home'), join(FOLDER, 'home'), { recursive: true })
  await place.end()
  await making.rename(RUN)
}
