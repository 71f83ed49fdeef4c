import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TimeKind } from '../../../src/wire/time.ts'
import { Combo, Select } from '../../ui/choices.tsx'
import { Switch } from '../../ui/fields.tsx'
import { useWords } from '../../words/words.tsx'
import { sourcesQuery } from '../data/queries.ts'
import { keysQuery, viewsQuery } from './queries.ts'
import type { TimeSearch } from './search.ts'
import { namesOf } from './setting.ts'

const KINDS: TimeKind[] = ['sources', 'feature-views', 'entities', 'models']

/** What is looked at. Another thing has other moments, so the sliders begin anew; the key stays where it can. */
export function SubjectBar({
  kind,
  name,
  search,
  onChange,
}: {
  kind: TimeKind
  name: string | undefined
  search: TimeSearch
  onChange: (search: TimeSearch) => void
}) {
  const w = useWords().time
  const views = useQuery(viewsQuery).data?.feature_views ?? []
  const sources = useQuery(sourcesQuery).data?.sources ?? []
  const names = namesOf(kind, views, sources)
  const entity = kind === 'entities' ? name : views.find((view) => view.name === name)?.entity
  return (
    <div className="time-subject">
      <Select
        label={w.kind}
        options={KINDS.map((id) => ({ id, name: w.kinds[id] }))}
        value={kind}
        onChange={(id) => {
          const next = id as TimeKind
          onChange({ kind: next, name: namesOf(next, views, sources)[0], mode: search.mode })
        }}
      />
      <Select
        label={w.name}
        options={names.map((one) => ({ id: one, name: one }))}
        value={name ?? null}
        onChange={(next) =>
          onChange({ kind, name: next, mode: search.mode, ...(kind === 'entities' ? {} : { key: search.key }) })
        }
      />
      <KeyField
        key={`${kind} ${name}`}
        entity={entity ?? undefined}
        chosen={search.key}
        label={kind === 'entities' ? w.key : w.keyOnly}
        onChoose={(key) => onChange({ ...search, kind, name, key, skip: undefined })}
      />
      <div className="time-mode">
        <Switch
          isSelected={search.mode === 'served'}
          onChange={(on) => onChange({ ...search, kind, name, mode: on ? 'served' : undefined, skip: undefined })}
        >
          {w.served}
        </Switch>
        <span className="quiet small">{w.servedWhat}</span>
      </div>
    </div>
  )
}

/** Keys by how they begin, where it is known whose they are; else what is typed is the key. */
function KeyField({
  entity,
  chosen,
  label,
  onChoose,
}: {
  entity: string | undefined
  chosen: string | undefined
  label: string
  onChoose: (key: string | undefined) => void
}) {
  const w = useWords().time
  const [typed, setTyped] = useState(chosen ?? '')
  const keys = useQuery({ ...keysQuery(entity ?? '', typed), enabled: entity !== undefined })
  const found = keys.data?.keys ?? []
  const type = (text: string) => {
    setTyped(text)
    if (text === '') onChoose(undefined)
    // A key that is typed to its end is chosen, too.
    else if (found.some((key) => key.text === text) || entity === undefined) onChoose(text)
  }
  return (
    <Combo
      label={label}
      options={found.map((key) => ({ id: key.text, name: key.text }))}
      value={typed}
      free
      placeholder={w.keyPlaceholder}
      onType={type}
      onChange={(key) => {
        setTyped(key)
        onChoose(key)
      }}
    />
  )
}
