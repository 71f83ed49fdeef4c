import { PlatformError } from '../base/errors.ts'
import { keyColumns } from '../config/key-places.ts'
import type { Project } from '../config/project.ts'
import { type KeyInput, parseKey } from '../features/define/keys.ts'
import type { AffectedKey } from '../features/erasure.ts'
import type { KeyWays } from '../lake/erase.ts'
import type { Subject } from '../lake/subject.ts'

/** Whom to look for, and by what. */
export type Target = {
  subject: Subject
  ways: KeyWays
  /** Keys of views whose values came from its rows. */
  affected: AffectedKey[]
}

export function subjectOf(project: Project, entityName: string, input: KeyInput): Subject {
  const entity = project.entities.find((e) => e.name === entityName)
  if (!entity) {
    const names = project.entities.map((e) => e.name).join(', ')
    throw new PlatformError('not_found', `there is no entity '${entityName}'; the project has ${names}`)
  }
  const { joinKeys } = entity
  return { entity: entityName, joinKeys, key: parseKey(joinKeys, input) }
}

export function waysOf(project: Project, entity: string): KeyWays {
  return {
    sources: project.sources.map((source) => source.name),
    of: (source, columns) => keyColumns(project, entity, source, columns),
  }
}
