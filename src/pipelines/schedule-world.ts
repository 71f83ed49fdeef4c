import { digestOf } from '../base/hash.ts'
import { addMs } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { World } from '../flows/schedules/deps.ts'
import type { Lake } from '../lake/lake.ts'

/** What the triggers of schedules are about, asked of the lake: what was taken back since does not count. */
export function scheduleWorld({ lake, project }: { lake: Lake; project: Pick<Project, 'labels'> }): World {
  const complete: World['complete'] = async (sources, period) => {
    const newest = await Promise.all(sources.map((source) => lake.newestVersion(source, period)))
    const ids = newest.flatMap((snapshot) => (snapshot ? [snapshot.id] : []))
    return ids.length === sources.length ? digestOf(ids) : null
  }
  return {
    complete,
    async holds({ details }) {
      const [told] = await lake.recorded({ ids: [String(details.snapshot)] })
      if (!told || told.withdrawn !== null) return false
      // A correction is told by itself.
      return (await lake.newestVersion(told.source, told.validAt))?.id === told.id
    },
    async periods({ delivered, labels }, from, to) {
      const label = project.labels.find(({ name }) => name === labels)
      const sources = delivered ?? (label ? [label.source] : [])
      const [first] = sources
      if (first === undefined) return []
      const moments = (await lake.moments({ source: first, from, to })).filter((period) => period < to)
      const there = await Promise.all(moments.map((period) => complete(sources, period)))
      const horizonMs = delivered === null && label ? label.horizonMs : 0
      return moments.filter((_, i) => there[i] !== null).map((period) => ({ period, dueAt: addMs(period, horizonMs) }))
    },
  }
}
