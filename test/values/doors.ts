import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { instantOfMs } from '../../src/base/instant.ts'
import type { Source } from '../../src/config/project.ts'
import { USUAL_FORMAT } from '../../src/config/usual-format.ts'
import type { ServiceDefinition } from '../../src/features/define/definitions.ts'
import { ENTITY_ROWS, readEntityFile } from '../../src/features/define/entity-rows.ts'
import { parseKey } from '../../src/features/define/keys.ts'
import { literal } from '../../src/features/define/quote.ts'
import { plainInDuck } from '../../src/features/define/value-types.ts'
import { writeEntityRows } from '../../src/features/offline/program-rows.ts'
import { readPush } from '../../src/features/online/read-frame.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { readJsonValue } from '../../src/values/json.ts'
import { isNoValue, valueText } from '../../src/values/text.ts'
import type { Value, ValueType } from '../../src/values/values.ts'
import { parseExactJson } from '../../src/wire/exact-json.ts'
import { valuesOfRows } from '../../src/wire/invocations.ts'
import { loadOne } from '../helpers/load-one.ts'

/** What a door makes of a value: its text, or undefined where it refuses. */
export type Door = (type: ValueType, given: string) => Promise<string | undefined>

export const NOW = Date.UTC(2026, 10, 26)

/** Every way in, each as the product calls it. `close` when done. */
export async function openDoors() {
  const duck = await createDuck()
  const dir = await mkdtemp(join(tmpdir(), 'weir-doors-'))
  let files = 0
  const path = (ending: string) => join(dir, `${files++}.${ending}`)

  async function csv(given: string): Promise<string> {
    const file = path('csv')
    await writeFile(file, `at,k\n2024-01-31,"${given.replaceAll('"', '""')}"\n`)
    return file
  }
  /** `sql` gives the value of the one row. */
  async function parquet(sql: string): Promise<string> {
    const file = path('parquet')
    await duck.run(
      `COPY (SELECT TIMESTAMPTZ '2024-01-31T00:00:00Z' AS at, ${sql} AS k) TO ${literal(file)} (FORMAT parquet)`,
    )
    return file
  }

  async function delivery(type: ValueType, file: string): Promise<string | undefined> {
    return duck.session(async (session) => {
      const table = await loadOne(session, {
        source: sourceOf(type),
        path: file,
        header: ['at', 'k'],
        name: 'delivered',
        until: '9999-12-31T00:00:00.000000Z',
      })
      const i = table.columns.find((c) => c.name === 'k')?.index
      const [row] = await session.rows<{ value: Value; none: boolean }>(
        `SELECT ${plainInDuck(`t${i}`, type)} AS value, ${isNoValue(type, `r${i}`, `t${i}`)} AS none FROM delivered`,
      )
      return row?.none === false ? told(row.value) : undefined
    })
  }

  async function entityFile(type: ValueType, file: string): Promise<string | undefined> {
    return refusedAsUndefined(() =>
      duck.session(async (session) => {
        await readEntityFile(session, serviceOf(type), file, 'at')
        const [row] = await session.rows<{ value: Value }>(
          `SELECT ${plainInDuck('k0', type)} AS value FROM ${ENTITY_ROWS}`,
        )
        return told(row?.value ?? null)
      }),
    )
  }

  /** `json` is a JSON text, as a body or the rows of a program have it. */
  const ofJson = {
    'rows of a program': async (type: ValueType, json: string) =>
      refusedAsUndefined(async () => {
        const rows = [{ at: '2024-01-31', k: parseExactJson(json) }]
        const scratch = await mkdtemp(join(dir, 'rows-'))
        const given = { service: serviceOf(type), rows, scratch, timestamp: 'at' }
        return entityFile(type, await writeEntityRows(duck, given))
      }),
    'push and write': async (type: ValueType, json: string) =>
      refusedAsUndefined(async () => {
        const frame = { at: ['2024-01-31'], k: [parseExactJson(json)] }
        return told(readPush(manualClock(NOW), sourceOf(type), frame, instantOfMs(NOW)).get('k')?.[0] ?? null)
      }),
    invocations: async (type: ValueType, json: string) =>
      refusedAsUndefined(async () => {
        const k = parseExactJson(json)
        // By the signature of the model a number of days is the age of a date; test/wire has that.
        const isAge = (type === 'Date' || type === 'UnixTimestamp') && typeof k === 'number' && Math.abs(k) <= 1e6
        const value = isAge ? readJsonValue(type, k) : valuesOfRows([{ k }], [{ name: 'k', type }])[0]?.[0]
        return value === undefined ? undefined : told(value)
      }),
    keys: async (type: ValueType, json: string) =>
      refusedAsUndefined(async () => parseKey([{ name: 'k', type }], { k: parseExactJson(json) })[0]),
  } satisfies Record<string, Door>

  return {
    duck,
    ofText: {
      'delivery CSV': async (type, text) => delivery(type, await csv(text)),
      'delivery Parquet': async (type, text) => delivery(type, await parquet(literal(text))),
      'entity rows CSV': async (type, text) => entityFile(type, await csv(text)),
      'entity rows Parquet': async (type, text) => entityFile(type, await parquet(literal(text))),
      ...Object.fromEntries(
        Object.entries(ofJson).map(([name, door]): [string, Door] => [
          name,
          (type, text) => door(type, JSON.stringify(text)),
        ]),
      ),
    } as Record<string, Door>,
    ofJson: ofJson as Record<string, Door>,
    ofParquet: {
      'delivery Parquet': async (type, sql) => delivery(type, await parquet(sql)),
      'entity rows Parquet': async (type, sql) => entityFile(type, await parquet(sql)),
    } as Record<string, Door>,
    async close() {
      duck.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function sourceOf(type: ValueType): Source {
  return {
    name: 's',
    kind: 'changes',
    file: 's.csv',
    anyFile: true,
    format: USUAL_FORMAT,
    postgres: null,
    key: ['k'],
    columns: [
      { name: 'at', type: 'UnixTimestamp', checks: [] },
      { name: 'k', type, checks: [] },
    ],
    checks: [],
    publishDelayMs: 0,
    eventTime: 'at',
    timeZone: null,
    availableAt: null,
    deleted: null,
  } as Source
}

function serviceOf(type: ValueType): ServiceDefinition {
  return { name: 's', keys: [{ name: 'k', type }], request: [], views: [], stored: [], onDemand: [], features: [] }
}

function told(value: Value): string | undefined {
  return value === null ? undefined : valueText(value)
}

async function refusedAsUndefined(read: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'invalid_argument') return undefined
    throw error
  }
}
