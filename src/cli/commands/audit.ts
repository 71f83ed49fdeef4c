import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant } from '../../base/instant.ts'
import { createTrail, type Entry, type Head, parseAt, parseHead, type Trail } from '../../identity/trail.ts'
import { type CommonOptions, common, countOption } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & {
  model?: string
  actor?: string
  action?: string
  at?: string
  verify?: boolean
  head?: string
  limit: number
}

export function define(command: Command): void {
  command
    .option('--model <name>', 'only what is about this registered model, also one that was deleted')
    .option('--actor <name>', 'only what this user or token did')
    .option('--action <name>', 'only this action, such as model.stage')
    .option('--at <time>', 'what was live at a moment: each stage and alias, and who put it there')
    .option('--verify', 'look for a row that was changed, is missing, was put in or cut off')
    .option('--head <n:hash>', 'with --verify: a point that somebody noted')
    .option('--limit <n>', 'the newest n', countOption, 50)
  common(command, 'audit --model streamflow_churn --at 2024-03-01').action((options: Options) =>
    withApp(options, async ({ db, objects }, { out }) => {
      const trail = createTrail({ sql: db, notes: objects })
      const { at, verify, head } = options
      if (verify) return verified(trail, head === undefined ? [] : [parseHead(head)], out)
      if (head !== undefined) throw new PlatformError('invalid_argument', '--head belongs to --verify')
      if (at !== undefined) return liveAt(trail, at, options.model, out)
      return listed(trail, options, out)
    }),
  )
}

async function listed(trail: Trail, { model, actor, action, limit }: Options, out: Output): Promise<void> {
  const entries = (await trail.entries({ model, actor, action, limit, before: null })).slice(0, limit)
  out.document(entries)
  if (entries.length === 0) return out.line('nothing is in the trail')
  out.table(
    ['#', 'when', 'who', 'from', 'what', 'on', 'from → to', 'why'],
    entries.map((entry) => [
      entry.seq,
      displayInstant(entry.at),
      entry.actor,
      entry.origin,
      entry.action,
      entry.onName,
      changeOf(entry),
      entry.whyErased ? '(erased)' : entry.why,
    ]),
  )
}

const CHARS_MAX = 60

function changeOf({ from, to }: Entry): string {
  const text = (value: Entry['from']) => (value === null ? '–' : Object.values(value).map(shown).join(' '))
  return `${text(from)} → ${text(to)}`.slice(0, CHARS_MAX)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function liveAt(trail: Trail, text: string, model: string | undefined, out: Output): Promise<void> {
  const at = parseAt(text)
  const { standing, begins } = await trail.liveAt(at, model)
  out.document({ at, trailBegins: begins, standing })
  if (begins === null || at < begins) {
    out.progress('the trail begins later: what is said of then was taken over from the history of the registry')
  }
  if (standing.length === 0) {
    return out.line(
      `nothing had a stage or an alias${model === undefined ? '' : ` of ${model}`} at ${displayInstant(at)}`,
    )
  }
  out.table(
    ['model', 'stage or alias', 'version', 'since', 'by', 'why', ''],
    standing.map((s) => [
      s.model,
      s.kind === 'stage' ? s.place : `@${s.place}`,
      s.version,
      displayInstant(s.since),
      s.by,
      s.why,
      s.deletedAt !== null
        ? `deleted ${displayInstant(s.deletedAt)}`
        : s.renamedTo === null
          ? ''
          : `now ${s.renamedTo}`,
    ]),
  )
}

async function verified(trail: Trail, seen: readonly Head[], out: Output): Promise<void> {
  const verdict = await trail.verify(seen)
  const { rows, head, noted, reasonsErased, faults } = verdict
  out.document({ whole: faults.length === 0, ...verdict })
  if (faults.length > 0) {
    for (const { what } of faults) out.line(what)
    const says = `the trail is not whole: ${faults[0]?.what}`
    throw new PlatformError('corrupt', says, { details: { faults } })
  }
  const erased = reasonsErased === 0 ? '' : `; ${reasonsErased} reasons were taken out by erasures`
  out.line(`the trail is whole: ${rows} rows, compared with ${noted + seen.length} points noted elsewhere${erased}`)
  if (rows > 0) out.line(`it ends with ${head.seq}:${head.hash}`)
}
