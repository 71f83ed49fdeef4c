import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import type { Place } from '../../erasure/erasure.ts'
import type { Erased } from '../../pipelines/erase.ts'
import { parseExactJson } from '../../wire/exact-json.ts'
import { formatMs, formatNumber, shortDigest } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'

type Options = CommonOptions & { reason?: string; why?: string; yes?: boolean; find?: boolean; lift?: boolean }

export function define(command: Command): void {
  command
    .argument('<entity>', 'an entity of the project')
    .argument('<key>', 'its key; with several join keys a JSON object')
    .option('--reason <text>', 'why, for the record (also --why)')
    .option('--why <text>', 'the same')
    .option('--yes', 'do it: it cannot be taken back')
    .option('--find', 'only tell where it is')
    .option('--lift', 'let its rows come in again from now on')
  common(command, "forget user 7590-VHVEG --reason 'asked to, ticket 4711' --yes").action(
    (entity: string, key: string, options: Options) =>
      withApp(options, async (app, { out }) => {
        const whose = { entity, key: keyOf(app, entity, key) }
        if (options.find) return printFound(await app.erasure.find(entity, whose.key), out)
        const wish = { ...whose, actor: userInfo().username, reason: reasonOf(options) }
        if (options.lift) return lift(app, wish, out)
        if (!options.yes) {
          const says = `this takes every row of this ${entity} out of Weir for good; add --yes to do it`
          throw new PlatformError('invalid_argument', says)
        }
        const onStep = (step: { name: string; ms: number }) => out.progress(`${step.name}: ${formatMs(step.ms)}`)
        const done = await app.erase(wish, { onStep, onProgress: out.onProgress })
        out.document(done)
        printErased(done, out)
      }),
  )
}

function reasonOf({ reason, why }: Options): string {
  const text = (reason ?? why ?? '').trim()
  if (text !== '') return text
  throw new PlatformError('invalid_argument', 'say why, for the record: --reason TEXT')
}

async function lift(app: App, wish: Parameters<App['erasure']['lift']>[0], out: Output): Promise<void> {
  await app.erasure.lift(wish)
  out.document({ lifted: true })
  out.line('Lifted: deliveries and pushes from now on bring its rows in again. What was erased stays gone.')
}

function printFound(places: readonly Place[], out: Output): void {
  out.document(places)
  if (places.length === 0) out.line('nowhere')
  else printPlaces(places, out)
}

function printErased(done: Erased, out: Output): void {
  const rows = done.places.filter((p) => p.room === 'lake').reduce((sum, p) => sum + p.count, 0)
  out.line(
    `Request ${done.request} is done: ${formatNumber(rows)} rows and files of the lake, ${done.places.length} places.`,
  )
  printPlaces(done.places, out)
  for (const host of done.hosts) {
    const state = host.confirmed ? 'has dropped its copies' : 'drops its copies when Weir next starts there'
    out.line(`host ${host.host} (${host.folder}, seen ${host.seenAt.slice(0, 10)}): ${state}`)
  }
  for (const page of done.pages.filter((p) => p.fault !== null)) {
    out.line(
      `table ${page.table} could not be written anew (${page.fault}): deleted rows stay in its pages until VACUUM FULL`,
    )
  }
  if (done.wal) out.line(`PostgreSQL: ${done.wal.says}.`)
  out.line('Rows that come in from now on are left out, until: weir forget ENTITY KEY --lift --why TEXT')
  out.line(`Not looked into: ${done.outside.join('; ')}.`)
}

function printPlaces(places: readonly Place[], out: Output): void {
  out.table(
    ['room', 'where', 'rows', 'digest before', 'digest now'],
    places.map((p) => [p.room, p.where, p.count, shortDigest(p.before ?? ''), shortDigest(p.after ?? '')]),
  )
}

/** With one join key the text is the key, whatever its characters. */
function keyOf(app: App, entity: string, text: string): string | Record<string, unknown> {
  const joinKeys = app.project.entities.find((e) => e.name === entity)?.joinKeys ?? []
  if (joinKeys.length < 2) return text
  try {
    return parseExactJson(text) as Record<string, unknown>
  } catch {
    const names = joinKeys.map((key) => key.name).join(', ')
    throw new PlatformError(
      'invalid_argument',
      `the key of ${entity} has several parts; write a JSON object with ${names}`,
    )
  }
}
