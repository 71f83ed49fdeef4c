import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { WEIR } from '../../processes.ts'
import { BOOSTED, type Stage } from './stage.ts'

const PROJECT = fileURLToPath(new URL('./project', import.meta.url))

/** A second version of the boosted model, trained as the first one was. */
export async function trainSecond(stage: Stage): Promise<void> {
  const [row] = await stage.db.query<{ as_of: string }>('select min(valid_at)::date::text as as_of from lake.snapshot')
  const [versions] = await stage.db.query<{ n: number }>(
    'select count(*)::integer as n from registry.version where name = $1',
    [BOOSTED],
  )
  if ((versions?.n ?? 0) > 1) return
  const args = ['train', BOOSTED, '--as-of', row!.as_of, '--json', '--project', PROJECT, '--home', stage.home]
  execFileSync(process.execPath, [WEIR, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Asks one of our routes; what is refused ends the benchmark. */
export async function ask<T>(method: string, url: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
