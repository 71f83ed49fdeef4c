import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState } from 'react'
import type { ColumnsAnswer, ValuesAnswer } from '../../../src/wire/runs.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { useWords } from '../../words/words.tsx'
import { type Completion, completionAt, splitField, suggestionsFor } from './filter-completion.ts'
import './filter-box.css'

const SHOWN = 12

/** The filter, in MLflow's grammar: it offers what can stand next, and asks when Enter is pressed or the box is left. */
export function FilterBox({
  experimentId,
  value,
  fault,
  onChange,
}: {
  experimentId: string
  value: string
  fault?: string | undefined
  onChange: (filter: string) => void
}) {
  const w = useWords().experiments
  const [text, setText] = useState(value)
  const [caret, setCaret] = useState<number | null>(null)
  const [chosen, setChosen] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => setText(value), [value])
  const completion = caret === null ? undefined : completionAt(text, caret)
  const suggestions = useSuggestions(experimentId, completion)
  const shown = suggestions.slice(0, SHOWN)
  const isOpen = caret !== null && shown.length > 0

  const take = (at: number) => {
    const { from, to } = completion!
    const next = text.slice(0, from) + shown[at]!.text + text.slice(to).replace(/^ /, '')
    const place = from + shown[at]!.text.length
    setText(next)
    setChosen(-1)
    setCaret(place)
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place))
  }
  const done = () => {
    setCaret(null)
    setChosen(-1)
    if (text.trim() !== value) onChange(text.trim())
  }
  return (
    <div className="filter-box">
      <input
        ref={input}
        className="field-input filter-input"
        role="combobox"
        aria-label={w.filter}
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        placeholder={w.filterExample}
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setCaret(event.target.selectionStart)
          setChosen(-1)
        }}
        onClick={(event) => setCaret(event.currentTarget.selectionStart)}
        onFocus={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyUp={(event) => {
          if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key))
            setCaret(event.currentTarget.selectionStart)
        }}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            if (!isOpen) return
            event.preventDefault()
            const step = event.key === 'ArrowDown' ? 1 : -1
            setChosen(
              (was) => (was + step + shown.length + 1) % (shown.length + 1) || (step > 0 ? 0 : shown.length - 1),
            )
          } else if ((event.key === 'Enter' || event.key === 'Tab') && isOpen && chosen >= 0) {
            event.preventDefault()
            take(chosen)
          } else if (event.key === 'Enter') done()
          else if (event.key === 'Escape') setCaret(null)
        }}
      />
      {isOpen && (
        <div className="filter-list" id={`${id}-list`} role="listbox" aria-label={w.filterOffers}>
          {shown.map(({ text: offered, about }, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the box
            <div
              key={offered}
              id={`${id}-${at}`}
              role="option"
              aria-selected={at === chosen}
              className="filter-option"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(at)}
            >
              <code>{offered}</code>
              {about && <span className="quiet small">{w.runsWith(Number(about))}</span>}
            </div>
          ))}
        </div>
      )}
      {fault !== undefined && (
        <p className="field-error" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}

function useSuggestions(experimentId: string, completion: Completion | undefined) {
  const [kind, key] = completion?.kind === 'field' ? splitField(completion.typed) : ['', '']
  const isExtent = kind === 'min' || kind === 'max'
  const asked = isExtent ? 'metrics' : kind.replace(/^(metric|param|tag)$/, '$1s')
  const known = ['', 'metrics', 'params', 'tags'].includes(asked)
  const names = useQuery({
    queryKey: ['columns', experimentId, 'offered', asked, key],
    queryFn: ({ signal }) =>
      get<ColumnsAnswer>(
        paths.experimentColumns(experimentId, {
          ...(asked === '' ? {} : { kind: asked }),
          ...(key === '' ? { ...(asked === '' ? { recent: true } : {}) } : { contains: key }),
          limit: 30,
        }),
        signal,
      ),
    enabled: completion?.kind === 'field' && known,
    staleTime: 60_000,
    placeholderData: (was) => was,
  })
  const [fieldKind, fieldKey] = completion?.kind === 'value' ? splitField(completion.field) : ['', '']
  const column = `${fieldKind.replace(/^(param|tag)$/, '$1s') || 'attributes'}.${fieldKey}`
  const values = useQuery({
    queryKey: ['columns', experimentId, 'values', column],
    queryFn: ({ signal }) => get<ValuesAnswer>(paths.experimentValues(experimentId, { column }), signal),
    enabled:
      completion?.kind === 'value' &&
      !completion.numeric &&
      /^(params|tags)\.|^attributes\.(run_name|user_id)$/.test(column),
    staleTime: 60_000,
    retry: false,
  })
  if (!completion) return []
  // Counted among the newest runs alone, or still those of what was typed before: then nothing is said of how many.
  const isCounted = asked + key !== '' && !names.isPlaceholderData
  const columns = (names.data?.columns ?? []).map((one) => (isCounted ? one : { ...one, runs: 0 }))
  return suggestionsFor(completion, { names: columns, values: values.data?.values ?? [] })
}
