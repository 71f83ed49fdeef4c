import type { ReactNode } from 'react'
import type { GroupsAnswer } from '../../../src/wire/runs.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { numberText } from '../../ui/format.ts'
import { useWords } from '../../words/words.tsx'
import { fieldText, valueText } from './filter-completion.ts'
import type { List } from './use-rows.ts'

export function groupsQuery(experimentId: string, list: List, group: string) {
  const body = {
    experiment_ids: list.experiment_ids,
    group_by: group,
    columns: list.columns.filter((column) => /^(metrics|min|max)\./.test(column)),
    ...(list.filter ? { filter: list.filter } : {}),
    ...(list.stage ? { stage: list.stage } : {}),
  }
  return {
    queryKey: ['runs', experimentId, 'groups', body],
    queryFn: ({ signal }: { signal: AbortSignal }) => send<GroupsAnswer>('POST', paths.runsGroups(), body, signal),
    placeholderData: (was: GroupsAnswer | undefined) => was,
  }
}

/** The filter that finds the runs of one group. */
export function groupFilter(filter: string | undefined, group: string, value: string | null): string {
  const field = fieldText(group.slice(0, group.indexOf('.')), group.slice(group.indexOf('.') + 1))
  const own = value === null ? `${field} IS NULL` : `${field} = ${valueText(value)}`
  return filter ? `${filter} AND ${own}` : own
}

export function GroupLead({
  group: { value, runs },
  isOpen,
  onOpen,
}: {
  group: GroupsAnswer['groups'][number]
  isOpen: boolean
  onOpen: () => void
}) {
  const w = useWords().experiments
  const name = value ?? w.noValue
  return (
    <>
      <button
        type="button"
        className="rgrid-open"
        aria-expanded={isOpen}
        aria-label={isOpen ? w.close(name) : w.open(name)}
        onClick={onOpen}
      >
        {isOpen ? '▾' : '▸'}
      </button>
      <span className="rgrid-name" title={name}>
        {name}
      </span>
      <span className="quiet small">{w.runsWith(runs)}</span>
    </>
  )
}

/** The mean over the runs of a group; the least and the greatest show on hover. */
export function groupCell(answer: GroupsAnswer, at: number, column: string, language: string): ReactNode {
  const told = answer.columns.find((one) => one.column === column)
  const mean = told?.mean[at]
  if (told === undefined || mean === null || mean === undefined) return null
  const text = (value: unknown) => (typeof value === 'number' ? numberText(value, language) : String(value))
  return (
    <span title={`${text(told.least[at])} … ${text(told.greatest[at])}`}>
      <span className="quiet">⌀ </span>
      {text(mean)}
    </span>
  )
}
