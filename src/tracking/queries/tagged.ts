import type { Sql } from '../../db/sql.ts'

export type TaggedRun = { runId: string; artifactUri: string; value: string }

/** Runs that have a tag, deleted ones too. */
export async function selectTagged(sql: Sql, key: string): Promise<TaggedRun[]> {
  return sql.query<TaggedRun>(
    `select r.run_id as "runId", r.artifact_uri as "artifactUri", t.value
     from tracking.tag t join tracking.run r using (run_id) where t.key = $1 order by r.run_id`,
    [key],
  )
}
