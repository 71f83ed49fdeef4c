import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import type { Ingest } from '../../src/ingest/ingest.ts'
import { createDuck } from '../../src/lake/duck.ts'
import type { Rig } from './rig.ts'

/**
 * A project with two of everything: two models, whole states and changes, roles, full names and a view on demand. A ride
 * has a driver, a rider and a person who booked it, all of one entity.
 */
export function ridesProject(name = 'rides', trees = 3): Project {
  const learner = { kind: 'random_forest', trees }
  return normalizeProject(
    {
      name,
      sources: {
        people: {
          key: 'person',
          columns: { person: 'Int64', age: 'Int64', city: 'String', score: 'Float64', member: 'Bool' },
        },
        moves: {
          kind: 'changes',
          key: 'person',
          eventTime: 'ts',
          deleted: 'gone',
          columns: { person: 'Int64', ts: 'UnixTimestamp', steps: 'Int64', gone: 'Bool' },
        },
        rides: {
          key: ['person', 'driver', 'rider'],
          columns: { person: 'Int64', driver: 'Int64', rider: 'Int64', late: 'Bool', tip: 'Bool' },
        },
      },
      entities: {
        person: { joinKeys: { person: 'Int64' } },
        ride: { joinKeys: { person: 'Int64', driver: 'Int64', rider: 'Int64' } },
      },
      featureViews: {
        profile: {
          entity: 'person',
          source: 'people',
          features: { age: 'Int64', city: 'String', score: 'Float64', member: 'Bool' },
        },
        activity: { entity: 'person', source: 'moves', features: { steps: 'Int64' } },
      },
      onDemandViews: {
        worked_out: {
          inputs: ['profile:age', 'profile:score'],
          features: { per_year: 'Float64', next_age: 'Int64' },
          compute: ({ age, score }: Record<string, unknown>) => ({
            per_year: age === null || score === null ? null : Number(score) / (1 + Number(age)),
            next_age: age === null ? null : Number(age) + 1,
          }),
        },
      },
      featureServices: {
        full: { features: ['profile', 'worked_out'], fullNames: true },
        roles: [
          { view: 'profile', as: 'driver', keys: { person: 'driver' } },
          { view: 'activity', as: 'rider', keys: { person: 'rider' } },
          'worked_out',
        ],
      },
      labels: {
        late: { entity: 'ride', source: 'rides', column: 'late' },
        tip: { entity: 'ride', source: 'rides', column: 'tip' },
      },
      models: {
        late_ride: { experiment: 'rides', features: 'full', label: 'late', learner },
        tipped_ride: { experiment: 'rides', features: 'roles', label: 'tip', learner },
      },
    },
    '/',
  )
}

/** One state of `count` people, a change of each, and a ride booked by each; a tenth of the people is not known. */
export async function deliverRides(rig: Pick<Rig, 'deliver'>, project: Project, count: number, at = '2024-01-31') {
  const source = (name: string) => project.sources.find((s) => s.name === name) as Project['sources'][number]
  await rig.deliver(source('people'), at, peopleSql(count))
  await rig.deliver(source('moves'), at, movesSql(count, at))
  await rig.deliver(source('rides'), at, ridesSql(count))
}

export function peopleSql(count: number): string {
  return `SELECT i::BIGINT AS person, (18 + i % 60)::BIGINT AS age, ['Lyon', 'Köln', 'Łódź'][1 + i % 3] AS city,
    CASE WHEN i % 7 = 0 THEN NULL ELSE (hash(i) % 1000) / 10.0 END::DOUBLE AS score, i % 2 = 0 AS member
    FROM range(${count}) t(i) WHERE i % 10 <> 9`
}

export function movesSql(count: number, at: string): string {
  return `SELECT i::BIGINT AS person, TIMESTAMPTZ '${at}T00:00:00Z' - to_minutes((i % 5000)::INTEGER) AS ts,
    (hash(i, 's') % 20000)::BIGINT AS steps, i % 11 = 0 AS gone FROM range(${count}) t(i)`
}

/** In an order that is not that of the keys. */
export function ridesSql(count: number): string {
  return `SELECT i::BIGINT AS person, ((i * 7) % ${count})::BIGINT AS driver, ((i * 13 + 1) % ${count})::BIGINT AS rider,
    hash(i % 97) % 3 = 0 AS late, (i * 7) % 2 = 0 AS tip FROM range(${count}) t(i) ORDER BY hash(i)`
}

/** The same as files have them, for a whole application. */
export async function ingestRides(ingest: Pick<Ingest, 'ingestRows'>, count: number, at = '2024-01-31') {
  const duck = await createDuck()
  const moves = `SELECT * REPLACE (strftime(ts AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS ts) FROM (${movesSql(count, at)})`
  const sources = { people: peopleSql(count), moves, rides: ridesSql(count) }
  for (const [source, sql] of Object.entries(sources)) {
    await ingest.ingestRows({ source, asOf: at, rows: await duck.rows(sql) })
  }
  duck.close()
}
