import { PlatformError } from '../base/errors.ts'
import type { HomeRow } from './queries.ts'
import type { Stores } from './stores.ts'

export function otherProject(
  { homeId, project: owner }: HomeRow,
  project: { name: string; dir: string },
  { database }: Stores,
): PlatformError {
  return new PlatformError(
    'conflict',
    `${database} belongs to the project '${owner}', and this is the project '${project.name}' (${project.dir}); give it a WEIR_HOME or DATABASE_URL of its own, or, where it is the same project by a new name, run: weir adopt`,
    { details: { home: homeId, belongs_to: owner, project: project.name } },
  )
}

const NAMES = {
  objects: { what: 'snapshots and artifacts', setting: 'WEIR_OBJECTS', flag: '--objects' },
  online: { what: 'live features', setting: 'WEIR_ONLINE', flag: '--online' },
}

export function otherStore(kind: 'objects' | 'online', found: HomeRow, stores: Stores): PlatformError {
  const { what, setting, flag } = NAMES[kind]
  const [recorded, here] = [placeOf(found[kind]), placeOf(stores[kind])]
  return new PlatformError(
    'conflict',
    `the ${what} of ${stores.database} are in ${recorded}, and this process says ${here}; set ${setting}=${settingOf(found[kind])}, or, where they were moved on purpose, run: weir adopt ${flag} ${settingOf(stores[kind])}`,
    { details: { home: found.homeId, recorded: found[kind], here: stores[kind] } },
  )
}

/** A folder or bucket that says nothing: most likely an empty one. */
export function unmarked(found: HomeRow, stores: Stores): PlatformError {
  return new PlatformError(
    'conflict',
    `the snapshots and artifacts of ${stores.database} are not in ${placeOf(stores.objects)}: it has no weir-home.json. They were put into ${placeOf(found.objects)}; set WEIR_OBJECTS to where they are, and where they are to be moved copy all of them there first, weir-home.json too`,
    { details: { home: found.homeId, recorded: found.objects, here: stores.objects } },
  )
}

export function storeOfOther(found: HomeRow, stores: Stores, owner: string): PlatformError {
  return new PlatformError(
    'conflict',
    `${placeOf(stores.objects)} belongs to another home (${owner}; ${stores.database} is home ${found.homeId}): each would delete what the other reads. Give WEIR_OBJECTS a folder or prefix of its own, or, where that home is gone, run: weir adopt --objects ${settingOf(stores.objects)}`,
    { details: { home: found.homeId, belongs_to: owner, here: stores.objects } },
  )
}

function placeOf(text: string): string {
  if (text === 'home') return 'the folder objects of WEIR_HOME'
  if (text === 'postgres') return 'PostgreSQL'
  if (text.startsWith('redis://')) return `Redis at ${text}`
  return text.startsWith('s3://') ? text : `the folder ${text}`
}

/** What a setting says to mean it. */
function settingOf(text: string): string {
  return text === 'home' ? '$WEIR_HOME/objects' : text
}
